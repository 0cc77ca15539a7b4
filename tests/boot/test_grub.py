"""Boot menus as text, and GRUB's BIOS images as bytes."""

from __future__ import annotations

import struct

import pytest

from boatyard_boot import grub
from boatyard_boot.arch import Arch
from boatyard_boot.error import BootError

ENTRY = grub.Entry(
    title="Skiff Linux 1.0 (6.12.9)",
    id="6.12.9",
    kernel="/boot/vmlinuz-6.12.9",
    initrd="/boot/initrd-6.12.9.img",
    arguments=("root=UUID=1", "ro", *grub.consoles(Arch.X86_64)),
)


def test_menu_entry():
    assert grub.menu_entry(ENTRY) == (
        "menuentry 'Skiff Linux 1.0 (6.12.9)' --id '6.12.9' {\n"
        "    linux /boot/vmlinuz-6.12.9 root=UUID=1 ro console=tty0 console=ttyS0,115200\n"
        "    initrd /boot/initrd-6.12.9.img\n"
        "}\n"
    )


def test_environment_block_has_its_fixed_size():
    block = grub.write_env({"saved_entry": "6.12.9"})
    assert len(block) == 1024
    assert block.startswith(b"# GRUB Environment Block\nsaved_entry=6.12.9\n###")
    assert grub.read_env(block) == {"saved_entry": "6.12.9"}
    with pytest.raises(BootError, match="no room left"):
        grub.write_env({"a": "b" * 1020})


def test_nothing_in_an_entry_is_a_command():
    entry = grub.Entry(
        title="it's $x", id="a", kernel="/k", initrd="/i /j", arguments=("a=b", 'x="y z"', "c;halt", "$d")
    )
    assert grub.menu_entry(entry) == (
        "menuentry 'it'\\''s $x' --id 'a' {\n"
        """    linux /k a=b 'x="y z"' 'c;halt' '$d'\n"""
        "    initrd /i /j\n"
        "}\n"
    )


def test_early_configuration():
    assert grub.search_by_uuid("1-2", "/grub").splitlines() == [
        "search --no-floppy --fs-uuid --set=root 1-2", "set prefix=($root)/grub", "configfile $prefix/grub.cfg",
    ]  # fmt: skip


def test_boot_code_points_to_the_core(tmp_path):
    folder = tmp_path / "usr/lib/grub/i386-pc"
    folder.mkdir(parents=True)
    (folder / "boot.img").write_bytes(bytes(range(256)) * 2)
    code = grub.bios_boot_code(tmp_path, 1 << 20)
    assert len(code) == 440
    assert struct.unpack_from("<Q", code, 0x5C) == (2048,)
    assert code[0x66:0x68] == b"\x90\x90"
    assert code[:0x5C] == bytes(range(0x5C))


def test_core_knows_where_it_lies():
    placed = grub.place_core(bytes(2000), 1 << 20, 1 << 20)
    assert struct.unpack_from("<Q", placed, 0x1F4) == (2049,)
    with pytest.raises(BootError, match="2000 bytes and the bios-boot partition 1024"):
        grub.place_core(bytes(2000), 1 << 20, 1024)


def test_root_without_grub(tmp_path):
    assert not grub.has_bios(tmp_path)
    with pytest.raises(BootError, match=r"no usr/lib/grub/i386-pc/boot.img") as caught:
        grub.bios_boot_code(tmp_path, 0)
    assert "grub2-pc-modules" in caught.value.hint


def test_command_for_a_loader(tmp_path):
    loader = grub.efi_loader(Arch.X86_64)
    with pytest.raises(BootError, match=r"no usr/lib/grub/x86_64-efi/moddep.lst"):
        grub.mkimage_argv(tmp_path, loader, early="/e", output="/o")
    for name in ("usr/lib/grub/x86_64-efi/moddep.lst", "usr/bin/grub-mkimage"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    argv = grub.mkimage_argv(tmp_path, loader, early="/e", output="/o")
    assert argv[:3] == ("/usr/bin/grub-mkimage", "-O", "x86_64-efi")
    assert {"lvm", "ext2", "fat"} <= set(argv)
    assert grub.ELTORITO_LOADER.folder == grub.BIOS_LOADER.folder == "usr/lib/grub/i386-pc"
