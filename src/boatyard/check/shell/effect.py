"""What commands do beyond running: files, units and users that they need or make."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from boatyard.check.shell import package_manager
from boatyard.check.shell.option import parse_options
from boatyard.check.step import UNKNOWN, Cloud, Kind, Make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from boatyard.check.shell.call import Call
    from boatyard.check.step import Step

PATH_DIRS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
# What tar runs for archives, by its options, its letters, and the names of the archives.
COMPRESSORS = {"--bzip2": "bzip2", "--xz": "xz", "--zstd": "zstd", "--gzip": "gzip", "--lzma": "xz"}
LETTERS = {"j": "bzip2", "J": "xz", "z": "gzip"}
ARCHIVES = {".tar.bz2": "bzip2", ".tbz2": "bzip2", ".tar.xz": "xz", ".txz": "xz", ".tar.zst": "zstd"}
UNIT_DIRS = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system", "/run/systemd/system")
UNIT_SUFFIXES = (
    ".service",
    ".socket",
    ".timer",
    ".target",
    ".mount",
    ".path",
    ".slice",
    ".swap",
    ".automount",
    ".scope",
)
# Verbs of systemctl that fail when a unit does not exist.
UNIT_VERBS = {
    "enable", "disable", "start", "stop", "restart", "reload", "reload-or-restart", "reenable", "edit", "try-restart",
}  # fmt: skip
OPEN_DIRS = {*PATH_DIRS, "/", "/usr", "/usr/local"}


def unit_name(name: str) -> str:
    """A unit's full name; an instance is the template's."""
    full = name if name.endswith(UNIT_SUFFIXES) else f"{name}.service"
    stem, at, rest = full.partition("@")
    return f"{stem}@{rest[rest.rfind('.') :]}" if at else full


def made_file(path: str, call: Call, why: str = "") -> Iterator[Step]:
    """That a file appears, and what comes with it: a command, a unit, a repository."""
    folder, name = posixpath.split(path)
    if path in ("/dev/null", "") or path.startswith("/dev/"):
        return
    if UNKNOWN in name:
        if folder in PATH_DIRS:
            yield Cloud("anything", why or f"a file of an unknown name appears in {folder}", call.place)
        return
    if UNKNOWN not in path:
        yield Make(Kind.FILE, path, call.place)
    if folder in PATH_DIRS:
        yield Make(Kind.COMMAND, name, call.place)
    elif name and not folder.startswith("/etc"):
        yield Make(Kind.COMMAND, name, call.place, sure=False)
    if (folder in UNIT_DIRS and name.endswith(UNIT_SUFFIXES)) or folder == "/etc/init.d":
        yield Make(Kind.SERVICE, unit_name(name), call.place)
    if folder == "/etc/yum.repos.d":
        yield Cloud("repository", f"{path} names another repository", call.place)


def _copy(call: Call) -> Iterator[Step]:
    short = {"install": "mogtS", "ln": "tS", "cp": "tS", "mv": "tS"}[call.name]
    parsed = parse_options(call.args, short, ("--target-directory", "--mode", "--owner", "--group", "--suffix"))
    yield from _owner(call, parsed.value("-o", "--owner"), parsed.value("-g", "--group"))
    if call.name == "install" and parsed.has("-d", "--directory"):
        return
    target = parsed.value("-t", "--target-directory")
    sources = parsed.rest if target else parsed.rest[:-1]
    if not target and len(parsed.rest) == 1 and call.name == "ln":
        sources, target = parsed.rest, "."
    target = target or (parsed.rest[-1] if len(parsed.rest) > 1 else "")
    if not target:
        return
    into = (
        target.endswith("/")
        or target.rstrip("/") in OPEN_DIRS
        or parsed.has("-t", "--target-directory")
        or len(sources) > 1
    )
    if into:
        for source in sources:
            name = posixpath.basename(source.rstrip("/"))
            unclear = any(char in name for char in "*?[")
            yield from made_file(posixpath.join(target.rstrip("/") or "/", UNKNOWN if unclear else name), call)
    else:
        yield from made_file(target, call)


def _owner(call: Call, user: str, group: str) -> Iterator[Step]:
    for kind, name in ((Kind.USER, user), (Kind.GROUP, group)):
        if name and not name.isdecimal() and UNKNOWN not in name:
            yield call.use(kind, name)


def _chown(call: Call) -> Iterator[Step]:
    parsed = parse_options(call.args, long=("--from", "--reference"))
    if parsed.rest and not parsed.has("--reference"):
        user, _, group = parsed.rest[0].replace(".", ":", 1).partition(":") if ":" not in parsed.rest[0] else (
            parsed.rest[0].partition(":"))  # fmt: skip
        yield from _owner(call, user if call.name == "chown" else "", group if call.name == "chown" else user)


def _download(call: Call) -> Iterator[Step]:
    if call.name == "curl":
        parsed = parse_options(call.args, "oXHduAeFTbcCEmrUwxyYzPQKD", (
            "--output", "--request", "--header", "--data", "--user", "--retry", "--retry-delay", "--max-time",
            "--proto",
            "--connect-timeout", "--output-dir", "--url", "--cacert", "--write-out", "--data-binary", "--form",
            "--proxy",
        ))  # fmt: skip
        path = parsed.value("-o", "--output")
        if path:
            yield from made_file(posixpath.join(parsed.value("--output-dir"), path), call)
        remote = parsed.has("-O", "--remote-name")
    else:
        parsed = parse_options(call.args, "OPoaiteTUQ", (
            "--output-document", "--directory-prefix", "--header", "--tries", "--timeout", "--user", "--password",
        ))  # fmt: skip
        path = parsed.value("-O", "--output-document")
        if path and path != "-":
            yield from made_file(path, call)
        remote = not path
    folder = parsed.value("-P", "--directory-prefix")
    for address in parsed.rest if remote else ():
        yield from made_file(posixpath.join(folder, posixpath.basename(address.split("?", 1)[0])), call)


def _compressors(words: Sequence[str]) -> set[str]:
    """The programs that GNU tar runs: by its options, else by the ends of the archive's name."""
    told = {program for option, program in COMPRESSORS.items() if option in words}
    bundles = [re.split("[fCTX]", word[1:])[0] for word in words if re.fullmatch("-[a-zA-Z]+", word)]
    bundles += [word for word in words[:1] if word.isalpha()]
    letters = "".join(bundles)
    told |= {program for letter, program in LETTERS.items() if letter in letters}
    by_name = not {"x", "a"}.isdisjoint(letters) or not {"--extract", "--get", "--auto-compress"}.isdisjoint(words)
    named = [word for word in words if by_name and not word.startswith("-")]
    return told or {program for end, program in ARCHIVES.items() for word in named if word.endswith(end)}


def _unpack(call: Call) -> Iterator[Step]:
    if call.name == "tar":
        words = call.args
        for program in sorted(_compressors(words)):
            yield call.use(Kind.COMMAND, program)
        first = words[0] if words else ""
        extracts = "x" in first.lstrip("-").split("=")[0] if not first.startswith("--") else "--extract" in words
        extracts = extracts or any(word in ("-x", "--extract", "--get") for word in words)
        folder = _value_after(words, ("-C", "--directory"))
    elif call.name in ("unzip", "bsdtar"):
        extracts, folder = "-l" not in call.args, _value_after(call.args, ("-d", "-C"))
    else:  # cpio
        extracts, folder = (
            any(word.startswith("-") and "i" in word for word in call.args),
            _value_after(call.args, ("-D",)),
        )
    if extracts and (folder.rstrip("/") or ("/" if folder else "")) in OPEN_DIRS:
        yield Cloud("anything", f"`{call.name}` unpacks an archive into {folder}", call.place)
    elif extracts:
        yield (
            Cloud("anything", f"`{call.name}` unpacks an archive", call.place)
            if UNKNOWN in folder
            else Make(Kind.FILE, posixpath.join(folder or ".", "*"), call.place, sure=False)
        )


def _value_after(words: Sequence[str], options: Sequence[str]) -> str:
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word in options:
            return following
        for option in options:
            if word.startswith(option) and len(word) > len(option):
                return word[len(option) :].removeprefix("=")
    return ""


def _tee(call: Call) -> Iterator[Step]:
    for path in parse_options(call.args).rest:
        yield from made_file(path, call)


def _build(call: Call) -> Iterator[Step]:
    if any(word.startswith("install") for word in call.args) or call.name == "ninja":
        yield Cloud("anything", f"`{call.text}` installs what a build made", call.place)


def _systemctl(call: Call) -> Iterator[Step]:
    parsed = parse_options(
        call.args, "tpnsHM", ("--type", "--property", "--lines", "--signal", "--host", "--machine", "--root")
    )
    if parsed.has("--user", "--root", "-H", "-M", "--host", "--machine") or parsed.rest[:1] == ():
        return
    if parsed.rest[0] in UNIT_VERBS:
        for name in parsed.rest[1:]:
            if not any(char in name for char in "*?[/"):
                yield call.use(Kind.SERVICE, name)


def _service(call: Call) -> Iterator[Step]:
    if len(call.args) >= 2 and not call.args[0].startswith("-"):
        yield call.use(Kind.SERVICE, call.args[0])


def _chkconfig(call: Call) -> Iterator[Step]:
    parsed = parse_options(call.args)
    if parsed.rest and not parsed.has("--list"):
        yield call.use(Kind.SERVICE, parsed.rest[0])


def _useradd(call: Call) -> Iterator[Step]:
    short = "bcdefgGkKpPRsuZ"
    long = (
        "--uid",
        "--gid",
        "--groups",
        "--shell",
        "--home-dir",
        "--comment",
        "--home",
        "--ingroup",
        "--gecos",
        "--system-uid",
        "--password",
    )
    parsed = parse_options(call.args, short, long)
    groups = [parsed.value("-g", "--gid", "--ingroup"), *parsed.value("-G", "--groups").split(",")]
    for group in groups:
        yield from _owner(call, "", group)
    if call.name == "adduser" and len(parsed.rest) == 2:
        yield from _owner(call, *parsed.rest[:2])
    elif parsed.rest:
        yield from _made_account(call, Kind.USER, parsed.rest[-1])
        yield from _made_account(call, Kind.GROUP, parsed.rest[-1])


def _groupadd(call: Call) -> Iterator[Step]:
    parsed = parse_options(call.args, "gKpPR", ("--gid",))
    if parsed.rest:
        yield from _made_account(call, Kind.GROUP, parsed.rest[-1])


def _made_account(call: Call, kind: Kind, name: str) -> Iterator[Step]:
    if UNKNOWN in name:
        yield Cloud("user", f"`{call.name}` makes an account whose name is a variable", call.place)
    else:
        yield Make(kind, name, call.place)


def _usermod(call: Call) -> Iterator[Step]:
    short = {"usermod": "cdefgGlpsuZRP", "gpasswd": "aAMdQ", "passwd": "nxwi", "chage": "dEIMmW"}[call.name]
    parsed = parse_options(
        call.args, short, ("--groups", "--gid", "--shell", "--home", "--append", "--add", "--maxdays", "--expiredate")
    )
    if call.name == "usermod":
        for group in (parsed.value("-g", "--gid"), *parsed.value("-G", "--groups").split(",")):
            yield from _owner(call, "", group)
        yield from _owner(call, parsed.rest[-1] if parsed.rest else "", "")
    elif call.name == "gpasswd":
        yield from _owner(call, parsed.value("-a", "--add"), parsed.rest[-1] if parsed.rest else "")
    else:
        yield from _owner(call, parsed.rest[-1] if parsed.rest else "", "")


def _sed(call: Call) -> Iterator[Step]:
    if any(
        word.startswith(("-i", "--in-place")) or (word.startswith("-") and word[1:2].isalpha() and "i" in word[:4])
        for word in call.args
    ):
        parsed = parse_options(call.args, "efl", ("--expression", "--file"))
        files = parsed.rest if parsed.has("-e", "--expression", "-f", "--file") else parsed.rest[1:]
        for path in files:
            if path.startswith(("/etc/", "/usr/")) and not any(char in path for char in f"*?[{UNKNOWN}"):
                yield call.use(Kind.FILE, path)


def _sysusers(call: Call) -> Iterator[Step]:
    yield Cloud("user", f"`{call.name}` makes accounts that a file names", call.place)


EFFECTS: dict[str, Callable[[Call], Iterator[Step]]] = {
    **package_manager.EFFECTS,
    **dict.fromkeys(("cp", "mv", "install", "ln"), _copy),
    **dict.fromkeys(("chown", "chgrp"), _chown),
    **dict.fromkeys(("curl", "wget"), _download),
    **dict.fromkeys(("tar", "bsdtar", "unzip", "cpio"), _unpack),
    **dict.fromkeys(("tee", "touch"), _tee),
    **dict.fromkeys(("make", "ninja", "cmake", "meson"), _build),
    **dict.fromkeys(("useradd", "adduser"), _useradd),
    **dict.fromkeys(("groupadd", "addgroup"), _groupadd),
    **dict.fromkeys(("usermod", "gpasswd", "passwd", "chage"), _usermod),
    "systemctl": _systemctl,
    "service": _service,
    "invoke-rc.d": _service,
    "chkconfig": _chkconfig,
    "sed": _sed,
    "systemd-sysusers": _sysusers,
    "newusers": _sysusers,
}
