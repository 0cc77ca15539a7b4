"""Options of commands, as getopt reads them, and the commands that run other commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class Parsed(NamedTuple):
    """`options`: (`-x` or `--long`, value or empty); `rest`: the other words."""

    options: tuple[tuple[str, str], ...]
    rest: tuple[str, ...]

    def value(self, *names: str) -> str:
        """The value of the last of some options that is given; empty when none is."""
        found = [value for name, value in self.options if name in names]
        return found[-1] if found else ""

    def has(self, *names: str) -> bool:
        """Whether one of some options is given."""
        return any(name in names for name, _ in self.options)


def parse_options(
    args: Sequence[str], short: str = "", long: Collection[str] = (), *, permute: bool = True, single: bool = False
) -> Parsed:
    """Options and other words. `short`: letters, `long`: names (with `--`) that take a value in the next word.

    `permute`: options may follow other words. `single`: `-name` is one option, as find and curl's kin have them.
    """
    options: list[tuple[str, str]] = []
    rest: list[str] = []
    waiting = list(args)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            rest += waiting
            break
        if word.startswith("--") or (single and word.startswith("-") and len(word) > 1):
            name, equals, value = word.partition("=")
            if not equals and name in long and waiting:
                value = waiting.pop(0)
            options.append((name, value))
        elif word.startswith("-") and len(word) > 1:
            for at, letter in enumerate(word[1:], 1):
                if letter not in short:
                    options.append((f"-{letter}", ""))
                    continue
                value = word[at + 1 :] or (waiting.pop(0) if waiting else "")
                options.append((f"-{letter}", value))
                break
        else:
            rest.append(word)
            if not permute:
                rest += waiting
                break
    return Parsed(tuple(options), tuple(rest))


@dataclass(frozen=True, slots=True)
class Wrapper:
    """How a command that runs another is written: its options with values, and the words before the other command.

    `assigns`: `NAME=value` may precede it. `string`: the option whose value is a command line of a shell.
    `joins`: its words are joined to a command line of a shell. `users`: options that name a user.
    """

    short: str = ""
    long: tuple[str, ...] = ()
    before: int = 0
    assigns: bool = False
    string: tuple[str, ...] = ()
    joins: bool = False
    users: tuple[str, ...] = ()


WRAPPERS = {
    "sudo": Wrapper(
        "ugpCchrTDRt",
        ("--user", "--group", "--prompt", "--chdir", "--host", "--role", "--type", "--close-from", "--command-timeout"),
        assigns=True,
        users=("-u", "--user"),
    ),
    "doas": Wrapper("uC", users=("-u",)),
    "pkexec": Wrapper(long=("--user",), users=("--user",)),
    "env": Wrapper("uCS", ("--unset", "--chdir", "--split-string"), assigns=True, string=("-S", "--split-string")),
    "nohup": Wrapper(),
    "setsid": Wrapper(),
    "nice": Wrapper("n", ("--adjustment",)),
    "ionice": Wrapper("cnpPu", ("--class", "--classdata")),
    "chrt": Wrapper("TPD", before=1),
    "taskset": Wrapper(before=1),
    "timeout": Wrapper("ks", ("--kill-after", "--signal"), before=1),
    "time": Wrapper("fo", ("--format", "--output")),
    "stdbuf": Wrapper("ioe", ("--input", "--output", "--error")),
    "flock": Wrapper("wEc", ("--timeout", "--wait", "--conflict-exit-code", "--command"), 1, string=("-c",
    "--command")),
    "xargs": Wrapper("ILnPsdaE", ("--max-args", "--max-procs", "--delimiter", "--arg-file", "--replace")),
    "strace": Wrapper("oepsEPuSX"),
    "ltrace": Wrapper("oepsu"),
    "unshare": Wrapper("SGRw", ("--setuid", "--setgid", "--root", "--wd")),
    "watch": Wrapper("n", ("--interval",), joins=True),
    "runuser": Wrapper(
        "ugGsc",
        ("--user", "--group", "--shell", "--command"),
        users=("-u", "--user"),
        string=("-c", "--command"),
    ),
    "su": Wrapper("ugGscwT", ("--shell", "--command", "--group"), string=("-c", "--command")),
    "systemd-run": Wrapper(
        "pEHMtuG",
        ("--unit", "--property", "--setenv", "--description", "--slice", "--on-active", "--on-calendar", "--uid",
        "--gid",
         "--on-boot", "--nice", "--working-directory", "--timer-property", "--service-type"),
    ),
    "systemd-inhibit": Wrapper(long=("--what", "--who", "--why", "--mode")),
    "setpriv": Wrapper(long=("--reuid", "--regid", "--groups"), users=("--reuid",)),
    "numactl": Wrapper("NCmip"),
    "dbus-run-session": Wrapper(),
    "command": Wrapper(),
    "builtin": Wrapper(),
    "exec": Wrapper("a"),
    "coproc": Wrapper(),
    "cgexec": Wrapper("g"),
    "chronic": Wrapper(),
    "unbuffer": Wrapper(),
    "fakeroot": Wrapper("lsi"),
    "cloud-init-per": Wrapper(before=2),
}  # fmt: skip
# Their operands run on another machine, in a container or under another root.
ELSEWHERE = {
    "ssh", "docker", "podman", "nerdctl", "kubectl", "oc", "chroot", "arch-chroot", "nsenter", "systemd-nspawn",
    "machinectl", "lxc", "vagrant", "virsh", "ansible", "pssh", "mosh", "az", "gcloud", "aws", "helm", "crictl",
    "toolbox",
}  # fmt: skip


class Inner(NamedTuple):
    """What a wrapper runs: the words of a command, or the text of a script; the users it names, the PATH it sets."""

    words: tuple[str, ...] = ()
    script: str = ""
    users: tuple[str, ...] = ()
    path: str = ""


def unwrap(name: str, args: Sequence[str]) -> Inner | None:
    """What a command runs in turn; None when it is no wrapper."""
    kind = WRAPPERS.get(name)
    if kind is None:
        return None
    parsed = parse_options(args, kind.short, kind.long, permute=name == "su" or (name == "runuser" and "-c" in args))
    users = tuple(value for option, value in parsed.options if option in kind.users and value)
    if name in ("su", "runuser") and not users:
        users = tuple(word for word in parsed.rest[:2] if word != "-")[:1]
    script = parsed.value(*kind.string) if kind.string else ""
    if script:
        return Inner((), script, users)
    if name in ("su", "runuser") and not parsed.has("-u", "--user"):
        return Inner((), "", users)
    rest, path = list(parsed.rest), ""
    while kind.assigns and rest and "=" in rest[0] and rest[0].split("=", 1)[0].isidentifier():
        variable, _, value = rest.pop(0).partition("=")
        path = value if variable == "PATH" else path
    rest = rest[kind.before :] if name != "taskset" or not parsed.has("-p") else []
    if kind.joins:
        return Inner((), " ".join(rest), users)
    if name == "flock" and len(rest) == 2 and rest[0] == "-c":
        return Inner((), rest[1], users)
    return Inner(tuple(rest), "", users, path)


def find_runs(args: Sequence[str]) -> list[tuple[str, ...]]:
    """The commands that `find` runs by -exec and its kin."""
    commands, at = [], 0
    while at < len(args):
        if args[at] in ("-exec", "-execdir", "-ok", "-okdir"):
            end = next((i for i in range(at + 1, len(args)) if args[i] in (";", "+")), len(args))
            commands.append(tuple(args[at + 1 : end]))
            at = end
        at += 1
    return [command for command in commands if command]
