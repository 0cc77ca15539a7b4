#!/bin/bash
curl -sL https://example.com/k9s.tar.gz | tar xz -C /usr/local/bin
k9s version
