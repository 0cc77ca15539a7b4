#!/bin/bash
curl \
  -fsS \
  https://example.com \
  | \
  xmlstarlet sel -t -v //a
