"""`python3 -m boatyard_installer`, which the command boatyard-install runs."""

from __future__ import annotations

import sys

from boatyard_installer.cli import main

sys.exit(main(sys.argv[1:]))
