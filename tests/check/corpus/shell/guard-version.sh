#!/bin/bash
if ! node --version >/dev/null 2>&1; then
    dnf install -y nodejs-npm
fi
node -e 'console.log(1)'
npm --version
