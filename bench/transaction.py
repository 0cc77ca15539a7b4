"""The same system put on the same disk of one machine in two ways: `python -m bench transaction`, part of `install`.

One way is the installer's: the digests of the medium are checked and its root is unpacked. The other is what installers
do that have no image: one rpm transaction of the same packages, signatures checked, scripts run. dnf's part of it,
reading metadata and choosing packages, is not counted. Both read from a CD and write to a new ext4 file system; the
machine's caches are empty before, and everything is on the disk after.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.artifact.codec import load
from boatyard.artifact.image import Manifest
from boatyard.artifact.machine import Drive, Machine, Network, authorized_key
from boatyard.flow.check import MEMORY_MIB, TRY_IT
from boatyard.flow.install_trial import DISK_SIZE, SERIAL
from boatyard.ports import clock
from boatyard.ports.progress import silent
from boatyard.ports.run import Command, HostRunner
from boatyard.vm.running import Harbour, boot
from boatyard.vm.serial import Stage
from boatyard.vm.ssh import ephemeral_key, logged_in
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from boatyard.artifact.image import PackageRow
    from boatyard.vm.running import RunningMachine
    from boatyard.vm.ssh import Ssh, SshKey

GOAL = 2.5
TIMEOUT_S = 3600.0
PACKAGES = "PACKAGES"  # the label of the CD with them
PREPARE = f"""
set -e
mkdir -p /mnt/target /mnt/packages
mountpoint -q /mnt/packages || mount -o ro /dev/disk/by-label/{PACKAGES} /mnt/packages
! mountpoint -q /mnt/target || umount --recursive /mnt/target
mkfs.ext4 -q -F -E nodiscard /dev/disk/by-id/virtio-{SERIAL}
mount -o nobarrier /dev/disk/by-id/virtio-{SERIAL} /mnt/target
sync
echo 3 > /proc/sys/vm/drop_caches
"""
# What the steps `verify` and `copy` of an installation do.
IMAGE = """
set -e
python3 -I - <<'END'
from pathlib import Path
from boatyard_installer.engine import MEDIUM
from boatyard_installer.medium import read_medium, verify_medium
from boatyard_installer.perform.work import KEYS, copy_argv
from boatyard_installer.run import HostRun
run = HostRun(lambda line: None)
medium = read_medium(MEDIUM)
verify_medium(medium, run, KEYS, lambda part: None)
run(*copy_argv(medium.root, Path("/mnt/target")))
END
sync
"""
MOUNT_INSIDE = """
set -e
mkdir -p /mnt/target/dev /mnt/target/proc
mount --bind /dev /mnt/target/dev
mount -t proc proc /mnt/target/proc
rpmkeys --root /mnt/target --define '_dbpath /usr/lib/sysimage/rpm' --import /mnt/packages/key
"""
TRANSACTION = """
set -e
rpm --root /mnt/target --define '_dbpath /usr/lib/sysimage/rpm' --define '_pkgverify_level all' \
    --install --excludedocs /mnt/packages/*.rpm > /tmp/transaction 2>&1 || { tail -n 20 /tmp/transaction; exit 1; }
sync
"""
COUNT = "rpm --root /mnt/target --dbpath /usr/lib/sysimage/rpm -qa | grep -vc ^gpg-pubkey"


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by the clock, and of the processor that emulates the machine's: others on the host count less there."""

    clock_s: float
    processor_s: float

    def __str__(self) -> str:
        return f"{self.clock_s:6.1f} s, {self.processor_s:6.1f} s of processor"


def main() -> None:
    """Prints the seconds of both ways and how many times one is the other."""
    arch = Arch.of_host()
    out = Path(os.environ.get("BOATYARD_BENCH_OUT", "build/demo/out")).absolute()
    iso = out / f"images/skiff-live-{arch}.iso"
    run = HostRunner()
    try:
        with tempfile.TemporaryDirectory(dir=iso.parent) as folder:
            harbour = Harbour(run, silent(), Path(folder))
            packages = load(Manifest, iso.with_name(f"{iso.name}.manifest.json")).packages
            cd = make_cd(out / "repo/current", packages, Path(folder), run)
            with ephemeral_key(run, harbour.scratch) as key:
                compare(iso, cd, len(packages), harbour, key)
    finally:
        run.close()


def make_cd(repositories: Path, packages: tuple[PackageRow, ...], folder: Path, run: HostRunner) -> Path:
    """An ISO with the files of all packages and the key they are signed with."""
    files = {file.name: file for file in repositories.rglob("*.rpm")}
    content, cd = folder / "packages", folder / "packages.iso"
    content.mkdir()
    for row in packages:
        name = f"{row.name}-{row.evr.partition(':')[2] or row.evr}.{row.arch}.rpm"
        (content / name).symlink_to(files[name])
    (key,) = repositories.glob("RPM-GPG-KEY-*")
    (content / "key").symlink_to(key)
    run(Command(argv=("xorriso", "-as", "mkisofs", "-quiet", "-f", "-R", "-V", PACKAGES, "-o", str(cd), str(content))))
    return cd


def compare(iso: Path, cd: Path, count: int, harbour: Harbour, key: SshKey) -> None:
    """Boots the live system of an ISO and does both, once each."""
    disk = harbour.scratch / "disk.raw"
    with disk.open("wb") as stream:
        stream.truncate(DISK_SIZE)  # sparse
    machine = Machine(
        name="two-ways-to-install",
        arch=Arch.of_host(),
        memory_mib=MEMORY_MIB,
        cpus=1,
        drives=(
            Drive(path=iso, kind="cdrom"),
            Drive(path=cd, kind="cdrom"),
            Drive(path=disk, keep_writes=True, serial=SERIAL),
        ),
        network=Network(),
        credentials=authorized_key(key.public),
    )
    with boot(machine, harbour, harbour.scratch / "console.log", answers=[TRY_IT]) as vm:
        vm.wait_for(Stage.SYSTEM)
        with logged_in(vm, key.private, timeout_s=TIMEOUT_S) as shell:
            do(shell, PREPARE)
            image = timed(vm, shell, IMAGE)
            check_count(shell, count)
            do(shell, PREPARE)
            do(shell, MOUNT_INSIDE)
            transaction = timed(vm, shell, TRANSACTION)
            check_count(shell, count)
    print(f"the same {count} packages on the same disk, {vm.hypervisor.kind}:")
    print(f"  image, verified and copied   {image}")
    print(f"  rpm transaction              {transaction}")
    by_clock, by_processor = transaction.clock_s / image.clock_s, transaction.processor_s / image.processor_s
    print(f"  the image is {by_clock:.1f} times as fast by the clock, {by_processor:.1f} by processor (goal: {GOAL})")


def timed(vm: RunningMachine, shell: Ssh, script: str) -> Spent:
    """What a script takes."""
    before, started = processor_s(vm), clock.monotonic()
    do(shell, script)
    return Spent(clock.monotonic() - started, processor_s(vm) - before)


def processor_s(vm: RunningMachine) -> float:
    """What the threads of the machine's processors have used of the host's since power-on."""
    ticks = 0
    for thread in {one["thread-id"] for one in vm.qmp.execute("query-cpus-fast")}:
        stat = Path(f"/proc/{thread}/task/{thread}/stat").read_text(encoding="ascii")
        utime, stime = stat.rpartition(")")[2].split()[11:13]  # proc_pid_stat(5)
        ticks += int(utime) + int(stime)
    return ticks / os.sysconf("SC_CLK_TCK")


def do(shell: Ssh, script: str) -> str:
    """What a script prints; it must succeed."""
    done = shell(script, TIMEOUT_S)
    if done.code:
        raise SystemExit(f"the machine says: {done.text}{done.stderr.decode(errors='replace')}")
    return done.text


def check_count(shell: Ssh, count: int) -> None:
    """Both ways must end with the same packages."""
    found = int(do(shell, COUNT))
    if found != count:
        raise SystemExit(f"there are {found} packages on the disk instead of {count}")


if __name__ == "__main__":
    main()
