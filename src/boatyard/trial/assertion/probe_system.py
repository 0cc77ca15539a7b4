"""What is in the guest: files, packages, services, accounts, processes, sockets, mounts, parameters, interfaces.

Tables of the kernel and of /etc are read whole, once, and searched here: a program started is what costs time.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from boatyard.trial import listening
from boatyard.trial.assertion.name import split_port
from boatyard.trial.assertion.probe import CONTENT_LIMIT, Facts, Probe, UnknownError, key, limited, wants
from boatyard.trial.section import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.trial.assertion.model import Assertion
    from boatyard.trial.section import Answers

DIGESTS = ("md5", "sha256", "sha512")
# What stat's %f says in its first digit (inode(7)), in goss's words.
FILE_TYPES = {
    0x1: "pipe", 0x2: "character-device", 0x4: "directory", 0x6: "block-device", 0x8: "file", 0xA: "symlink",
    0xC: "socket",
}  # fmt: skip
UNIT_SUFFIX = re.compile(r"\.(?:service|socket|target|timer|mount|path|slice|scope|device|swap|automount)$")
ENABLED = ("enabled", "enabled-runtime", "static", "alias", "indirect", "generated")  # as `systemctl is-enabled`
ACTIVE = ("active", "reloading", "refreshing")
COMM_LENGTH = 15  # the kernel cuts names of programs


def file_sections(asked: Sequence[Assertion]) -> list[Section]:
    sections: dict[str, Section] = {}
    for path in dict.fromkeys(one.target for one in asked):
        same = [one for one in asked if one.target == path]
        lines = [
            f"f={shlex.quote(path)}",
            '[ -e "$f" ] || [ -L "$f" ] || { echo absent; exit 0; }',
            "stat -c 'stat %a %u %g %s %f %U %G' \"$f\"",
            'if [ -L "$f" ]; then printf \'link %s\\n\' "$(readlink "$f")"; fi',
        ]
        lines += [
            f'[ -f "$f" ] && printf \'{digest} %s\\n\' "$({digest}sum <"$f")"'
            for digest in DIGESTS
            if any(wants(one, digest) for one in same)
        ]
        sections[key("file", path)] = Section(key("file", path), "\n".join(lines))
        if any(wants(one, "contents") for one in same):
            name = key("content", path)
            sections[name] = Section(name, f'f={shlex.quote(path)}; [ -f "$f" ] && cat "$f"', CONTENT_LIMIT)
    return list(sections.values())


def file_facts(one: Assertion, answers: Answers) -> Facts:
    lines = answers[key("file", one.target)].lines
    if lines == ["absent"]:
        return {"exists": False}
    facts: Facts = {}
    for line in lines:
        word, _, rest = line.partition(" ")
        words = rest.split(" ", 6)
        if word == "stat" and len(words) == 7:
            mode, uid, gid, size, raw, facts["owner"], facts["group"] = words
            facts |= {"exists": True, "mode": mode.zfill(4), "uid": int(uid), "gid": int(gid), "size": int(size)}
            facts["filetype"] = FILE_TYPES.get(int(raw, 16) >> 12, "other")
        elif word == "link":
            facts["linked-to"] = rest
        elif word in DIGESTS and rest:
            facts[word] = rest.split()[0]
    if "exists" not in facts:
        raise UnknownError("; ".join(lines)[:500] or "stat in the guest says nothing")
    return facts | {"contents": answers[key("content", one.target)]}


def package_sections(asked: Sequence[Assertion]) -> list[Section]:
    names = shlex.join(dict.fromkeys(one.target for one in asked))
    rpm = r"%{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE} %{VERSION} %{ARCH}\n"
    body = f"""\
if [ -s /var/lib/dpkg/status ]; then
    echo dpkg; dpkg-query -W -f '${{Package}} ${{db:Status-Status}} ${{Version}} ${{Architecture}}\\n' -- {names}
elif command -v rpm >/dev/null 2>&1; then echo rpm; rpm -q --nosignature --nodigest --qf '{rpm}' -- {names}
else echo none; fi
echo end"""
    return [Section("packages", body)]


def package_facts(one: Assertion, answers: Answers) -> Facts:
    manager, *lines = answers["packages"].lines or [""]
    if manager not in ("rpm", "dpkg") or lines[-1:] != ["end"]:
        raise UnknownError("the guest has neither rpm nor dpkg")
    full: list[str] = []
    short: list[str] = []
    for words in (line.split(" ") for line in lines):
        if len(words) != 4:  # `package x is not installed`, and warnings
            continue
        name, second, version, arch = words
        if manager == "dpkg" and second != "installed":
            continue
        evr = second if manager == "rpm" else version
        forms = {form for end in ("", f".{arch}") for form in (f"{name}{end}", f"{name}-{evr}{end}")}
        if one.target in forms | {f"{name}-{version}"}:
            full.append(evr)
            short.append(version if manager == "rpm" else _upstream(version))
    return {"installed": bool(full), "versions": full, "version": short}


def _upstream(version: str) -> str:
    """Debian's version without epoch and revision."""
    return version.partition(":")[2].rpartition("-")[0] if ":" in version else version.rpartition("-")[0] or version


def service_sections(asked: Sequence[Assertion]) -> list[Section]:
    units = shlex.join(dict.fromkeys(_unit(one) for one in asked))
    properties = "-p Id -p LoadState -p ActiveState -p UnitFileState"
    shown = Section("services", f"systemctl show --no-pager {properties} -- {units}")
    return [Section("service-names", f"echo {units}"), shown]


def service_facts(one: Assertion, answers: Answers) -> Facts:
    """Units are told in the order of the question, by their own names, which aliases do not have."""
    blocks = [block for block in re.split(r"\n\n+", answers["services"].text.strip()) if "LoadState=" in block]
    asked = answers["service-names"].text.split()
    if len(blocks) != len(asked) or _unit(one) not in asked:
        raise UnknownError(answers["services"].text[-500:] or "systemctl in the guest says nothing")
    unit = dict(line.split("=", 1) for line in blocks[asked.index(_unit(one))].splitlines() if "=" in line)
    return {"enabled": unit.get("UnitFileState") in ENABLED, "running": unit.get("ActiveState") in ACTIVE}


def _unit(one: Assertion) -> str:
    return one.target if UNIT_SUFFIX.search(one.target) else f"{one.target}.service"


def account_sections(_: Sequence[Assertion]) -> list[Section]:
    return [Section("passwd", "cat /etc/passwd", 1 << 20), Section("group", "cat /etc/group", 1 << 20)]


def user_facts(one: Assertion, answers: Answers) -> Facts:
    rows = [line.split(":") for line in answers["passwd"].lines]
    row = next((row for row in rows if row[0] == one.target and len(row) >= 7 and row[2].isdigit()), None)
    if row is None:
        return {"exists": False}
    groups = [row for row in (line.split(":") for line in answers["group"].lines) if len(row) >= 4]
    names = [group[0] for group in groups if group[2] == row[3] or one.target in group[3].split(",")]
    return {"exists": True, "uid": int(row[2]), "gid": int(row[3]), "home": row[5], "shell": row[6], "groups": names}


def group_facts(one: Assertion, answers: Answers) -> Facts:
    rows = [line.split(":") for line in answers["group"].lines]
    row = next((row for row in rows if row[0] == one.target and len(row) >= 4 and row[2].isdigit()), None)
    return {"exists": False} if row is None else {"exists": True, "gid": int(row[2])}


def process_sections(_: Sequence[Assertion]) -> list[Section]:
    return [Section("processes", "cat /proc/[0-9]*/comm 2>/dev/null", 1 << 20)]


def process_facts(one: Assertion, answers: Answers) -> Facts:
    return {"running": one.target[:COMM_LENGTH] in answers["processes"].lines}


def port_sections(_: Sequence[Assertion]) -> list[Section]:
    return [Section("sockets", listening.TABLES, 1 << 20)]


def port_facts(one: Assertion, answers: Answers) -> Facts:
    """`tcp` is over IPv4 or IPv6, as a socket of `::` takes both; `tcp6` is over IPv6 alone."""
    listeners, _ = listening.parse_tables(answers["sockets"].text)
    protocol, port = split_port(one.target)
    found = [it for it in listeners if it.port == port and it.protocol.startswith(protocol)]
    return {"listening": bool(found), "ip": [str(it.address) for it in found]}


def mount_sections(asked: Sequence[Assertion]) -> list[Section]:
    sections = [Section("mounts", "cat /proc/self/mountinfo", 1 << 20)]
    for one in asked:
        if wants(one, "usage"):
            body = f"{limited(one)}\n$T df -Pk {shlex.quote(one.target)}"
            sections.append(Section(key("usage", one.target), body))
    return sections


def mount_facts(one: Assertion, answers: Answers) -> Facts:
    """The columns of mountinfo (proc(5)); of several mounts at one place the last covers the others."""
    facts: Facts = {"exists": False}
    for line in answers["mounts"].lines:
        head, _, tail = line.partition(" - ")
        fields, rest = head.split(" "), tail.split(" ")
        if len(fields) >= 6 and len(rest) >= 3 and _unescaped(fields[4]) == (one.target.rstrip("/") or "/"):
            options = {"opts": fields[5].split(","), "vfs-opts": rest[2].split(",")}
            facts = {"exists": True, "source": _unescaped(rest[1]), "filesystem": rest[0], **options}
    usage = re.search(r" ([0-9]+)% /", answers[key("usage", one.target)].text)
    return facts | ({"usage": int(usage[1])} if usage is not None and facts["exists"] else {})


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), text)


def parameter_sections(asked: Sequence[Assertion]) -> list[Section]:
    return [
        Section(key("sysctl", one.target), f"cat /proc/sys/{shlex.quote(_parameter(one.target))}", 4096)
        for one in asked
    ]


def parameter_facts(one: Assertion, answers: Answers) -> Facts:
    text = answers[key("sysctl", one.target)].text
    if "No such file" in text or not text:
        return {}
    return {"value": " ".join(text.split())}


def _parameter(name: str) -> str:
    """The path of sysctl(8): the first separator counts, the other one then belongs to a name."""
    first = re.search(r"[./]", name)
    return name if first is None or first[0] == "/" else name.translate(str.maketrans("./", "/."))


def interface_sections(asked: Sequence[Assertion]) -> list[Section]:
    sections = []
    for one in asked:
        name = shlex.quote(one.target)
        body = (
            f'[ -d /sys/class/net/{name} ] || {{ echo absent; exit 0; }}; echo "mtu $(cat /sys/class/net/{name}/mtu)"'
        )
        if wants(one, "addrs"):
            body += f"; ip -o addr show dev {name}"
        sections.append(Section(key("interface", one.target), body))
    return sections


def interface_facts(one: Assertion, answers: Answers) -> Facts:
    lines = answers[key("interface", one.target)].lines
    if lines == ["absent"]:
        return {"exists": False}
    facts: Facts = {"exists": True}
    found = [re.search(r" inet6? (\S+)", line) for line in lines]
    facts["addrs"] = [address[1] for address in found if address is not None]
    if lines and re.fullmatch(r"mtu [0-9]+", lines[0]):
        facts["mtu"] = int(lines[0][4:])
    if wants(one, "addrs") and any("not found" in line for line in lines):
        raise UnknownError("the guest has no `ip`")
    return facts


PROBES = {
    "file": Probe(file_sections, file_facts),
    "package": Probe(package_sections, package_facts),
    "service": Probe(service_sections, service_facts),
    "user": Probe(account_sections, user_facts),
    "group": Probe(account_sections, group_facts),
    "process": Probe(process_sections, process_facts),
    "port": Probe(port_sections, port_facts),
    "mount": Probe(mount_sections, mount_facts),
    "kernel-param": Probe(parameter_sections, parameter_facts),
    "interface": Probe(interface_sections, interface_facts),
}
