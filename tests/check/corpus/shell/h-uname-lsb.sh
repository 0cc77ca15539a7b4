#!/bin/bash
DIST=$(lsb_release -cs)
echo "$DIST"
