#!/bin/bash
journalctl -b | ts '%F' | tail -1
