"""The host programs Boatyard calls, and the package that brings each on Debian and on Fedora."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal["work", "tests", "arm64"]


@dataclass(frozen=True, slots=True)
class Tool:
    """A program on PATH (or, with `files`, something that is there when one of them is) and the packages with it.

    `scope`: needed for the ordinary work, only by Boatyard's own tests, or only for Arm64 machines.
    """

    program: str
    debian: str
    fedora: str
    purpose: str
    scope: Scope = "work"
    files: tuple[str, ...] = ()

    @property
    def install_hint(self) -> str:
        return f"install it: `apt-get install {self.debian}` (Debian) or `dnf install {self.fedora}` (Fedora)"


OVMF = ("/usr/share/qemu/firmware/60-edk2-x86_64.json", "/usr/share/edk2/ovmf/OVMF_CODE.fd")
KEYRINGS = ("/usr/share/keyrings/debian-archive-keyring.gpg",)
TOOLS = {
    tool.program: tool
    for tool in (
        Tool("rpmbuild", "rpm", "rpm-build", "builds every component"),
        Tool("rpm", "rpm", "rpm", "queries packages"),
        Tool("rpmkeys", "rpm", "rpm", "verifies package signatures"),
        Tool("rpmsign", "rpm", "rpm-sign", "signs packages"),
        Tool("bwrap", "bubblewrap", "bubblewrap", "runs builds and tools in a sandbox without network"),
        Tool("gpg", "gnupg", "gnupg2", "makes the project key, signs the repositories"),
        Tool("gpgv", "gpgv", "gnupg2", "verifies the seed mirror's signature"),
        Tool("dnf", "dnf", "dnf", "installs packages into the root file system of an image"),
        Tool("mke2fs", "e2fsprogs", "e2fsprogs", "makes ext4 file systems"),
        Tool("mkfs.vfat", "dosfstools", "dosfstools", "makes the EFI system partition"),
        Tool("debugfs", "e2fsprogs", "e2fsprogs", "makes ext4 file systems reproducible"),
        Tool("mkswap", "util-linux", "util-linux", "makes swap space"),
        Tool("mcopy", "mtools", "mtools", "fills the EFI system partition"),
        Tool("mksquashfs", "squashfs-tools", "squashfs-tools", "packs the live system of an ISO"),
        Tool("xorriso", "xorriso", "xorriso", "writes ISO images"),
        Tool("qemu-img", "qemu-utils", "qemu-img", "converts disk images"),
        Tool("qemu-system-x86_64", "qemu-system-x86", "qemu-system-x86-core", "boots images"),
        Tool("OVMF", "ovmf", "edk2-ovmf", "boots images under UEFI", files=OVMF),
        Tool("qemu-system-aarch64", "qemu-system-arm", "qemu-system-aarch64-core", "boots Arm64 images", "arm64"),
        Tool("ssh", "openssh-client", "openssh-clients", "runs checks inside a booted image"),
        Tool("ssh-keygen", "openssh-client", "openssh-clients", "makes the key of a test machine"),
        Tool("setpriv", "util-linux", "util-linux", "ends programs when Boatyard ends"),
        Tool("openssl", "openssl", "openssl", "seals certificates for machines of the local cloud"),
        Tool("git", "git", "git", "reads the history of locks and of dist-git checkouts"),
        Tool("tar", "tar", "tar", "unpacks sources inside the sandbox"),
        Tool("Debian's keys", "debian-archive-keyring", "debian-keyring", "verifies the seed mirror", files=KEYRINGS),
        Tool("sfdisk", "fdisk", "util-linux", "checks partition tables", "tests"),
        Tool("sgdisk", "gdisk", "gdisk", "checks partition tables", "tests"),
        Tool("cpio", "cpio", "cpio", "unpacks packages and initrds", "tests"),
        Tool("mount", "mount", "util-linux", "mounts small disks", "tests"),
        Tool("free", "procps", "procps-ng", "answers as a guest does", "tests"),
        Tool("faketime", "faketime", "libfaketime", "builds on another date", "tests"),
        Tool("busybox", "busybox-static", "busybox", "makes tiny systems", "tests"),
        Tool("ansible-playbook", "ansible-core", "ansible-core", "runs the playbooks of test deployments", "tests"),
        Tool("node", "nodejs", "nodejs", "runs a server that speaks Azure Blob", "tests"),
        Tool("npm", "npm", "nodejs-npm", "installs that server", "tests"),
        Tool("chromium", "chromium", "chromium-headless", "shows the report of a trial", "tests"),
    )
}
