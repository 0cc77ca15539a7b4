#!/bin/bash
eval "$(/opt/pyenv/bin/pyenv init -)"
pyenv versions
