"""Archives that scripts of the project make (`origin.type = "custom"`), in the sandbox: no network, home or secrets.

The script sees its inputs beside it and fills a folder, which is packed the same way every time. Its digest is stated
in the project, so that another result is an error.
"""

from __future__ import annotations

import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import BuildError, SourceError, ToolError, TrustError
from boatyard.config.model.component import LocalSpec
from boatyard.overlay.archive import pack
from boatyard.ports.files import replacing, temporary_dir
from boatyard.ports.folder import Folder
from boatyard.ports.run import Command
from boatyard.ports.sandbox import Sandbox, inside
from boatyard.sources.upstream.archive import digest_of

if TYPE_CHECKING:
    from boatyard.config.model.component import Component
    from boatyard.config.model.source_file import CustomOrigin, SourceFile
    from boatyard.ports.run import Runner

# Where azldev's scripts expect to be, and to write.
SCRIPT, OUTPUT = "/azldev-gen/script", "/azldev-gen/output"
TIMEOUT_S = 1800
MAX_FILE = 8 << 30
KINDS = {".tar": "", ".gz": "gz", ".tgz": "gz", ".xz": "xz", ".txz": "xz", ".zst": "zst", ".tzst": "zst"}


def make_archive(component: Component, file: SourceFile, origin: CustomOrigin, tree: Path, run: Runner) -> None:
    """Runs the script and puts its archive into the tree; inputs come from there, or from beside the script.

    BuildError when the script fails, TrustError when its archive is not the one stated, SourceError for what cannot be
    had: a script, an input, or packages, for which a buildroot would be needed.
    """
    name = f"{component.name}: {file.filename}"
    kind = KINDS.get(Path(file.filename).suffix.lower())
    if kind is None:
        raise SourceError(f"{name} is no archive that can be made", hint="known: .tar, .tar.gz, .tar.xz, .tar.zst")
    if origin.mock_packages:
        raise SourceError(
            f"{name} is made by a script that wants packages, and there is no buildroot for scripts yet",
            detail=" ".join(origin.mock_packages),
            hint="leave `mock-packages` out if the host has what the script needs",
        )
    if not file.hash:
        raise SourceError(f"{name} has no hash", hint="state the digest of what the script makes")
    with temporary_dir(tree.parent) as work:
        (work / "script").mkdir()
        (work / "output").mkdir()
        _gather(component, origin, tree, work / "script")
        sandbox = Sandbox(writable=((work / "script", SCRIPT), (work / "output", OUTPUT)))
        argv = ("prlimit", f"--fsize={MAX_FILE}", "--core=0", f"./{origin.script}")
        try:
            run(inside(sandbox, Command(argv=argv, cwd=Path(SCRIPT), timeout_s=TIMEOUT_S)))
        except ToolError as error:
            problem = error.problems[0]
            raise BuildError(
                f"{name}: the script {origin.script} failed: {problem.what}",
                detail=problem.detail,
                hint="it runs without network, and sees only the host's programs and its inputs",
            ) from error
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
