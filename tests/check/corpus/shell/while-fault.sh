#!/bin/bash
until pg_isready -h 127.0.0.1; do sleep 1; done
