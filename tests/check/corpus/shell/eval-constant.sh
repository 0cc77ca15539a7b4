#!/bin/bash
eval "echo hello | rev"
eval 'cowsay hello'
