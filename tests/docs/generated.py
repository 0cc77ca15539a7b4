"""The reference pages that are made from the code. `python -m tests.docs.generated` writes them anew."""

from __future__ import annotations

import argparse
import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
from tests.docs.page import ROOT

from boatyard.artifact.demo_result import DemoResult
from boatyard.artifact.trial_report import TrialReport
from boatyard.cli.main import NOUNS, make_parser
from boatyard.flow.schema import answers_schema, scenario_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from boatyard.artifact.codec import Artifact

COMMAND_LINE_HEAD = """\
# Command line

Made from the program's own parser by `python -m tests.docs.generated`; a test keeps it so.

`boatyard NOUN VERB …`. Results go to stdout, progress and errors to stderr. `-h` after any of them explains it, and
`boatyard --version` tells the version. The kinds of failure have [exit codes](exit-codes.md); JSON is described in
[json-output.md](json-output.md).

Without a project in the folder or above it, commands work on [Skiff Linux](../explanation/skiff.md), and its results
go to `build/skiff`.

"""
# Groups of options that many verbs have: the title argparse knows them by, and where to look.
REPEATED = {"*": " …, may be left out", "+": " …", "?": ", may be left out"}
SHARED = {"project": "Options of the project", "selection": "Selection of components"}


def command_line() -> str:
    """Every noun and verb with its arguments; groups of options that many have are explained once."""
    nouns = {noun: _choices(make_parser(noun))[noun] for noun in NOUNS}
    lines = ["| noun | |", "|---|---|"]
    lines += [f"| [`{noun}`](#boatyard-{noun}) | {summary} |" for noun, (_, summary) in NOUNS.items()]
    for title, heading in SHARED.items():
        lines += ["", f"## {heading}", "", *_table(_group(_choices(nouns["component"])["list"], title))]
    for noun, parser in nouns.items():
        lines += ["", f"## boatyard {noun}"]
        for verb, summary in _helps(parser).items():
            lines += ["", f"### {noun} {verb}", f"{summary[:1].upper()}{summary[1:]}.", ""]
            lines += _arguments(_choices(parser)[verb])
        if not _choices(parser):
            lines += ["", *_arguments(parser)]
    return COMMAND_LINE_HEAD + re.sub("\n{3,}", "\n\n", "\n".join(lines)).rstrip("\n") + "\n"


def _subparsers(parser: argparse.ArgumentParser) -> list[argparse._SubParsersAction[argparse.ArgumentParser]]:
    return [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]


def _choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    return {name: one for action in _subparsers(parser) for name, one in action.choices.items()}


def _helps(parser: argparse.ArgumentParser) -> dict[str, str]:
    """The one-line help of each verb, without aliases."""
    return {one.dest: one.help or "" for action in _subparsers(parser) for one in action._choices_actions}


def _group(parser: argparse.ArgumentParser, title: str) -> list[argparse.Action]:
    return [action for group in parser._action_groups if group.title == title for action in group._group_actions]


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    shared = {title: _group(parser, title) for title in SHARED}
    elsewhere = [action for actions in shared.values() for action in actions]
    own = [action for action in parser._actions if action not in elsewhere and action.help != argparse.SUPPRESS]
    own = [action for action in own if action.dest != "help"]
    if own:
        yield from _table(own)
        yield ""
    links = [f"[{SHARED[title].lower()}](#{_anchor(SHARED[title])})" for title, actions in shared.items() if actions]
    if links:
        yield f"And: {', '.join(links)}."
    elif not own:
        yield "No arguments."


def _anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-")


def _table(actions: Iterable[argparse.Action]) -> Iterator[str]:
    yield "| argument | |"
    yield "|---|---|"
    for action in actions:
        if action.help != argparse.SUPPRESS:
            text = (action.help or "").replace("%%", "%").replace("|", "&#124;")
            yield f"| {_spelling(action)} | {text} |".replace("|  |", "| |")


def _spelling(action: argparse.Action) -> str:
    value = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
    if action.choices is not None and action.metavar is None and action.nargs != 0:
        value = "{" + ",".join(str(choice) for choice in action.choices) + "}"
    if action.option_strings:
        return ", ".join(f"`{name} {value}`" if value else f"`{name}`" for name in action.option_strings)
    return f"`{value}`" + REPEATED.get(str(action.nargs), "")


def demo_result_schema() -> str:
    """The JSON schema of what `boatyard demo --result` writes."""
    return _schema(DemoResult)


def trial_report_schema() -> str:
    """The JSON schema of a trial's `report.json`."""
    return _schema(TrialReport)


def _schema(kind: type[Artifact]) -> str:
    schema: dict[str, Any] = msgspec.json.schema(kind)
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema, indent=2) + "\n"


FILES: dict[Path, Callable[[], str]] = {
    ROOT / "docs/reference/command-line.md": command_line,
    ROOT / "docs/reference/answers.schema.json": answers_schema,
    ROOT / "docs/reference/scenario.schema.json": scenario_schema,
    ROOT / "docs/reference/demo-result.schema.json": demo_result_schema,
    ROOT / "docs/reference/trial-report.schema.json": trial_report_schema,
}

if __name__ == "__main__":
    for path, make in FILES.items():
        path.write_text(make(), encoding="utf-8")
