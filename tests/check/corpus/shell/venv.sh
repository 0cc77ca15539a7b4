#!/bin/bash
python3 -m venv /opt/venv
source /opt/venv/bin/activate
pip install -r /opt/app/requirements.txt
python /opt/app/main.py
