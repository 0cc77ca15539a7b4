"""What package managers are told to do, by their command lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boatyard.check.shell.option import parse_options
from boatyard.check.step import UNKNOWN, Cloud, Install, Kind, Make, Remove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from boatyard.check.shell.call import Call
    from boatyard.check.step import Step

DNF = ("dnf", "dnf4", "dnf-3", "dnf5", "yum", "microdnf", "tdnf")
DNF_LONG = (
    "--setopt", "--enablerepo", "--disablerepo", "--repo", "--repoid", "--releasever", "--config", "--exclude",
    "--installroot", "--disableplugin", "--enableplugin", "--repofrompath", "--forcearch", "--comment", "--color",
    "--advisory", "--destdir", "--downloaddir", "--debuglevel", "--errorlevel", "--rpmverbosity", "--randomwait",
)  # fmt: skip
DNF_INSTALL = {
    "install",
    "in",
    "reinstall",
    "rei",
    "localinstall",
    "install-n",
    "install-na",
    "install-nevra",
    "builddep",
}
DNF_REMOVE = {"remove", "rm", "erase", "autoremove"}
DNF_ASKS = {"update", "upgrade", "up", "distro-sync", "dsync", "downgrade", "update-minimal", "upgrade-minimal"}
APT = ("apt-get", "apt", "aptitude", "nala")
FOREIGN = {
    "apt-get": "apt", "apt": "apt", "aptitude": "apt", "nala": "apt", "apt-key": "apt", "apt-cache": "apt",
    "apt-mark": "apt", "apt-add-repository": "apt", "add-apt-repository": "apt", "dpkg": "apt", "dpkg-query": "apt",
    "dpkg-reconfigure": "apt", "debconf-set-selections": "apt", "gdebi": "apt", "apk": "apk", "zypper": "zypper",
    "pacman": "pacman", "emerge": "portage", "yum": "dnf", "tdnf": "dnf", "microdnf": "dnf", "dnf": "dnf",
    "dnf5": "dnf",
    "snap": "snap", "brew": "brew", "rpm": "rpm",
}  # fmt: skip
# What a distribution of one package manager may also have.
SAME_FAMILY = {"dnf": {"dnf", "rpm"}, "apt": {"apt"}, "zypper": {"zypper", "rpm"}, "apk": {"apk"}, "pacman": {"pacman"}}
# Commands that Python packages bring, where they are not called like them.
PIP_COMMANDS = {
    "ansible": ("ansible", "ansible-playbook", "ansible-galaxy", "ansible-vault"), "ansible-core": (
    "ansible", "ansible-playbook", "ansible-galaxy", "ansible-vault"), "awscli": ("aws",), "azure-cli": ("az",),
    "httpie": ("http", "https"), "virtualenv": ("virtualenv",), "docker-compose": ("docker-compose",),
    "pytest": ("pytest", "py.test"), "jupyter": ("jupyter",), "huggingface-hub": ("huggingface-cli", "hf"),
    "python-openstackclient": ("openstack",), "pip": ("pip", "pip3"), "ruamel.yaml.cmd": ("yaml",),
    "glances": ("glances",), "uv": ("uv", "uvx"), "pipenv": ("pipenv",), "celery": ("celery",), "uwsgi": ("uwsgi",),
}  # fmt: skip
NPM_COMMANDS = {
    "typescript": ("tsc",), "@angular/cli": ("ng",), "@vue/cli": ("vue",), "azure-functions-core-tools": ("func",),
    "aws-cdk": ("cdk",), "yarn": ("yarn",), "pnpm": ("pnpm", "pnpx"), "n": ("n",),
}  # fmt: skip
PIP_MODULES = {
    "pyyaml": "yaml", "pillow": "PIL", "python-dateutil": "dateutil", "beautifulsoup4": "bs4",
    "scikit-learn": "sklearn",
    "opencv-python": "cv2", "python-dotenv": "dotenv", "psycopg2-binary": "psycopg2", "pyjwt": "jwt",
    "gitpython": "git",
    "mysqlclient": "MySQLdb", "pycryptodome": "Crypto", "pyopenssl": "OpenSSL", "attrs": "attr", "pymysql": "pymysql",
}  # fmt: skip
REQUIREMENT = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(?:[=<>!~;@].*)?$")


def _dnf(call: Call) -> Iterator[Step]:
    parsed = parse_options(call.args, "cxdeR", DNF_LONG)
    if not parsed.rest or parsed.has("--installroot", "--downloadonly", "--help", "-h"):
        return
    verb, names = parsed.rest[0], parsed.rest[1:]
    confirmed = (parsed.has("-y", "--assumeyes", "--assumeno") or call.input.kind in ("yes", "text", "program")) or any(
        value.lower().startswith("assumeyes=") for _, value in parsed.options
    )
    if verb in ("groupinstall", "group", "groups", "module", "environment"):
        if verb == "groupinstall" or "install" in names[:1] or "enable" in names[:1]:
            yield _install(call, "dnf", (f"@{name}" for name in names if name != "install"), confirmed=confirmed)
    elif verb in DNF_INSTALL or verb == "swap":
        if verb == "swap":
            yield Remove(names[:1])
            names = names[1:]
        yield _install(call, "dnf", names, confirmed=confirmed)
    elif verb in DNF_REMOVE:
        yield Remove(names)
    elif verb in DNF_ASKS:
        yield _install(call, "dnf", (), confirmed=confirmed)
    elif verb in ("copr", "config-manager") and (
        names[:1] in (("enable",), ("addrepo",), ("--add-repo",)) or parsed.has("--add-repo", "--enable",
        "--set-enabled")
        or "addrepo" in names
    ):  # fmt: skip
        yield Cloud("repository", f"`{call.name} {verb}` adds a repository", call.place)


def _rpm(call: Call) -> Iterator[Step]:
    parsed = parse_options(call.args, "D", ("--root", "--dbpath", "--define", "--prefix"))
    if parsed.has("-q", "--query", "-V", "--verify", "-K", "--checksig", "--import", "--root", "--eval", "-E"):
        return
    if parsed.has("-e", "--erase"):
        yield Remove(parsed.rest)
    elif parsed.has("-i", "-U", "-F", "--install", "--upgrade", "--freshen") and parsed.rest:
        yield _install(call, "rpm", parsed.rest)


def _apt(call: Call) -> Iterator[Step]:
    parsed = parse_options(call.args, "otct", ("--option", "--target-release", "--config-file", "--default-release"))
    verb, names = (parsed.rest[0], parsed.rest[1:]) if parsed.rest else ("", ())
    confirmed = parsed.has("-y", "--yes", "--assume-yes", "-q") or call.input.kind in ("yes", "text", "program")
    if verb in ("install", "reinstall"):
        yield _install(call, "apt", names, confirmed=confirmed)
    elif verb in ("remove", "purge", "autoremove"):
        yield Remove(names)


def _other(manager: str, verbs: Sequence[str]) -> Callable[[Call], Iterator[Step]]:
    def effect(call: Call) -> Iterator[Step]:
        parsed = parse_options(call.args, "t" if manager == "apk" else "", ("--virtual", "--repository", "--channel"))
        if manager == "pacman":
            if any(word.startswith("-S") for word in call.args) and parsed.rest:
                yield _install(call, manager, parsed.rest)
        elif parsed.rest and parsed.rest[0] in verbs:
            yield _install(call, manager, parsed.rest[1:])

    return effect


def _dpkg(call: Call) -> Iterator[Step]:
    parsed = parse_options(call.args)
    if parsed.has("-i", "--install") and parsed.rest:
        yield _install(call, "apt", parsed.rest)


def _pip(call: Call) -> Iterator[Step]:
    long = ("--index-url", "--extra-index-url", "--find-links", "--target", "--requirement", "--constraint", "--root",
            "--prefix", "--trusted-host", "--proxy", "--cache-dir", "--timeout", "--python")  # fmt: skip
    parsed = parse_options(call.args, "rceifdt", long)
    if parsed.rest[:1] != ("install",):
        return
    if parsed.has("-r", "--requirement", "-e", "--editable") or any(UNKNOWN in word for word in parsed.rest):
        yield Cloud("module", "pip installs what another file or a variable names", call.place)
    yield from pip_packages(call, parsed.rest[1:])


def pip_packages(call: Call, names: Sequence[str]) -> Iterator[Step]:
    """What Python packages bring: modules, and commands as far as they are known."""
    for word in names:
        found = REQUIREMENT.match(word)
        if found is None:
            yield Cloud("module", f"pip installs {word.replace(UNKNOWN, '…')}", call.place)
            continue
        name = found[1].lower().replace("_", "-")
        yield Make(Kind.MODULE, PIP_MODULES.get(name, name.replace("-", "_").split(".")[0]), call.place)
        if "-" in name:
            yield Make(Kind.MODULE, name.split("-", 1)[0], call.place, sure=False)
        for command in PIP_COMMANDS.get(name, (name,)):
            yield Make(Kind.COMMAND, command, call.place, sure=name in PIP_COMMANDS)
    yield Cloud("module", "pip installs dependencies that are not known", call.place)


def _pipx(call: Call) -> Iterator[Step]:
    parsed = parse_options(call.args)
    if parsed.rest[:1] == ("install",) or parsed.rest[:2] == ("tool", "install"):
        for name in parsed.rest[1:]:
            for command in PIP_COMMANDS.get(name.split("=")[0], (name.split("=")[0],)):
                yield Make(Kind.COMMAND, command, call.place)


def _npm(call: Call) -> Iterator[Step]:
    parsed = parse_options(call.args)
    if parsed.has("-g", "--global") and parsed.rest[:1] and parsed.rest[0] in ("install", "i", "add"):
        for word in parsed.rest[1:]:
            name = word if word.startswith("@") and word.count("@") == 1 else word.rpartition("@")[0] or word
            for command in NPM_COMMANDS.get(name, (name.rsplit("/", 1)[-1],)):
                yield Make(Kind.COMMAND, command, call.place)


def _language(verbs: Sequence[str]) -> Callable[[Call], Iterator[Step]]:
    def effect(call: Call) -> Iterator[Step]:
        parsed = parse_options(call.args, "v")
        if parsed.rest[:1] and parsed.rest[0] in verbs:
            for word in parsed.rest[1:]:
                yield Make(Kind.COMMAND, word.split("@", 1)[0].rstrip("/.").rsplit("/", 1)[-1], call.place)

    return effect


def _adds_repository(call: Call) -> Iterator[Step]:
    yield Cloud("repository", f"`{call.name}` adds a repository", call.place)


def _install(call: Call, manager: str, names: Sequence[str] | Iterator[str], *, confirmed: bool = True) -> Install:
    packages = tuple(names)
    places = tuple(call.places.get(name, call.place) for name in packages)
    return Install(manager, packages, call.place, call.text, confirmed, places=places)


EFFECTS: dict[str, Callable[[Call], Iterator[Step]]] = {
    **dict.fromkeys(DNF, _dnf),
    **dict.fromkeys(APT, _apt),
    "rpm": _rpm,
    "dpkg": _dpkg,
    "gdebi": lambda call: iter([_install(call, "apt", parse_options(call.args).rest)]),
    "apk": _other("apk", ("add",)),
    "zypper": _other("zypper", ("in", "install")),
    "pacman": _other("pacman", ()),
    "snap": _other("snap", ("install",)),
    "brew": _other("brew", ("install",)),
    "add-apt-repository": _adds_repository,
    "apt-add-repository": _adds_repository,
    "yum-config-manager": _adds_repository,
    **dict.fromkeys(("pip", "pip3", "pip2", "pip3.11", "pip3.12", "pip3.13"), _pip),
    "pipx": _pipx,
    "uv": _pipx,
    "npm": _npm,
    "go": _language(("install",)),
    "cargo": _language(("install",)),
    "gem": _language(("install",)),
}


def installed_by(steps: Sequence[Step]) -> tuple[str, ...]:
    """The packages that steps install, for the hint to a wrong package manager."""
    return tuple(name for step in steps if isinstance(step, Install) for name in step.packages)
