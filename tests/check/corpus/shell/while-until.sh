#!/bin/bash
n=0
until curl -sf http://127.0.0.1:8080/health; do
    ((n++ > 30)) && exit 1
    sleep 2
done
while ! nc -z 127.0.0.1 5432; do sleep 1; done
