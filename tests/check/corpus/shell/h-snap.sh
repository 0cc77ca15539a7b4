#!/bin/bash
sudo snap install core; sudo snap refresh core
