#!/bin/bash
env -S "LANG=C tree /etc"
