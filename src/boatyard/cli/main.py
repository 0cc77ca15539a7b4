"""`boatyard <noun> <verb>`: finds the module of the noun, runs the verb, turns errors into text and exit codes.

Only the module of the noun at hand is imported, so that a short command starts in the time of a short command.
A module of `cli` offers `register(nouns)`, which adds its parser; a verb is a function `(args) -> exit code`.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from boatyard import __version__
from boatyard.base.error import BoatyardError, ToolError
from boatyard.cli.choice import add_outer
from boatyard.cli.parser import Parser
from boatyard.ports import clock

if TYPE_CHECKING:
    from collections.abc import Sequence

NOUNS = {
    "demo": ("boatyard.cli.demo", "build Skiff Linux, boot it and check it: the whole pipeline"),
    "doctor": ("boatyard.cli.doctor", "what this machine lacks, and which package brings it"),
    "project": ("boatyard.cli.project", "start a distribution of one's own"),
    "component": ("boatyard.cli.component", "components: list, query, add, update, build"),
    "why": ("boatyard.cli.why", "why components were built, or not"),
    "source": ("boatyard.cli.source", "what components are made from: mirror"),
    "component-group": ("boatyard.cli.component_group", "groups of components"),
    "graph": ("boatyard.cli.graph", "what is built with what: show, cycles, order, affected"),
    "package": ("boatyard.cli.package", "binary packages and their channels"),
    "overlay": ("boatyard.cli.overlay", "small changes to upstream sources"),
    "store": ("boatyard.cli.store", "results of builds: show, verify, gc"),
    "repo": ("boatyard.cli.repo", "signed repositories"),
    "image": ("boatyard.cli.image", "images: list, build, boot"),
    "iso": ("boatyard.cli.iso", "finished ISOs: customize, inspect"),
    "install": ("boatyard.cli.install", "answers for the installer: check, convert, schema"),
    "trial": ("boatyard.cli.trial", "try deployments before they go to the cloud"),
    "config": ("boatyard.cli.config", "the configuration, checked and explained"),
    "scheduler": ("boatyard.cli.worker", "builds on many machines: tell workers what to build"),
    "worker": ("boatyard.cli.worker", "builds on many machines: build what a scheduler says"),
    "completion": ("boatyard.cli.completion", "completion of command lines, for a shell"),
}
ALIASES = {"comp": "component", "pkg": "package"}
INTERRUPTED = 130
GRACE_S = 3.0


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if sys.stdout is None or sys.stderr is None:  # `>&-`: what is told is told to nobody
        nobody = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
        sys.stdout, sys.stderr = sys.stdout or nobody, sys.stderr or nobody
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names may not fit the terminal's encoding
    try:
        return _run(words)
    except BoatyardError as error:
        return _fail(error)
    except KeyboardInterrupt:
        return _leave()
    except BrokenPipeError:
        from boatyard.cli.verdict import leave_stdout

        leave_stdout()
        return 0
    except OSError as error:
        from boatyard.ports.files import refusal

        told = refusal(error)
        if told is None:
            return _bug(error)
        return _fail(told)
    except Exception as error:
        return _bug(error)


def _run(words: Sequence[str]) -> int:
    parser = make_parser(noun_of(words))
    args = parser.parse_args(words)
    if not hasattr(args, "run"):
        parser.parse_args([*words, "--help"])  # ends with exit code 0
    code: int = args.run(args)
    sys.stdout.flush()
    return code


def _fail(error: BoatyardError) -> int:
    """Tells an error, and how to have the cache elsewhere when it is the cache that cannot be used."""
    from boatyard.flow.workspace import CACHE_VARIABLE, cache_dir

    print(error, file=sys.stderr)
    if isinstance(error, ToolError) and str(cache_dir(os.environ)) in error.problems[0].what:
        print(f"  hint: {CACHE_VARIABLE} names another folder for the cache", file=sys.stderr)
    return error.exit_code


def _leave() -> int:
    """Ends after an interrupt, whatever a thread may still wait for. A second Ctrl-C is not waited for at all."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    print("interrupted; what is finished is kept, run the same command again to go on", file=sys.stderr, flush=True)
    # Programs are ended by now, and threads clean up after themselves. One may hang in a connection to a silent server.
    deadline = clock.monotonic() + GRACE_S
    others = [thread for thread in threading.enumerate() if thread is not threading.current_thread()]
    for thread in others:
        if not thread.daemon:
            thread.join(max(0.0, deadline - clock.monotonic()))
    if any(thread.is_alive() and not thread.daemon for thread in others):
        os._exit(INTERRUPTED)
    return INTERRUPTED


def _bug(error: Exception) -> int:
    """Says that Boatyard is at fault, and keeps the traceback for the report."""
    import tempfile
    import traceback

    print(f"error: {type(error).__name__}: {error}", file=sys.stderr)
    try:
        handle, name = tempfile.mkstemp(prefix="boatyard-bug-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            traceback.print_exception(error, file=stream)
    except OSError:
        traceback.print_exception(error)
        name = "the text above"
    print(f"  hint: this is a bug in Boatyard, not in your input; please report it with {name}", file=sys.stderr)
    return BoatyardError.exit_code


def noun_of(words: Sequence[str]) -> str | None:
    """The noun of a command line, which options and their values may precede; None when help is wanted first."""
    front = Parser(prog="boatyard", add_help=False, allow_abbrev=False)
    add_outer(front)
    front.add_argument("command", nargs=argparse.REMAINDER)
    args, others = front.parse_known_args(words)
    if others or not args.command:
        return None
    noun = ALIASES.get(args.command[0], args.command[0])
    return noun if noun in NOUNS else None


def make_parser(noun: str | None) -> Parser:
    """The parser with all the verbs of one noun, or with every noun when none is given."""
    parser = Parser(
        prog="boatyard",
        description="Builds an in-house Linux distribution from TOML and takes it on a sea trial before the cloud.",
    )
    parser.add_argument("--version", action="version", version=f"boatyard {__version__}")
    add_outer(parser)
    nouns = parser.add_subparsers(metavar="NOUN", title="nouns")
    if noun is not None:
        importlib.import_module(NOUNS[noun][0]).register(nouns)
    else:
        for name, (_, summary) in NOUNS.items():
            aliases = [alias for alias, meant in ALIASES.items() if meant == name]
            nouns.add_parser(name, aliases=aliases, help=summary, add_help=False)
    return parser


if __name__ == "__main__":
    sys.exit(main())
