"""How a component is built: conditionals, macros, the %check section."""

import msgspec

from boatyard.config.model.struct import Table


class Check(Table, frozen=True, kw_only=True):
    """`build.check`. A skipped %check needs a reason."""

    skip: bool = False
    skip_reason: str = msgspec.field(default="", name="skip_reason")


class Failure(Table, frozen=True, kw_only=True):
    """`build.failure`: the build is known to fail, and why."""

    expected: bool = False
    expected_reason: str = ""


class Hints(Table, frozen=True, kw_only=True):
    """`build.hints`: what a scheduler may want to know."""

    expensive: bool = False


class Build(Table, frozen=True, kw_only=True):
    """`build`: `--with`/`--without` conditionals, macros to define and to leave undefined."""

    with_: tuple[str, ...] = msgspec.field(default=(), name="with")
    without: tuple[str, ...] = ()
    defines: dict[str, str] = msgspec.field(default_factory=dict)
    undefines: tuple[str, ...] = ()
    emit_upstream_provenance: bool = False
    check: Check = Check()
    failure: Failure = Failure()
    hints: Hints = Hints()
