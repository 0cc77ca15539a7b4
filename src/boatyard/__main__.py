"""`boatyard` and `python -m boatyard`."""

import signal
import sys


def main() -> int:
    """The command; its exit code."""
    interrupt = signal.getsignal(signal.SIGINT)
    if interrupt is signal.default_int_handler:
        # Until the command line takes over, an interrupt ends the process without a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    from boatyard.cli.main import main as run

    signal.signal(signal.SIGINT, interrupt)
    return run()


if __name__ == "__main__":
    sys.exit(main())
