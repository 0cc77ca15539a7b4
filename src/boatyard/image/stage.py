"""A root file system's files for one image: hard links to the shared root, and the image's own files beside them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from boatyard_boot.tree import resolve

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.image.toolbox import Toolbox


class Stage:
    """A copy of `root` at `tree` that costs no space. Files are replaced, never changed: the root stays as it is."""

    def __init__(self, box: Toolbox, root: Path, tree: Path) -> None:
        box.host("cp", "-a", "-l", str(root), str(tree))
        self.tree, self._epoch = tree, box.epoch

    def put(self, path: str, content: bytes | str, mode: int = 0o644) -> None:
        """Makes or replaces a file, owned by root."""
        file = self.make_room(path)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        file.chmod(mode)
        os.utime(file, (self._epoch, self._epoch))
        self._settle(file.parent)

    def link(self, path: str, source: Path) -> None:
        """Makes a file the same as `source` of the shared root or of the work folder."""
        file = self.make_room(path)
        file.hardlink_to(source)
        self._settle(file.parent)

    def make_room(self, path: str) -> Path:
        """The place of a file inside the tree, with its folders and nothing there."""
        file = resolve(self.tree, path)
        if not file.parent.is_dir():
            file.parent.mkdir(mode=0o755, parents=True)
            self._settle(file.parent.parent)
        file.unlink(missing_ok=True)
        return file

    def move_out(self, mount: str, target: Path) -> None:
        """Takes what is below a mount point away to `target` and leaves the empty folder."""
        folder = resolve(self.tree, mount)
        if folder.is_dir():
            folder.rename(target)
            folder.mkdir(mode=0o755)
        else:
            folder.mkdir(mode=0o755, parents=True)
            target.mkdir(mode=0o755)
        for changed in (folder, folder.parent):
            self._settle(changed)

    def _settle(self, folder: Path) -> None:
        os.utime(folder, (self._epoch, self._epoch))
