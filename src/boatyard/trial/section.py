"""Many questions to a guest in one round trip: a script that prints its answers in sections.

A command over SSH costs up to a second on an emulated machine, so what is to be known is asked for together. The
script is POSIX shell and needs `head` besides what its sections run. It runs as root where sudo allows it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.base.error import ImageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from boatyard.vm.ssh import Shell

# Of all the output of a script; a section that may print much has a bound of its own.
MOST_OUTPUT = 8 << 20
PATH = "$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Section:
    """`body`: shell that prints the answer, run in a subshell without input; its errors are part of the answer.

    `$D` in it is a folder for its files, empty when there is no room for one. `limit`: bytes that are kept, 0 for a
    body that never prints much.
    """

    name: str
    body: str
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a section printed. `cut`: there was more."""

    text: str
    cut: bool = False

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


@dataclass(frozen=True, slots=True)
class Answers:
    """`user`: who logged in. `root`: the sections ran as root. `refusal`: the words of sudo when they did not."""

    user: str
    root: bool
    sections: Mapping[str, Answer]
    refusal: str = ""

    def __getitem__(self, name: str) -> Answer:
        return self.sections.get(name, Answer(""))


def ask(shell: Shell, sections: Sequence[Section], timeout_s: float) -> Answers:
    """The answers to all sections.

    ImageError when the script did not run to its end; ToolError when that took too long.
    """
    mark = f"boatyard-{secrets.token_hex(12)}"  # nothing in the guest can print what it cannot know
    result = shell(compose(sections, mark), timeout_s)
    found = parse(result.stdout, mark, sections)
    if not found.keys() >= {"user", "id", "end"}:
        words = result.stderr.decode("utf-8", "replace")[-2000:] or result.text[-2000:]
        raise ImageError(f"the checks' script ended early in the guest (exit code {result.code})", detail=words)
    user, root = found.pop("user").text.strip(), found.pop("id").text.strip() == "0"
    refusal = "" if root else result.stderr.decode("utf-8", "replace").strip()[-500:]
    return Answers(user, root, found, refusal)


def compose(sections: Sequence[Section], mark: str) -> str:
    """The script; every section is announced by a line with `mark` and its name.

    The shell that runs the sections reads all of them before it starts, so none can take the rest for its input.
    """
    lines = [
        f"printf '%s user\\n' {mark}",
        "id -un",
        # When sudo refuses, or is not there, it has read nothing, and the plain shell gets the whole script.
        f"{{ sudo -n sh || sh; }} <<'{mark}' | head -c {MOST_OUTPUT}",
        "{",
        f"PATH={PATH}; export PATH",
        f"printf '\\n%s id\\n' {mark}",
        "id -u",
    ]  # fmt: skip
    if any('"$D' in section.body for section in sections):
        # /run is in memory: it is writable and has room also when the disk is full.
        lines += [
            "D=$(mktemp -d /run/boatyard.XXXXXX 2>/dev/null || mktemp -d 2>/dev/null)",
            'trap \'[ -z "$D" ] || rm -rf "$D"\' EXIT',
        ]
    for section in sections:
        bound = f" | head -c {section.limit + 1}" if section.limit else ""
        lines += [f"printf '\\n%s {section.name}\\n' {mark}", f"(\n{section.body}\n) 2>&1{bound}"]
    lines += [f"printf '\\n%s end\\n' {mark}", "exit 0", "} </dev/null", mark]
    return "\n".join(lines) + "\n"


def parse(data: bytes, mark: str, sections: Sequence[Section]) -> dict[str, Answer]:
    """The answers by name, besides `user`, `id` and, when the script came that far, `end`."""
    limits = {section.name: section.limit for section in sections}
    found: dict[str, Answer] = {}
    for part in (b"\n" + data).split(f"\n{mark} ".encode())[1:]:
        title, _, body = part.partition(b"\n")
        name = title.decode("utf-8", "replace")
        cut = 0 < limits.get(name, 0) < len(body)
        found[name] = Answer((body[: limits[name]] if cut else body).decode("utf-8", "replace"), cut)
    return found
