"""`python -m boatyard`."""

import signal
import sys

interrupt = signal.getsignal(signal.SIGINT)
if interrupt is signal.default_int_handler:
    # Until `main` takes over, an interrupt ends the process without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from boatyard.cli.main import main  # noqa: E402

signal.signal(signal.SIGINT, interrupt)
sys.exit(main())
