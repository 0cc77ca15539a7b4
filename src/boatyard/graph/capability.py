"""Which package most likely provides a capability, by the naming rules that Fedora's packages keep to.

Only guesses, for the time before anything is built: what a package provides is known from its header afterwards.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CALL = re.compile(r"([A-Za-z][\w.+-]*)\((.*?)\)(?:\((?:64bit|x86-64|aarch-64)\))?", re.ASCII | re.DOTALL)
MAX_LENGTH = 300  # of a capability that is looked into; names of packages are shorter
_ISA = re.compile(r"\((?:x86-64|aarch-64|x86-32|64bit)\)$")
_API_VERSION = re.compile(r"[-.]?([0-9]+)(?:\.[0-9]+)*$")
_SONAME = re.compile(r"(lib[\w+.-]*?|[\w+-]+?)\.so(?:\.[\w.]+)?")
# pkg-config modules whose package is called otherwise by any rule.
_PKGCONFIG = {
    "dbus-1": "dbus-devel",
    "egl": "libglvnd-devel",
    "gio-2.0": "glib2-devel",
    "gio-unix-2.0": "glib2-devel",
    "gl": "libglvnd-devel",
    "gmodule-2.0": "glib2-devel",
    "gobject-2.0": "glib2-devel",
    "gthread-2.0": "glib2-devel",
    "libcrypto": "openssl-devel",
    "libssl": "openssl-devel",
    "libudev": "systemd-devel",
    "udev": "systemd-devel",
}


def without_isa(capability: str) -> str:
    """A capability without the mark of its architecture, like `(x86-64)`."""
    return _ISA.sub("", capability)


def guesses(capability: str) -> Iterator[str]:
    """Names of packages or components that may provide a capability, the likeliest first."""
    if len(capability) > MAX_LENGTH:
        return
    name = without_isa(capability)
    if name.startswith("/"):
        yield from _file(name)
    elif soname := _SONAME.fullmatch(name.partition("(")[0]):
        yield from _library(soname[1])
    elif call := _CALL.fullmatch(name):
        kind, argument = call[1].lower(), call[2].strip()
        if kind.startswith("python3") and kind.endswith("dist"):
            kind = "python3dist"
        yield from _KINDS[kind](argument) if kind in _KINDS else _other_kind(kind, argument)
    else:
        if name != capability:
            yield name
        yield from _plain(name)


def _plain(name: str) -> Iterator[str]:
    """The component whose package this may be: `foo` for `foo-devel`, `python-foo` for `python3-foo`."""
    base = re.sub(r"-(?:devel|libs|static|tools|utils|common|doc|filesystem|rpm-macros|srpm-macros)$", "", name)
    if base != name:
        yield base
    if base.startswith("python3-"):
        yield base.replace("python3-", "python-", 1)
        yield base.removeprefix("python3-")
    if base.startswith("lib"):
        yield base.removeprefix("lib")
    elif base:
        yield f"lib{base}"


def _file(path: str) -> Iterator[str]:
    name = path.rsplit("/", 1)[-1]
    if name:
        yield name
        yield from _plain(name)


def _library(stem: str) -> Iterator[str]:
    short = stem.removeprefix("lib")
    yield from (stem, f"{stem}-libs", f"{short}-libs", short)


def _perl(module: str) -> Iterator[str]:
    parts = module.replace("'", "::").split("::")
    for count in range(len(parts), 0, -1):
        yield "perl-" + "-".join(parts[:count])
    yield "perl"


def _pkgconfig(module: str) -> Iterator[str]:
    if module in _PKGCONFIG:
        yield _PKGCONFIG[module]
    yield from _developed(module)
    for old in ("Qt5", "Qt6"):
        if module.startswith(old):
            yield from _qt(old.lower(), module[3:])
    match = _API_VERSION.search(module)
    if match:
        base = module[: match.start()].rstrip("+-")
        yield f"{base}{match[1]}-devel"
        yield from _developed(base)
    if module.startswith("lib"):
        yield from _developed(module.removeprefix("lib"))


def _developed(name: str) -> Iterator[str]:
    yield from (f"{name}-devel", f"lib{name}-devel", name, f"lib{name}")


def _cmake(name: str) -> Iterator[str]:
    match = re.fullmatch(r"(Qt5|Qt6|KF5|KF6)(\w*)", name)
    if match:
        yield from _qt(match[1].lower(), match[2])
    yield from _developed(name)
    yield from _developed(name.lower())


def _qt(generation: str, module: str) -> Iterator[str]:
    short = module.lower()
    if generation.startswith("qt"):
        yield f"{generation}-qt{short}-devel"
        yield f"{generation}-qtbase-devel"
    else:
        yield f"{generation}-k{short}-devel"
        yield f"{generation}-{short}-devel"


def _python(name: str) -> Iterator[str]:
    plain, _, extra = name.partition("[")
    normal = re.sub(r"[-_.]+", "-", plain).lower()
    if extra:
        yield f"python3-{normal}+{extra.rstrip(']')}"
    yield f"python3-{normal}"
    yield f"python-{normal}"
    yield f"python3-{plain}"
    yield plain


def _golang(path: str) -> Iterator[str]:
    parts = path.partition("(")[0].strip("/").split("/")
    host = parts[0].rsplit(".", 1)[0] if "." in parts[0] else parts[0]
    for count in range(len(parts), 1, -1):
        words = ["golang", *(word for part in (host, *parts[1:count]) for word in re.split(r"[.\-_]", part.lower()))]
        words = [re.sub(r"^v(?=[0-9]+$)", "", word) for word in words if word]
        name = "-".join(word for at, word in enumerate(words) if at == 0 or word != words[at - 1])
        yield f"{name}-devel"
        yield name


def _maven(coordinates: str) -> Iterator[str]:
    group, _, artifact = coordinates.partition(":")
    artifact = artifact.partition(":")[0]
    last = group.rsplit(".", 1)[-1]
    for name in (artifact, f"{last}-{artifact}", last, group.rsplit(".", 2)[-2] if group.count(".") else ""):
        if name:
            yield name


def _crate(name: str) -> Iterator[str]:
    crate, _, feature = name.partition("/")
    if feature:
        yield f"rust-{crate}+{feature}-devel"
    yield f"rust-{crate}-devel"
    yield f"rust-{crate}"


def _tex(name: str) -> Iterator[str]:
    yield f"texlive-{name.rsplit('.', 1)[0]}"
    yield "texlive-base"


def _php(name: str) -> Iterator[str]:
    vendor, _, package = name.lower().rpartition("/")
    if vendor:
        yield f"php-{vendor}-{package}"
    yield f"php-{package}"
    yield package


def _haskell(name: str) -> Iterator[str]:
    package = re.sub(r"-[0-9.]+(?:-\w+)?$", "", name)
    yield f"ghc-{package}-devel"
    yield f"ghc-{package}"


def _nobody(_: str) -> Iterator[str]:
    yield from ()


def _other_kind(kind: str, argument: str) -> Iterator[str]:
    """`php-composer(x)`, `config(x)`, `R(x)`: the kind before the name, or the name alone."""
    yield f"{kind}-{argument}"
    yield argument


_KINDS: dict[str, Callable[[str], Iterator[str]]] = {
    "perl": _perl,
    "pkgconfig": _pkgconfig,
    "cmake": _cmake,
    "python3dist": _python,
    "golang": _golang,
    "mvn": _maven,
    "crate": _crate,
    "tex": _tex,
    "php-composer": _php,
    "php": _php,
    "ghc-devel": _haskell,
    "rubygem": lambda name: iter((f"rubygem-{name}",)),
    "npm": lambda name: iter((f"nodejs-{name}",)),
    "r": lambda name: iter((f"R-{name}",)),
    "font": _nobody,
    "rpmlib": _nobody,
    "bundled": _nobody,
}
