"""Test suites for images: pytest in a virtual environment, or LISA."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from boatyard.config.model.overlay import Lines, Text
from boatyard.config.model.struct import Table

Commit40 = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9a-fA-F]{40}$(?!\n)", description="a commit: 40 hexadecimal digits")
]


class Pytest(Table, frozen=True, kw_only=True):
    """`test-paths` are globs below `working-dir`; `install` says what to install into the environment first."""

    working_dir: Path | None = None
    test_paths: tuple[str, ...] = ()
    extra_args: tuple[str, ...] = ()
    install: Literal["", "pyproject", "requirements", "none"] = ""


class GitSource(Table, frozen=True, kw_only=True):
    """A commit of a git repository."""

    git_url: Text
    ref: Commit40


class Lisa(Table, frozen=True, kw_only=True):
    """LISA test cases, and the framework that runs them."""

    framework: GitSource
    test_cases: Lines
    pip_pre_install: tuple[str, ...] = ()
    pip_extras: tuple[str, ...] = ()
    extra_args: tuple[str, ...] = ()


class TestSuite(Table, frozen=True, kw_only=True):
    """`[test-suites.<name>]`: the table named like `type` holds the rest."""

    __test__ = False  # not a class of tests, whatever pytest thinks of the name

    description: str = ""
    type: Literal["pytest", "lisa"]
    pytest: Pytest | None = None
    lisa: Lisa | None = None
