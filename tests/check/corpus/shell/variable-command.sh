#!/bin/bash
TOOL=unzip
$TOOL -l /tmp/a.zip
