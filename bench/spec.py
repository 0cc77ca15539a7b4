"""Reads and edits the specs of a whole distribution: `python -m bench.spec`, in seconds.

The specs are made here, 7,600 of them with 91 MB of text, in the proportions found in a real distribution of that
size: many small ones from generators (Rust, Python, Perl, fonts), some with hundreds of subpackages, a few of half a
megabyte. Same seed, same text.
"""

from __future__ import annotations

import random
import time

from boatyard.config.model.overlay import AddTag, InsertTag, SearchReplace
from boatyard.overlay.spec import edit_spec
from boatyard.spec.facts import read_facts
from boatyard.spec.section import sections
from boatyard.spec.tag import tags
from boatyard.spec.text import decode, encode, join_lines, split_lines
from boatyard.spec.token import tokenize

COUNT = 7_600
TOTAL_BYTES = 91_000_000
LARGEST = (536_000, 534_000, 392_000, 380_000, 300_000, 250_000)
WORDS = ("boat", "yard", "hull", "mast", "keel", "rope", "sail", "deck", "anchor", "port", "stern", "helm", "tide")
RPMAUTOSPEC = """\
## START: Set by rpmautospec
## (rpmautospec version 0.8.3)
## RPMAUTOSPEC: autorelease, autochangelog
%define autorelease(e:s:pb:n) %{?-p:0.}%{lua:
    release_number = 3;
    base_release_number = tonumber(rpm.expand("%{?-b*}%{!?-b:1}"));
    print(release_number + base_release_number - 1);
}%{?-e:.%{-e*}}%{?-s:.%{-s*}}%{!?-n:%{?dist}}
## END: Set by rpmautospec
"""


def make_specs(seed: int = 1) -> list[bytes]:
    """The texts of a distribution's specs."""
    dice = random.Random(seed)
    specs, left = [], TOTAL_BYTES
    for number in range(COUNT):
        mean = left // (COUNT - number)
        size = (
            LARGEST[number] if number < len(LARGEST) else int(min(120_000, dice.lognormvariate(0, 0.9) * mean * 0.67))
        )
        spec = make_spec(dice, f"package{number}", size)
        specs.append(spec)
        left -= len(spec)
    return specs


def make_spec(dice: random.Random, name: str, size: int) -> bytes:
    text = [RPMAUTOSPEC] if dice.random() < 0.53 else []
    text.append(preamble(dice, name))
    length = sum(map(len, text))
    subpackages = []
    while length < size * 0.35:
        subpackages.append(f"part{len(subpackages)}")
        text.append(subpackage(dice, subpackages[-1]))
        length += len(text[-1])
    text.append("\n%prep\n%autosetup -p1 -n %{name}-%{version}\n\n%build\n%configure --disable-static \\\n  --with-x\n")
    while length < size * 0.55:
        text.append(script(dice))
        length += len(text[-1])
    text.append("\n%install\n%make_install\n%check\nmake check || :\n")
    text += [f"%files {part}\n%{{_libdir}}/%{{name}}/{part}*\n%doc README.md\n\n" for part in ["", *subpackages]]
    text.append("%changelog\n")
    length = sum(map(len, text))
    while length < size:
        text.append(entry(dice))
        length += len(text[-1])
    return "".join(text).encode()


def preamble(dice: random.Random, name: str) -> str:
    requires = "".join(f"BuildRequires:  pkgconfig({prose(dice, 1)}) >= {dice.randrange(9)}\n" for _ in range(12))
    return f"""
%global crate {name}
%bcond_without check
%global _description %{{expand:
{prose(dice, 30)}.}}

Name:           {name}
Version:        {dice.randrange(20)}.{dice.randrange(20)}
Release:        {dice.randrange(1, 30)}%{{?dist}}
Summary:        {prose(dice, 4)}
License:        MIT AND (Apache-2.0 OR BSD-3-Clause)
URL:            https://example.com/{name}
Source0:        %{{url}}/archive/%{{version}}/%{{name}}-%{{version}}.tar.gz
Patch0:         fix.patch
{requires}%if %{{with check}}
BuildRequires:  python3dist(pytest)
%endif
%ifarch x86_64
BuildRequires:  nasm
%endif

%description %_description
"""


def subpackage(dice: random.Random, name: str) -> str:
    return f"""
%package     -n %{{name}}-{name}
Summary:        {prose(dice, 5)}
Requires:       %{{name}}%{{?_isa}} = %{{version}}-%{{release}}
Provides:       {name} = %{{version}}-%{{release}}

%description -n %{{name}}-{name} %{{_description}}
{prose(dice, 25)}.
"""


def script(dice: random.Random) -> str:
    return (
        f"sed -i 's/{prose(dice, 1)}/{prose(dice, 1)}/' %{{buildroot}}%{{_datadir}}/%{{name}}/{prose(dice, 1)}\n"
        f"if [ -f {prose(dice, 1)} ]; then\n  install -Dpm 0644 {prose(dice, 1)} %{{buildroot}}%{{_bindir}}/\nfi\n"
    )


def entry(dice: random.Random) -> str:
    lines = "".join(f"- {prose(dice, 6)}\n" for _ in range(dice.randrange(1, 4)))
    return f"* Tue Mar {dice.randrange(10, 29)} 2024 {prose(dice, 2)} <a@example.com> - {dice.random()}-1\n{lines}\n"


def prose(dice: random.Random, words: int) -> str:
    return " ".join(dice.choices(WORDS, k=words))


OVERLAYS = (
    SearchReplace(regex=r"^%configure --disable-static", replacement="%configure --enable-static"),
    AddTag(tag="BuildRequires", value="gcc"),
    InsertTag(tag="Source9999", value="package.azl.macros"),
)


def tokens_of(spec: bytes) -> int:
    return len(tokenize(decode(spec)).tokens)


def facts_of(spec: bytes) -> int:
    lines = split_lines(decode(spec))
    return len(sections(lines)) + sum(1 for _ in tags(lines))


def requirements_of(spec: bytes) -> int:
    return len(read_facts(decode(spec), arch="x86_64").requires)


def edited(spec: bytes) -> int:
    lines = split_lines(decode(spec))
    for overlay in OVERLAYS:
        lines = edit_spec(overlay, lines)
    return len(encode(join_lines(lines)))


def main() -> None:
    specs = make_specs()
    print(f"{len(specs)} specs, {sum(map(len, specs)) / 1e6:.1f} MB, largest {max(map(len, specs)) // 1000} kB")
    for what, work in (
        ("tokenize", tokens_of),
        ("sections and tags", facts_of),
        ("packages and requirements", requirements_of),
        ("three overlays", edited),
    ):
        wall, cpu = time.perf_counter(), time.process_time()
        found = sum(map(work, specs))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"{what}: {wall:.2f} s, {cpu:.2f} s of CPU, {cpu / len(specs) * 1000:.2f} ms a spec ({found} in all)")


if __name__ == "__main__":
    main()
