"""`python -m boatyard`."""

import sys

from boatyard.cli.main import main

sys.exit(main())
