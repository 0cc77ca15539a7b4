"""The initrd opens a LUKS container with a passphrase from the console, and finds the root on a volume in it."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.system.computer import Computer, computer, said

from boatyard.ports.run import Command
from boatyard.vm.answer import Answer

if TYPE_CHECKING:
    from boatyard.artifact.demo_result import DemoResult
    from boatyard.ports.run import HostRunner

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool]
UUID = "6f1c1f0e-7d0c-4f52-9d5e-3a8f5f0c7a11"
PASSPHRASE = "a b'c$d ü"
QUOTED = shlex.quote(PASSPHRASE)
# Argon2 with little to do, for emulated machines; it still runs in threads. The home volume is no affair of the initrd.
MOVE = f"""
set -e
printf %s {QUOTED} > /run/passphrase
cryptsetup luksFormat -q --uuid {UUID} --pbkdf argon2id --pbkdf-force-iterations 4 --pbkdf-memory 32768 \\
    --key-file /run/passphrase /dev/vdb
cryptsetup open --key-file /run/passphrase /dev/vdb luks-{UUID}
rm /run/passphrase
vgcreate -q vg-0 /dev/mapper/luks-{UUID}
lvcreate -q -y -L 1200m -n root vg-0
lvcreate -q -y -l 100%FREE -n home vg-0
mkfs.xfs -q /dev/vg-0/root
mkfs.ext4 -q /dev/vg-0/home
mount /dev/vg-0/root /mnt
cp -ax / /mnt
cat > /mnt/etc/fstab <<END
/dev/mapper/vg--0-root / xfs defaults 0 0
/dev/mapper/vg--0-home /home ext4 defaults 0 2
END
echo "luks-{UUID} UUID={UUID} none luks,x-initrd.attach" | tee /etc/crypttab > /mnt/etc/crypttab
umount /mnt
sed 's,root=[^ ]*,root=/dev/mapper/vg--0-root rd.luks.uuid={UUID},' -i /etc/kernel/cmdline
kernel-install add "$(uname -r)" "/usr/lib/modules/$(uname -r)/vmlinuz"
"""


# The default run has the same root as the installer makes it (test_install.py).
@pytest.mark.sweep
def test_root_on_a_volume_in_a_container(demo_result: DemoResult, tmp_path: Path, run: HostRunner) -> None:
    (image,) = {image.path for image in demo_result.images if image.format == "qcow2"}
    disks = Path(shutil.copy(image, tmp_path / "disk.qcow2")), tmp_path / "second.qcow2"
    run(Command(argv=("qemu-img", "create", "-q", "-f", "qcow2", str(disks[1]), "2G")))
    with computer(disks, run, tmp_path) as machine:
        _move(machine)


def _move(machine: Computer) -> None:
    with machine.on() as shell:
        assert "is in the boot menu" in said(shell, MOVE)

    answers = [
        Answer(f"Passphrase for /dev/vdb (luks-{UUID}), try 1 of 3:", b"wrong\r"),
        Answer("try 2 of 3:", f"{PASSPHRASE}\r".encode()),
    ]
    with machine.on(answers) as shell:
        assert said(shell, "findmnt -no SOURCE,FSTYPE /").split() == ["/dev/mapper/vg--0-root", "xfs"]
        assert said(shell, "findmnt -no SOURCE,FSTYPE /home").split() == ["/dev/mapper/vg--0-home", "ext4"]
        assert said(shell, "systemctl is-system-running --wait") == "running"
        assert said(shell, "systemctl --failed --no-legend") == ""
        assert said(shell, "readlink -f /dev/disk/by-uuid/$(findmnt -no UUID /)").startswith("/dev/dm-"), (
            "udev knows it"
        )
        assert said(shell, "ls /run/answer 2>/dev/null || echo gone") == "gone"
    console = machine.log.read_bytes()
    assert b"wrong" not in console
    assert PASSPHRASE.encode() not in console, "what is typed is not shown"
