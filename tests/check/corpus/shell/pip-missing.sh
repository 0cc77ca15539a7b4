#!/bin/bash
pip3 install requests
