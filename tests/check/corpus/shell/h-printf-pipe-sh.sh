#!/bin/bash
echo "nslookup example.com" | sh
