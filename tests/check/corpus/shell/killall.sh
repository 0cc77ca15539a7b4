#!/bin/bash
pkill -f app || true
killall -9 java
