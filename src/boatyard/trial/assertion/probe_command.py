"""What the guest does when it is told to: commands, and connections to names, addresses and web servers."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from boatyard.trial.assertion.name import split_address
from boatyard.trial.assertion.probe import OUTPUT_LIMIT, Facts, Probe, UnknownError, key, limited
from boatyard.trial.section import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.trial.assertion.model import Assertion
    from boatyard.trial.section import Answers

# `head` would lose what it has not written yet when it is ended. The unit of ulimit is 512 bytes, or 1 KiB in bash.
KEEP = f"""$T sh -c 'trap "" XFSZ; (ulimit -f {OUTPUT_LIMIT // 512 + 1}; cat >"$0") 2>/dev/null; cat >/dev/null'"""
TIMED_OUT = (124, 137, 143)  # of coreutils' timeout; of one that had to kill; of busybox's


def command_sections(asked: Sequence[Assertion]) -> list[Section]:
    """Output goes through pipes whose readers keep its beginning and read on, so that no disk is filled and no command
    is ended by a closed pipe. What goes on in the background is not waited for beyond the time limit."""
    sections: dict[str, Section] = {}
    for one in asked:
        name = _command_key(one)
        body = f"""\
{limited(one)}
[ -n "$D" ] || {{ echo none; exit 0; }}
exec 2>/dev/null
{{ {{ $T sh -c {shlex.quote(one.target)} 2>&3 3>&-; echo $? >"$D/code"; }} |
    {KEEP} "$D/out"; }} 3>&1 | {KEEP} "$D/err"
cat "$D/code\""""
        sections[name] = Section(name, body)
        for stream in ("out", "err"):
            sections[f"{name}-{stream}"] = Section(f"{name}-{stream}", f'cat "$D/{stream}"', OUTPUT_LIMIT)
    return list(sections.values())


def command_facts(one: Assertion, answers: Answers) -> Facts:
    code = answers[_command_key(one)].text.strip()
    if not code.isdigit():
        raise UnknownError(
            "there is no room for its output in the guest" if code == "none" else "it did not end in time"
        )
    out, err = (answers[f"{_command_key(one)}-{stream}"] for stream in ("out", "err"))
    return {"exit-status": int(code), "stdout": out, "stderr": err}


def _command_key(one: Assertion) -> str:
    return key("command", one.target, str(one.timeout_s))


def dns_sections(asked: Sequence[Assertion]) -> list[Section]:
    return [
        Section(
            key("dns", one.target),
            f"{limited(one)}\ncommand -v getent >/dev/null 2>&1 || {{ echo none; exit 0; }}\n"
            f"$T getent ahosts {shlex.quote(one.target)}; echo code $?",
            OUTPUT_LIMIT,
        )
        for one in asked
    ]


def dns_facts(one: Assertion, answers: Answers) -> Facts:
    lines = answers[key("dns", one.target)].lines
    if lines == ["none"]:
        raise UnknownError("the guest has no getent")
    if lines[-1:] != ["code 0"]:
        return {"resolvable": False}
    return {"resolvable": True, "addrs": list(dict.fromkeys(line.split()[0] for line in lines[:-1] if line.strip()))}


def addr_sections(asked: Sequence[Assertion]) -> list[Section]:
    sections = []
    for one in asked:
        place = split_address(one.target)
        host, port = shlex.quote(place[0] if place else ""), place[1] if place else 0
        body = f"""\
{limited(one)}
if command -v bash >/dev/null 2>&1; then $T bash -c 'exec 3<>"/dev/tcp/$0/$1"' {host} {port}
elif command -v nc >/dev/null 2>&1; then $T nc -z {host} {port}
else echo none; exit 0; fi
echo code $?"""
        sections.append(Section(key("addr", one.target), body, OUTPUT_LIMIT))
    return sections


def addr_facts(one: Assertion, answers: Answers) -> Facts:
    lines = answers[key("addr", one.target)].lines
    if split_address(one.target) is None:
        raise UnknownError("only TCP is looked at")
    if lines == ["none"]:
        raise UnknownError("the guest has neither bash nor nc")
    return {"reachable": lines[-1:] == ["code 0"]}


def http_sections(asked: Sequence[Assertion]) -> list[Section]:
    sections: dict[str, Section] = {}
    for one in asked:
        name, options = _http_key(one), one.options
        words = ["curl", "--silent", "--show-error", "--globoff", "--max-time", str(max(1, round(one.timeout_s)))]
        words += ["--insecure"] * bool(options.get("allow-insecure"))
        words += ["--location"] * (not options.get("no-follow-redirects"))
        words += ["--request", str(options["method"])] if options.get("method") else []
        headers = options.get("request-headers")
        for header in headers if isinstance(headers, list) else []:
            words += ["--header", str(header)]
        words += ["--data-raw", str(options["request-body"])] if options.get("request-body") else []
        command = shlex.join([*words, "--write-out", "%{http_code}", "--url", one.target])
        body = f"""\
[ -n "$D" ] && command -v curl >/dev/null 2>&1 || {{ echo none; exit 0; }}
: >"$D/head"
{limited(one)}
{{ {command} --dump-header "$D/head" --output /dev/fd/3; echo " $?" >"$D/code"; }} 3>&1 >"$D/status" 2>"$D/err" |
    {KEEP} "$D/out"
cat "$D/status" "$D/code" "$D/err\""""
        sections[name] = Section(name, body, OUTPUT_LIMIT)
        for stream in ("head", "out"):
            sections[f"{name}-{stream}"] = Section(f"{name}-{stream}", f'cat "$D/{stream}"', OUTPUT_LIMIT)
    return list(sections.values())


def http_facts(one: Assertion, answers: Answers) -> Facts:
    text = answers[_http_key(one)].text
    words = text.split()
    if not words or words == ["none"]:
        raise UnknownError("the guest has no curl, or no room for its output")
    status = words[0] if len(words) > 1 and words[1] == "0" else ""
    if not status.isdigit():
        return {"lack": " ".join(words[2:]) or "no answer"}
    head, body = (answers[f"{_http_key(one)}-{stream}"] for stream in ("head", "out"))
    return {"status": int(status), "headers": head, "body": body}


def _http_key(one: Assertion) -> str:
    return key("http", one.target, str(one.timeout_s), repr(sorted(one.options.items(), key=str)))


def matching_facts(one: Assertion, _: Answers) -> Facts:
    """What goss calls matching compares values of the file itself."""
    return {"matches": one.options.get("content")}


PROBES = {
    "command": Probe(command_sections, command_facts),
    "dns": Probe(dns_sections, dns_facts),
    "addr": Probe(addr_sections, addr_facts),
    "http": Probe(http_sections, http_facts),
    "matching": Probe(lambda _: [], matching_facts),
}
