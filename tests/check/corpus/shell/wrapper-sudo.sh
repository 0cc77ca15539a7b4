#!/bin/bash
sudo -E iostat -x 1 3
