"""A newer kernel, made of a built one: its packages' files under another release, which the kernel itself tells too.

The release is patched in the kernel's payload (zstd, which is packed again and must not grow) by one of the same
length. Modules load in spite of their old version magic, because the kernel checks their symbols' versions instead
(CONFIG_MODVERSIONS).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import zstandard

from boatyard.ports.run import Command
from boatyard.repo.repodata import write_repodata

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner

SPEC = """\
%global debug_package %{{nil}}
%global __os_install_post %{{nil}}
%global _binary_payload w1.zstdio
%global _build_id_links none
Name: kernel
Version: {version}
Release: 1
Summary: A newer kernel
License: GPL-2.0-only
AutoReqProv: no
Requires: kernel-core = %{{version}}-%{{release}}
%description
A newer kernel.
%package core
Summary: A newer kernel
Provides: installonlypkg(kernel)
Requires: kmod
AutoReqProv: no
%description core
A newer kernel.
%install
mkdir -p %{{buildroot}}/usr/lib/modules
cp -a {folder} %{{buildroot}}/usr/lib/modules/
%posttrans core
kernel-install add {release} /usr/lib/modules/{release}/vmlinuz
%preun core
kernel-install remove {release}
%files
%files core
/usr/lib/modules/{release}
%attr(0644,root,root) %ghost /boot/vmlinuz-{release}
"""


def newer_release(release: str) -> str:
    """A later release of the same length: `6.12.117+deb13-…` → `6.12.999+deb13-…`."""
    version, mark, rest = release.partition("+")
    head, _, number = version.rpartition(".")
    return f"{head}.{'9' * len(number)}{mark}{rest}"


def write_repository(packages: Path, folder: Path, run: HostRunner) -> str:
    """A repository in `folder` with a newer kernel than that in the channel's folder `packages`; its release."""
    (source,) = packages.rglob("kernel-core-*.rpm")
    unpacked = folder / "unpacked"
    unpacked.mkdir(parents=True)
    content = run(Command(argv=("rpm2cpio", str(source)))).stdout
    run(Command(argv=("cpio", "-idm", "--quiet", "--no-absolute-filenames"), cwd=unpacked, input=content))
    (old,) = (unpacked / "usr/lib/modules").iterdir()
    release = newer_release(old.name)
    new = old.rename(old.with_name(release))
    kernel = new / "vmlinuz"
    kernel.write_bytes(with_release(kernel.read_bytes(), old.name, release))
    spec = folder / "kernel.spec"
    spec.write_text(SPEC.format(version=release.partition("+")[0], release=release, folder=new), encoding="utf-8")
    top = ("--define", f"_topdir {folder}/rpmbuild", "--define", f"_dbpath {folder}/rpmdb")
    run(Command(argv=("rpmbuild", "-bb", "--nodeps", *top, str(spec)), env={"HOME": str(folder)}, timeout_s=600))
    repository = folder / "repository"
    repository.mkdir()
    for rpm in (folder / "rpmbuild/RPMS").rglob("*.rpm"):
        rpm.rename(repository / rpm.name)
    write_repodata(repository, [rpm.name for rpm in repository.glob("*.rpm")])
    return release


def with_release(image: bytes, old: str, new: str) -> bytes:
    """A bzImage (Linux/x86 boot protocol) that says it is another release."""
    assert len(old) == len(new)
    payload_at, length = struct.unpack_from("<II", image, 0x248)
    start = (image[0x1F1] + 1) * 512 + payload_at
    # The last four bytes are the size of what is packed.
    packed, size = image[start : start + length - 4], image[start + length - 4 : start + length]
    plain = zstandard.ZstdDecompressor().decompressobj().decompress(packed)
    assert old.encode() in plain
    parameters = zstandard.ZstdCompressionParameters.from_level(
        22, source_size=len(plain), window_log=27, write_content_size=False
    )
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    again = packer.compress(plain.replace(old.encode(), new.encode())) + packer.flush()
    assert len(again) <= len(packed), "the packed kernel has grown"
    # The kernel looks for the end of the frame, so what follows it does not matter.
    return image[:start] + again.ljust(len(packed), b"\0") + size + image[start + length :]
