"""Which containers the initrd must open."""

from __future__ import annotations

import pytest

from boatyard_boot.crypttab import opened_in_initrd

UUID = "0a1b2c3d-0000-4000-8000-00000000000f"


@pytest.mark.parametrize(
    ("crypttab", "cmdline", "opened"),
    [
        (f"luks-{UUID} UUID={UUID} none luks,x-initrd.attach", "root=/dev/mapper/vg0-root", True),
        (f"root UUID={UUID} none initramfs", "", True),
        (f"luks-{UUID} UUID={UUID}", f"ro rd.luks.uuid={UUID} quiet", True),
        (f"luks-{UUID} UUID={UUID} none luks", f"rd.luks.uuid=luks-{UUID.upper()}", True),
        (f"luks-{UUID} UUID={UUID} none", f"luks={UUID}", True),
        (f"name UUID={UUID} none", f"rd.luks.name={UUID}=name", True),
        (f"data UUID={UUID} /etc/key luks", "root=UUID=1", False),
        (f"data UUID={UUID} /etc/key luks", f"rd.luks.uuid={UUID[:-1]}0", False),
        (f"# luks-{UUID} UUID={UUID} none x-initrd.attach", f"rd.luks.uuid={UUID}", False),
        ("", f"rd.luks.uuid={UUID}", False),
    ],
)
def test_containers(tmp_path, crypttab, cmdline, opened):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/crypttab").write_text(f"{crypttab}\n")
    assert opened_in_initrd(tmp_path, cmdline) is opened


def test_no_crypttab(tmp_path):
    assert not opened_in_initrd(tmp_path, "")
