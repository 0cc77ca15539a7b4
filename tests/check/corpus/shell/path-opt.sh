#!/bin/bash
curl -fsSL https://example.com/go.tar.gz | tar -C /usr/local -xz
export PATH=$PATH:/usr/local/go/bin
go version
