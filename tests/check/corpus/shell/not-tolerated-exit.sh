#!/bin/bash
rsync -a /src/ /dst/ || exit 1
