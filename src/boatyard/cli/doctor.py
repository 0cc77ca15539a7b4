"""`boatyard doctor`: what this machine lacks for which job, and the packages that bring it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import ToolError
from boatyard.base.tool import TOOLS
from boatyard.ports.run import find_program

if TYPE_CHECKING:
    import argparse

    from boatyard.base.tool import Tool

LACKING = 4


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = nouns.add_parser("doctor", help="what this machine lacks", description=__doc__)
    parser.add_argument("-o", "--output", choices=("table", "json", "packages"), default="table")
    parser.add_argument("--tests", action="store_true", help="also what only Boatyard's own tests need")
    parser.set_defaults(run=doctor)


def doctor(args: argparse.Namespace) -> int:
    """Lists every program with its state; exit code 4 when one is missing."""
    family = host_family()
    needed = {"work", "tests"} if args.tests else {"work"}
    rows = [(tool, _where(tool)) for tool in TOOLS.values() if tool.scope in {"work", "arm64"} | needed]
    missing = [tool for tool, path in rows if path is None and tool.scope in needed]
    packages = sorted({getattr(tool, family) for tool in missing})
    if args.output == "json":
        found = [{"program": tool.program, "path": path, "package": getattr(tool, family)} for tool, path in rows]
        print(json.dumps({"family": family, "tools": found, "missing-packages": packages}, indent=1))
    elif args.output == "packages":
        print("\n".join(packages))
    else:
        _print_table(rows, family)
        installer = "apt-get install" if family == "debian" else "dnf install"
        print(f"\nMissing: {installer} {' '.join(packages)}" if packages else "\nNothing is missing.")
    return LACKING if missing else 0


def host_family() -> str:
    """`debian` or `fedora`, from os-release (ID and ID_LIKE); Debian's names when neither is told."""
    path = Path("/etc/os-release")
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    words = " ".join(line.partition("=")[2] for line in text.splitlines() if line.startswith(("ID=", "ID_LIKE=")))
    return "fedora" if any(name in words for name in ("fedora", "rhel", "centos", "azurelinux")) else "debian"


def _where(tool: Tool) -> str | None:
    if tool.files:
        return next((path for path in tool.files if Path(path).exists()), None)
    try:
        return find_program(tool.program)
    except ToolError:
        return None


def _print_table(rows: list[tuple[Tool, str | None]], family: str) -> None:
    width = max(len(tool.program) for tool, _ in rows)
    for tool, path in rows:
        lack = "not installed" if tool.scope == "arm64" else "MISSING"
        state = path or f"{lack}, package {getattr(tool, family)}"
        print(f"{tool.program:{width}}  {state}  ({tool.purpose})")
