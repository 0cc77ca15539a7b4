#!/bin/bash
# Everything is in the image: dnf does not ask.
dnf install curl tar
