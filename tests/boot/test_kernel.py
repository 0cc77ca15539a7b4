"""Kernels that come and go: the files in /boot, the entries, the menu, and what a power cut leaves."""

from __future__ import annotations

import contextlib
import errno
import gzip
from typing import TYPE_CHECKING

import pytest
from tests.boot.made_up_root import add_kernel_package, remove_kernel_package, with_busybox

from boatyard_boot import durable, grub, kernel
from boatyard_boot.__main__ import main
from boatyard_boot.bls import FOLDER
from boatyard_boot.error import BootError
from boatyard_boot.kernel import add_kernel, default_kernel, read_entries, remove_kernel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tool
OLD, NEW = "6.12.9", "6.12.10"
MACHINE_ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def root(tmp_path):
    """An installed system with two kernels of which none is in the menu yet."""
    for name, text in (
        ("etc/kernel/cmdline", "# what the installer chose\nroot=UUID=1 ro console=ttyS0\n"),
        ("etc/os-release", 'ID=skiff\nPRETTY_NAME="Skiff Linux 1.0"\n'),
        ("etc/machine-id", "uninitialized\n"),
        ("boot/grub/grub.cfg", grub.disk_menu(1)),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for release in (OLD, NEW):
        add_kernel_package(tmp_path, release)
    return with_busybox(tmp_path)


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root / "boot")) for path in (root / "boot").rglob("*") if path.is_file()}


def menu_ids(root: Path) -> list[str]:
    lines = (root / "boot/grub/entries.cfg").read_text().splitlines()
    return [line.split("--id '")[1].split("'")[0] for line in lines if line.startswith("menuentry")]


def consistent(root: Path) -> bool:
    """Whether all that GRUB offers can be started; the first of them is, when the default is not there any more."""
    menu = (root / "boot/grub/entries.cfg").read_text() if (root / "boot/grub/entries.cfg").is_file() else ""
    words = [line.split()[1] for line in menu.splitlines() if line.startswith(("    linux", "    initrd"))]
    return len(words) > 0 and all((root / word.lstrip("/")).stat().st_size for word in words)


def test_first_kernel(root):
    add_kernel(root, OLD)
    assert files(root) == {
        f"vmlinuz-{OLD}", f"initrd-{OLD}.img", f"{FOLDER}/skiff-{OLD}.conf", "grub/entries.cfg", "grub/grubenv",
        "grub/grub.cfg",
    }  # fmt: skip
    assert (root / f"boot/{FOLDER}/skiff-{OLD}.conf").read_text() == (
        "title      Skiff Linux 1.0\n"
        "version    6.12.9\n"
        "sort-key   skiff\n"
        "options    root=UUID=1 ro console=ttyS0\n"
        "linux      /boot/vmlinuz-6.12.9\n"
        "initrd     /boot/initrd-6.12.9.img\n"
    )
    assert (root / "boot/grub/entries.cfg").read_text() == (
        "menuentry 'Skiff Linux 1.0 (6.12.9)' --id '6.12.9' {\n"
        "    linux /boot/vmlinuz-6.12.9 root=UUID=1 ro console=ttyS0\n"
        "    initrd /boot/initrd-6.12.9.img\n"
        "}\n"
    )
    assert (root / f"boot/vmlinuz-{OLD}").read_bytes() == b"kernel 6.12.9"
    assert default_kernel(root) == OLD


def test_newest_is_first_and_default(root):
    add_kernel(root, NEW)
    add_kernel(root, OLD)
    assert menu_ids(root) == [NEW, OLD]
    assert default_kernel(root) == NEW
    assert remove_kernel(root, NEW)
    assert menu_ids(root) == [OLD]
    assert default_kernel(root) == OLD
    assert f"vmlinuz-{NEW}" not in files(root)


def test_same_kernel_again_keeps_its_entry(root):
    add_kernel(root, OLD)
    before = files(root)
    (root / "etc/machine-id").write_text(f"{MACHINE_ID}\n")
    (root / "etc/kernel/cmdline").write_text("root=UUID=1 ro quiet\n")
    add_kernel(root, OLD)
    assert files(root) == before
    (entry,) = read_entries(root).values()
    assert (entry.options, entry.machine_id) == ("root=UUID=1 ro quiet", MACHINE_ID)


def test_entry_is_named_after_the_machine(root):
    (root / "etc/machine-id").write_text(f"{MACHINE_ID}\n")
    add_kernel(root, OLD)
    assert f"{FOLDER}/{MACHINE_ID}-{OLD}.conf" in files(root)
    (root / "etc/kernel/entry-token").write_text("mine\n")
    add_kernel(root, NEW)
    assert f"{FOLDER}/mine-{NEW}.conf" in files(root)


def test_other_entries_and_values_stay(root):
    add_kernel(root, OLD)
    (root / f"boot/{FOLDER}/tool.conf").write_text("title Memory's test\nversion 1\nlinux /memtest\noptions $x\n")
    (root / "boot/grub/grubenv").write_bytes(grub.write_env({"mine": "a=b", "saved_entry": "1"}))
    add_kernel(root, NEW)
    assert menu_ids(root) == [NEW, OLD, "1"]
    assert "menuentry 'Memory'\\''s test (1)'" in (root / "boot/grub/entries.cfg").read_text()
    assert "linux /memtest '$x'" in (root / "boot/grub/entries.cfg").read_text()
    values = grub.read_env((root / "boot/grub/grubenv").read_bytes())
    assert values == {"mine": "a=b", "saved_entry": NEW}
    (root / "boot/grub/grubenv").write_bytes(grub.write_env({"saved_entry": "1"}))
    remove_kernel(root, NEW)
    assert default_kernel(root) == "1", "what somebody chose stays as long as it is there"


def test_removing_the_last_kernel(root, capsys):
    add_kernel(root, OLD)
    assert main(["--root", str(root), "remove", OLD]) == 0
    assert "the boot menu is empty" in capsys.readouterr().err
    assert files(root) == {"grub/entries.cfg", "grub/grubenv", "grub/grub.cfg"}
    assert not remove_kernel(root, OLD)


def test_modules_asked_for_stay_in_later_initrds(root):
    add_kernel(root, OLD)
    before = (root / f"boot/initrd-{OLD}.img").read_bytes()
    (root / "etc/kernel/initrd-modules").write_text("nothere\n")
    with pytest.raises(BootError, match="has no nothere, which the initrd needs"):
        add_kernel(root, OLD)
    assert (root / f"boot/initrd-{OLD}.img").read_bytes() == before
    (root / "etc/kernel/initrd-modules").write_text("dm_crypt\n")
    add_kernel(root, OLD)
    assert (root / f"boot/initrd-{OLD}.img").read_bytes() != before


def test_encrypted_root_needs_cryptsetup(root):
    (root / "etc/crypttab").write_text("luks UUID=x none x-initrd.attach\n")
    with pytest.raises(BootError, match="no usr/sbin/cryptsetup"):
        add_kernel(root, OLD)
    assert not read_entries(root)


def test_no_kernel_while_an_image_is_made(root, capsys):
    (root / "etc/kernel/cmdline").unlink()
    before = files(root)
    for words in (["add", OLD], ["remove", OLD]):
        assert main(["--root", str(root), *words]) == 0
        assert "there is no /etc/kernel/cmdline" in capsys.readouterr().out
    assert files(root) == before


def test_boot_that_is_not_mounted(root):
    (root / "etc/fstab").write_text("UUID=2 /boot ext4 defaults 0 2\n")
    with pytest.raises(BootError, match="/boot is a file system of its own and is not mounted"):
        add_kernel(root, OLD)


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "a b", "-x", "x'", "x\n"])
def test_hostile_releases(root, name):
    with pytest.raises(BootError, match="is not the release of a kernel"):
        remove_kernel(root, name)


def test_command_line(root, capsys):
    where = ["--root", str(root)]
    assert main([*where, "add", OLD, str(root / f"usr/lib/modules/{OLD}/vmlinuz")]) == 0
    assert main([*where, "add", NEW]) == 0
    assert f"{NEW} is the default" in capsys.readouterr().out
    assert main([*where, "list"]) == 0
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()] == [["*", NEW], [OLD, "Skiff"]]
    assert main([*where, "add", "6.99"]) == 1
    assert capsys.readouterr().err.startswith("error: the root file system has no usr/lib/modules/6.99/vmlinuz")


class PowerCut(BaseException):
    """Ends a run as a power cut does: nothing is tidied up."""


class Cut:
    """Lets so many changes of the disk pass, and then none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
        self.left = after
        for name in ("replace_file", "remove_file"):
            monkeypatch.setattr(kernel, name, self.guard(getattr(durable, name)))

    def guard(self, change):
        def guarded(*args: object) -> None:
            if not self.left:
                raise PowerCut
            self.left -= 1
            change(*args)

        return guarded


@pytest.mark.parametrize("after", range(6))
def test_power_cut_leaves_a_menu_that_boots(root, monkeypatch, after):
    add_kernel(root, OLD)
    with monkeypatch.context() as patch:
        cut = Cut(patch, after)
        try:
            add_kernel(root, NEW)
        except PowerCut:
            assert cut.left == 0
        else:
            assert after == 5, "files, entry, menu, default: five changes"
    assert consistent(root)
    assert OLD in menu_ids(root)
    add_kernel(root, NEW)
    with monkeypatch.context() as patch:
        Cut(patch, after)
        with contextlib.suppress(PowerCut):
            remove_kernel(root, NEW)
    assert consistent(root)
    remove_kernel(root, NEW)
    assert files(root) == {
        f"vmlinuz-{OLD}", f"initrd-{OLD}.img", f"{FOLDER}/skiff-{OLD}.conf", "grub/entries.cfg", "grub/grubenv",
        "grub/grub.cfg",
    }  # fmt: skip


def test_full_disk_leaves_no_half_kernel(root, monkeypatch):
    add_kernel(root, OLD)
    before = files(root)

    def full(path: Path, data: bytes, mode: int = 0o644) -> None:
        if path.name.startswith("initrd-"):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        durable.replace_file(path, data, mode)

    monkeypatch.setattr(kernel, "replace_file", full)
    with pytest.raises(BootError, match="no space left in") as caught:
        add_kernel(root, NEW)
    assert "remove a kernel" in caught.value.hint
    assert files(root) == before
    remove_kernel_package(root, NEW)
    assert consistent(root)


def test_replaced_file_is_the_old_or_the_new_one(tmp_path):
    file = tmp_path / "deep/folder/file"
    durable.replace_file(file, b"old", 0o600)
    (file.parent / ".file.new").write_bytes(gzip.compress(b"left by a power cut"))
    durable.replace_file(file, b"new")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"new", 0o644)
    assert list(file.parent.iterdir()) == [file]
