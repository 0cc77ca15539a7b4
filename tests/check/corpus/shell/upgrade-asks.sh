#!/bin/bash
sudo dnf upgrade --refresh
