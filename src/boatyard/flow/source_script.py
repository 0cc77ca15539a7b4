"""Archives that scripts of the project make (`origin.type = "custom"`), in the sandbox: no network, home or secrets.

The script sees its inputs beside it and fills a folder, which is packed the same way every time. Its digest is stated
in the project, so that another result is an error. A script that declares servers reaches those, by a proxy of
`ports.gate`, and nothing else; which ones it used is told, and declared ones are part of the fingerprint.
"""

from __future__ import annotations

import shutil
import stat
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import BuildError, SourceError, ToolError, TrustError
from boatyard.config.model.component import LocalSpec
from boatyard.overlay.archive import pack
from boatyard.ports import relay
from boatyard.ports.files import replacing, temporary_dir
from boatyard.ports.folder import Folder
from boatyard.ports.gate import open_gate
from boatyard.ports.run import Command
from boatyard.ports.sandbox import Sandbox, inside
from boatyard.sources.upstream.archive import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from boatyard.config.model.component import Component
    from boatyard.config.model.source_file import CustomOrigin, SourceFile
    from boatyard.ports.run import Runner

# Where azldev's scripts expect to be, and to write.
SCRIPT, OUTPUT = "/azldev-gen/script", "/azldev-gen/output"
# The way out, and where programs are told to look for it.
GATE, SOCKET, PORT, PYTHON = "/azldev-gen/gate", "socket", 3128, "/usr/bin/python3"
RELAY = Path(relay.__file__)
PROXY_VARIABLES = ("https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY")
CERTIFICATES = tuple(map(Path, ("/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted")))
TIMEOUT_S = 1800
MAX_FILE = 8 << 30
KINDS = {".tar": "", ".gz": "gz", ".tgz": "gz", ".xz": "xz", ".txz": "xz", ".zst": "zst", ".tzst": "zst"}


@dataclass(frozen=True, slots=True)
class ScriptMeans:
    """What scripts are run with. `environ` names the proxy that the network is reached by, and `told` takes messages.

    `root`: gives a root file system with packages, for the time of a block, that may be written to and is thrown away
    then; it needs a Python for scripts that declare a network. None: the host's programs, and no packages.
    """

    run: Runner
    environ: Mapping[str, str] = field(default_factory=dict)
    told: Callable[[str], object] = lambda _: None
    root: Callable[[Sequence[str]], AbstractContextManager[Path]] | None = None


def make_archive(component: Component, file: SourceFile, origin: CustomOrigin, tree: Path, means: ScriptMeans) -> None:
    """Runs the script and puts its archive into the tree; inputs come from there, or from beside the script.

    BuildError when the script fails, TrustError when its archive is not the one stated, SourceError for what cannot be
    had: a script, an input, or packages without a buildroot to put them into.
    """
    name = f"{component.name}: {file.filename}"
    kind = KINDS.get(Path(file.filename).suffix.lower())
    if kind is None:
        raise SourceError(f"{name} is no archive that can be made", hint="known: .tar, .tar.gz, .tar.xz, .tar.zst")
    if origin.mock_packages and means.root is None:
        raise SourceError(
            f"{name} is made by a script that wants packages, and there is no buildroot for scripts yet",
            detail=" ".join(origin.mock_packages),
            hint="leave `mock-packages` out if the host has what the script needs",
        )
    if not file.hash:
        raise SourceError(f"{name} has no hash", hint="state the digest of what the script makes")
    with temporary_dir(tree.parent) as work, ExitStack() as stack:
        (work / "script").mkdir()
        (work / "output").mkdir()
        _gather(component, origin, tree, work / "script")
        sandbox = Sandbox(writable=((work / "script", SCRIPT), (work / "output", OUTPUT)))
        if origin.mock_packages and means.root is not None:
            root = stack.enter_context(means.root(origin.mock_packages))
            sandbox = replace(sandbox, root=root, root_writable=True)
        _run(name, origin, sandbox, means, work)
        with replacing(work / "archive") as temporary, temporary.open("wb") as stream:
            pack(work / "output", stream, kind)
        made = digest_of(work / "archive", file.hash_type)
        if made != file.hash.lower():
            raise TrustError(
                f"{name}: the script made another archive than stated",
                detail=f"stated: {file.hash.lower()}\nmade:   {made}",
                hint="a .tar is the same with azldev; compressed ones differ, and need the digest that Boatyard gets",
            )
        with Folder(tree) as folder:
            if folder.kind(file.filename):
                raise SourceError(f"{name} is in the sources already", hint="name it otherwise")
        (work / "archive").rename(tree / file.filename)
        (tree / file.filename).chmod(0o644)


def _run(name: str, origin: CustomOrigin, sandbox: Sandbox, means: ScriptMeans, work: Path) -> None:
    """Runs the script to its end; with a way out to the servers that it declares, if any."""
    argv: tuple[str, ...] = ("prlimit", f"--fsize={MAX_FILE}", "--core=0", f"./{origin.script}")
    env: dict[str, str] = {}
    with ExitStack() as stack:
        gate = None
        if origin.network:
            (work / "gate").mkdir()
            gate = stack.enter_context(open_gate(work / "gate" / SOCKET, origin.network, means.environ))
            readable = ((work / "gate", GATE), (RELAY, f"{GATE}.py"), *((path, str(path)) for path in _certificates()))
            sandbox = replace(sandbox, read_only=readable)
            argv = (PYTHON, "-I", "-S", f"{GATE}.py", f"{GATE}/{SOCKET}", str(PORT), *argv)
            env = dict.fromkeys(PROXY_VARIABLES, f"http://127.0.0.1:{PORT}")
        try:
            means.run(inside(sandbox, Command(argv=argv, cwd=Path(SCRIPT), env=env, timeout_s=TIMEOUT_S)))
        except ToolError as error:
            problem = error.problems[0]
            refused = ", ".join(map(str, sorted(gate.refused))) if gate is not None else ""
            raise BuildError(
                f"{name}: the script {origin.script} failed: {problem.what}",
                detail=problem.detail,
                hint=f"it asked for {refused}, which its `network` does not list"
                if refused
                else "it runs without network but for what `network` lists, and sees only its programs and its inputs",
            ) from error
        if gate is not None:
            used = ", ".join(f"{place} ({size} bytes)" for place, size in sorted(gate.used.items()))
            means.told(f"{name}: the script {origin.script} was in touch with {used or 'no server'}")


def _certificates() -> list[Path]:
    """The authorities that servers are checked against, without the host's own keys."""
    return [path for path in CERTIFICATES if path.exists()]


def _gather(component: Component, origin: CustomOrigin, tree: Path, into: Path) -> None:
    """Copies the script and its inputs; links are refused."""
    beside = component.spec.path.parent if isinstance(component.spec, LocalSpec) else component.file.parent
    places = {origin.script: [beside], **{name: [tree, beside] for name in origin.inputs}}
    for name, folders in places.items():
        found = next((folder / name for folder in folders if _is_file(folder / name)), None)
        if found is None:
            raise SourceError(
                f"{component.name}: {name} is not there",
                hint=f"a script lies in {beside}; its inputs there, or among the component's sources",
            )
        shutil.copyfile(found, into / name, follow_symlinks=False)
        (into / name).chmod(0o755 if name == origin.script else 0o644)


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
