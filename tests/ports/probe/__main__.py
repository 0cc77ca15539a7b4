"""Tries to get out of a sandbox, in every way a program can: one function for each, true when it got out.

Standard library only; runs as `python probe FACTS`, given this folder, and prints {name: "got it" | why not} as JSON.
FACTS is JSON: what was planted outside. Nothing here does harm where it succeeds: what could is only opened, or asked
with arguments that no kernel accepts once it has decided that the caller may.
"""

import json
from importlib import import_module

from attempt import PROBES, attempt

for kind in ("network", "secret", "device", "process", "kernel"):
    import_module(kind)  # which registers its probes
print(json.dumps({name: attempt(function) for name, function in PROBES.items()}))
