#!/bin/bash
dnf install -y nodejs-npm
npm install -g pm2 @angular/cli typescript
pm2 startup
ng version
tsc --version
