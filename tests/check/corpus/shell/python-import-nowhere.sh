#!/bin/bash
python3 <<'PY'
import os, sys
import pandas as pd
print(pd.__version__)
PY
