#!/bin/bash
command -v terraform >/dev/null || { echo "terraform is required" >&2; exit 1; }
terraform apply
