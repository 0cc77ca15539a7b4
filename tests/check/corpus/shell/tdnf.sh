#!/bin/bash
tdnf install -y jq
