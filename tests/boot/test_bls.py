"""Entries of the Boot Loader Specification as text."""

from __future__ import annotations

from boatyard_boot.bls import BootEntry, parse, render

ENTRY = BootEntry(
    title="Skiff Linux 1.0",
    version="6.12.9",
    linux="/vmlinuz-6.12.9",
    initrd=("/initrd-6.12.9.img",),
    options="root=UUID=1 ro",
    sort_key="skiff",
)
TEXT = """\
title      Skiff Linux 1.0
version    6.12.9
sort-key   skiff
options    root=UUID=1 ro
linux      /vmlinuz-6.12.9
initrd     /initrd-6.12.9.img
"""


def test_there_and_back():
    assert render(ENTRY) == TEXT
    assert parse(TEXT) == ENTRY


def test_what_people_and_other_tools_write():
    text = (
        "# Made by hand\n\nversion\t6\nlinux /k\nlinux   /kernel\ninitrd /a\ninitrd /b\noptions a\noptions  b c\nx y\n"
    )
    assert parse(text) == BootEntry(title="Linux", version="6", linux="/kernel", initrd=("/a", "/b"), options="a b c")


def test_entries_that_start_no_linux():
    assert parse("title Firmware\nefi /EFI/tool.efi\n") is None
    assert parse("") is None
