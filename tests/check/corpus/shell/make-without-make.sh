#!/bin/bash
cd /usr/src/mytool
make
