"""The Debian mirror, found in the host's own apt configuration (sources.list(5)); no address is written in Boatyard.

    mirror = find_mirror(environ=os.environ)        # or main="…" from an option
    mirror.bases("trixie-security")                 # addresses to try, in order

Read are one-line entries (`/etc/apt/sources.list`, `sources.list.d/*.list`) and deb822 stanzas (`*.sources`), with
`mirror+file:` lists (apt-transport-mirror(1)). Only entries of Debian itself count: a suite of Debian, the component
main, and Debian's archive keyring where one is named. Whoever has told apt not to check the age of lists
(`Acquire::Check-Valid-Until "false"` or `check-valid-until=no`, for a mirror of one day) need not tell Boatyard again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from boatyard.base.error import ConfigError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

APT = Path("/etc/apt")
MAIN_VARIABLE = "BOATYARD_MIRROR"
SECURITY_VARIABLE = "BOATYARD_SECURITY_MIRROR"
NO = ("no", "false", "off", "0", "disable", "without")
CURE = f"give one with --mirror URL or in the environment variable {MAIN_VARIABLE}"

_SUITE = re.compile(
    r"(?:bullseye|bookworm|trixie|forky|duke|sid|unstable|testing|(?:old){0,2}stable)"
    r"(-updates|-security|-backports|-proposed-updates|/updates)?"
)
_UNCHECKED = re.compile(r'^(?!\s*(?://|#)).*\bCheck-Valid-Until"?\s+"?(?:false|no|off|0|disable)\b', re.M | re.I)
_ONE_LINE = re.compile(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(\S.*)")


@dataclass(frozen=True, slots=True)
class Mirror:
    """Addresses of the main and the security archive, without a final slash, in the order to try them.

    `origin` says where they come from, for messages. `allow_expired`: apt is told not to check their age.
    """

    main: tuple[str, ...]
    security: tuple[str, ...]
    origin: str
    allow_expired: bool = False

    def bases(self, suite: str) -> tuple[str, ...]:
        """The addresses under which `dists/<suite>` and its pool are; SourceError when there is none."""
        found = self.security if suite.endswith("-security") else self.main
        if not found:
            raise SourceError(
                f"no address of the archive that holds the suite {suite}",
                detail=f"the mirror is named by {self.origin}",
                hint=f"give one with --security-mirror URL or in the environment variable {SECURITY_VARIABLE}",
            )
        return found


@dataclass(frozen=True, slots=True)
class AptEntry:
    """One source of binary packages as apt is told of it. `signed_by` is empty, a keyring's path, or a key."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str
    file: Path
    allow_expired: bool = False

    @property
    def is_debian(self) -> bool:
        """Whether this can be Debian's own archive; a signature decides at last."""
        trusted = not self.signed_by or any("debian-archive" in Path(key).name for key in self.signed_by.split())
        return trusted and "main" in self.components and any(_SUITE.fullmatch(suite) for suite in self.suites)

    @property
    def is_security(self) -> bool:
        return any(suite.endswith(("-security", "/updates")) for suite in self.suites)


def find_mirror(*, environ: Mapping[str, str], main: str = "", security: str = "", apt: Path = APT) -> Mirror:
    """The mirror: from the options, else from the environment, else from apt.

    ConfigError when an address given is none, SourceError when there is none at all. The address of the security
    archive follows from that of the main archive where this ends in `/debian`, as on every public mirror.
    """
    main = main or environ.get(MAIN_VARIABLE, "")
    security = security or environ.get(SECURITY_VARIABLE, "")
    given_security = (_address(security),) if security else ()
    if main:
        base = _address(main)
        return Mirror((base,), given_security or _security_beside((base,)), f"--mirror or {MAIN_VARIABLE}")
    entries = [entry for entry in apt_entries(apt) if entry.is_debian]
    # An entry that names Debian's keyring is surely Debian's; others only count when there is none such.
    entries = [entry for entry in entries if entry.signed_by] or entries
    main_bases = _bases(entry for entry in entries if not entry.is_security)
    if not main_bases:
        raise SourceError(f"no Debian mirror is known: the apt configuration in {apt} names none", hint=CURE)
    from_apt = _bases(entry for entry in entries if entry.is_security)
    allow_expired = any(entry.allow_expired for entry in entries) or _age_is_unchecked(apt)
    security_bases = given_security or from_apt or _security_beside(main_bases)
    return Mirror(main_bases, security_bases, f"apt's {entries[0].file}", allow_expired)


def apt_entries(apt: Path = APT) -> Iterator[AptEntry]:
    """The sources of binary packages that apt uses, in its order; entries it would not read are left out."""
    parts = sorted((apt / "sources.list.d").glob("*")) if (apt / "sources.list.d").is_dir() else []
    for file in (apt / "sources.list", *parts):
        if not file.is_file() or not re.fullmatch(r"[A-Za-z0-9_.-]+", file.name):
            continue
        if file.suffix == ".list":
            yield from _one_line_entries(_read(file), file)
        elif file.suffix == ".sources":
            yield from _deb822_entries(_read(file), file)


def _one_line_entries(text: str, file: Path) -> Iterator[AptEntry]:
    for line in text.splitlines():
        match = _ONE_LINE.fullmatch(line.partition("#")[0].strip())
        if match:
            options = dict(option.partition("=")[::2] for option in (match[1] or "").split())
            keyring = options.get("signed-by", "").replace(",", " ")
            allow_expired = options.get("check-valid-until", "yes").lower() in NO
            yield AptEntry((match[2],), (match[3],), tuple(match[4].split()), keyring, file, allow_expired)


def _deb822_entries(text: str, file: Path) -> Iterator[AptEntry]:
    for stanza in re.split(r"\n(?:[ \t]*\n)+", text):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in (" ", "\t"):
                fields[name] = f"{fields.get(name, '')} {line.strip()}".strip()
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() not in NO:
            words = {key: tuple(fields.get(key, "").split()) for key in ("uris", "suites", "components")}
            allow_expired = fields.get("check-valid-until", "yes").lower() in NO
            yield AptEntry(**words, signed_by=fields.get("signed-by", ""), file=file, allow_expired=allow_expired)


def _age_is_unchecked(apt: Path) -> bool:
    """Whether apt.conf(5) says so for all sources."""
    parts = sorted((apt / "apt.conf.d").glob("*")) if (apt / "apt.conf.d").is_dir() else []
    files = [file for file in (apt / "apt.conf", *parts) if file.is_file() and file.suffix in ("", ".conf")]
    return any(_UNCHECKED.search(_read(file)) for file in files)


def _bases(entries: Iterable[AptEntry]) -> tuple[str, ...]:
    """The http(s) addresses of entries, each once."""
    found: dict[str, None] = {}
    for entry in entries:
        for uri in entry.uris:
            for address in _mirror_list(uri) if uri.startswith("mirror+file:") else (uri,):
                if _is_address(address):
                    found[address.rstrip("/")] = None
    return tuple(found)


def _mirror_list(uri: str) -> list[str]:
    """The addresses of a `mirror+file:` list, best priority (lowest number) first."""
    text = _read(Path(urlsplit(uri).path))
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [words[0] for words in sorted(lines, key=_priority)]


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise SourceError(f"apt's {file} cannot be read: {error.strerror}", hint=CURE) from error


def _priority(words: list[str]) -> int:
    given = [word.removeprefix("priority:") for word in words[1:] if word.startswith("priority:")]
    return int(given[0]) if given and given[0].isdecimal() else 1 << 31


def _address(text: str) -> str:
    if not _is_address(text):
        raise ConfigError(
            f"{text!r} is not the address of a mirror",
            hint="write the folder that holds `dists` and `pool`: http://HOST/debian",
        )
    return text.rstrip("/")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not parts.query and not parts.fragment


def _security_beside(main: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{base}-security" for base in main if base.endswith("/debian"))
