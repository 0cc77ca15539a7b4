#!/bin/bash
python3 - <<'PY'
try:
    import simplejson as json
except ImportError:
    import json
import math, time, asyncio, xml.etree, ctypes
import yaml, jinja2
print(json.dumps({"a": math.pi}))
PY
