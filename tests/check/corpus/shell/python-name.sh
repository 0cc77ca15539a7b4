#!/bin/bash
python -c 'print("hello")'
