"""Generated hostile input for the loader: seeded, so that a failure can be had again by its number."""

from __future__ import annotations

import copy
import itertools
import json
import random
import tomllib
from typing import Any

SEED_TEXT = """
includes = ["none/*.toml"]
[project]
description = "d"
output-dir = "out"
default-distro = { name = "d", version = "1" }
[distros.d]
default-version = "1"
dist-git-base-uri = "https://h/$pkg"
repos = [{ base-uri = "https://h/r" }]
[distros.d.versions.1]
release-ver = "1"
mock-config = "m.cfg"
inputs.rpm-build = [{ repo = "r" }]
[distros.d.versions.1.default-component-config]
spec = { type = "upstream", upstream-distro = { name = "d", snapshot = "2026-02-24T00:00:00Z" } }
[default-component-config.build]
with = ["w"]
[default-package-config.publish]
rpm-channel = "base"
[component-groups.g]
description = "g"
components = ["x"]
specs = ["SPECS/**/*.spec"]
default-component-config.build.check = { skip = true, skip_reason = "r" }
[components.x]
release.calculation = "manual"
packages.p.publish.rpm-channel = "sdk"
spec = { type = "upstream", upstream-name = "y", upstream-commit = "abcdef1" }
[components.x.build]
without = ["a"]
defines = { a = "1" }
[[components.x.overlays]]
type = "spec-search-replace"
regex = "a+(b|c)"
replacement = "$1"
section = "%files"
package = "p"
[[components.x.overlays]]
type = "file-add"
file = "f"
source = "s"
metadata = { category = "azl-pruning", upstream-status = "unknown", bugs = [{ url = "https://h/1" }] }
[[components.x.source-files]]
filename = "a.tar"
hash = "aaaa"
hash-type = "SHA256"
origin = { type = "custom", script = "s.sh", inputs = ["i"] }
[components."a.b"]
[images.i]
definition = { type = "kiwi", path = "i/i.kiwi", profile = "p" }
capabilities.container = true
tests.test-suites = [{ name = "t" }]
publish.channels = ["c"]
[test-suites.t]
type = "lisa"
lisa = { framework = { git-url = "u", ref = "0123456789012345678901234567890123456789" }, test-cases = ["a"] }
[package-groups.pg]
packages = ["p1", "p2"]
[resources.rpm-repos.r]
base-uri = "https://h/r"
gpg-key = "https://h/k"
[resources.rpm-repo-sets.s]
template = "koji-dist-repo"
base-uri = "https://h/s"
gpg-key = "https://h/k"
name-prefix = "s-"
""".replace('"aaaa"', '"' + "a" * 64 + '"')

# Of no type or value that any key takes.
POISON: list[Any] = [
    -1.5,
    float("nan"),
    2**62,
    [[[[]]]],
    [{"a": [{"b": 1}]}],
    {"unknown": {"deeper": []}},
    {"": ""},
    [None.__class__.__name__, 3],
]
BYTES = [b"\x00", b"\xff", b"[", b"]", b"{", b'"', b"'", b'"""', b"=", b".", b"\n", b"\r", b"#", b"\\u", b"\\"]
BYTES += [b"[[", b"9" * 99, "\u202e".encode(), "\ufeff".encode(), b"=" * 40, b"[" * 300, b"a." * 300, b"\x1b[2J"]
BYTES += [b"inf", b"1979-05-27T07:32:00Z"]


def mangled_text(number: int) -> bytes:
    """The seed text with some bytes changed; whether it is still good is not known."""
    rng = random.Random(number)
    data = SEED_TEXT.encode()
    for _ in range(rng.randint(1, 4)):
        if not data:
            break
        at, kind = rng.randrange(len(data)), rng.randrange(5)
        if kind == 0:
            data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        elif kind == 1:
            data = data[:at] + rng.choice(BYTES) + data[at:]
        elif kind == 2:
            data = data[:at] + data[at + rng.randint(1, 40) :]
        elif kind == 3:
            end = min(len(data), at + rng.randint(1, 200))
            data = data[:at] + data[at:end] * rng.randint(2, 4) + data[end:]
        else:
            data = data[:at]
    return data


def poisoned_table(number: int) -> bytes:
    """Well-formed TOML in which one value has a type or a key that nothing there takes."""
    rng = random.Random(number)
    content = tomllib.loads(SEED_TEXT)
    places = list(_places(content))
    holder, key = places[number % len(places)]
    if isinstance(holder, dict) and rng.random() < 0.3 and _is_closed(holder):
        holder["x-" + str(rng.randrange(1000))] = copy.deepcopy(rng.choice(POISON))
    else:
        holder[key] = copy.deepcopy(rng.choice(POISON))
    return _toml(content).encode()


def _places(value: Any) -> list[tuple[Any, Any]]:
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [place for key, item in items for place in [(value, key), *_places(item)]]


def _is_closed(table: dict[str, Any]) -> bool:
    """Whether the keys of a table are the format's and not the user's."""
    return "type" in table or "description" in table or "filename" in table


def _toml(content: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(key)} = {_inline(value)}\n" for key, value in content.items())


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value).replace("NaN", "nan")


_STEPS = ["..", "../..", "../../../../../../..", "a/..", "a/../..", "./..", "a/b/../../.."]
_ENDS = ["", "/", "/x", "/etc/passwd", "/.git/hooks/x"]
ESCAPES = sorted({f"{step}{end}" for step, end in itertools.product(_STEPS, _ENDS)})
ABSOLUTE = ["/", "//", "/etc/passwd", "//host/share", "/proc/self/root/x", "/..", "/a/../b"]
STRANGE = ["a\0b", "\0", "a/b\0"]
NO_NAMES = [
    "",
    ".",
    "a b",
    "a\tb",
    "a\nb",
    "a\\b",
    "..\\x",
    "\u202ex",
    "é",
    "x" * 300,
    "a\u2028b",
    "a\x7fb",
    "a\x1b[2Jb",
]


def path_vectors() -> list[tuple[str, str]]:
    """Texts of projects, each with one name or path that could lead outside, and what it is."""
    vectors: list[tuple[str, str]] = []
    source = "[[components.x.source-files]]\n"
    name_places = {
        "component": "[components.{}]",
        "image": "[images.{}]",
        "test suite": "[test-suites.{}]\ntype = 'lisa'",
        "distro": "[distros.{}]",
        "seed": "[seeds.{}]\nsuites = ['s']",
        "channel": "[channels.{}]",
        "source file": source + "filename = {}\norigin = {{ type = 'download', uri = 'http://h/x' }}",
        "script": source + "filename = 'a'\norigin = {{ type = 'custom', script = {} }}",
        "input": source + "filename = 'a'\norigin = {{ type = 'custom', script = 's', inputs = [{}] }}",
        "deb source": "[components.x.spec]\ntype = 'deb'\nsource = {}",
    }
    channel_places = {
        "default distro": "[project]\ndefault-distro.name = {}",
        "resource": "[resources.rpm-repos.{}]\nbase-uri = 'http://h/x'\ndisable-gpg-check = true",
        "rpm-channel": "[components.x.publish]\nrpm-channel = {}",
        "package channel": "[components.x.packages.p.publish]\nrpm-channel = {}",
        "group channel": "[package-groups.p.default-package-config.publish]\ndebuginfo-channel = {}",
        "image channel": "[images.x.publish]\nchannels = [{}]",
    }
    tree_places = {
        "overlay file": "[[components.x.overlays]]\ntype = 'file-remove'\nfile = {}",
        "added file": "[[components.x.overlays]]\ntype = 'file-add'\nsource = 's'\nfile = {}",
        "patch": "[[components.x.overlays]]\ntype = 'patch-remove'\nfile = {}",
        "subpath": "[resources.rpm-repo-set-templates.t]\nsubrepos = [{{ name = 'a', subpath = {} }}]",
    }
    escaping = [path for path in ESCAPES if ".." in path.split("/")]
    for places, paths in (
        (name_places, [*ESCAPES, *ABSOLUTE, *STRANGE, *NO_NAMES]),
        (channel_places, [*ESCAPES, *ABSOLUTE, *STRANGE]),
        (tree_places, [*escaping, *ABSOLUTE, *STRANGE]),
    ):
        vectors.extend(
            (f"{name} {path!r}", text.format(json.dumps(path))) for name, text in places.items() for path in paths
        )
    return vectors
