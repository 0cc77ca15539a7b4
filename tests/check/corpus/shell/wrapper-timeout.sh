#!/bin/bash
timeout --kill-after=5 60 iperf3 -c 10.0.0.5
