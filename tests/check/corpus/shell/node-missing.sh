#!/bin/bash
cd /opt/web && npm ci
