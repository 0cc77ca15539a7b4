#!/bin/bash
python3 -m pip install --upgrade requests
