"""Images told apart by their content; those that name other files of the host are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import BoatyardError, ImageError, NotFoundError
from boatyard.vm.media import Media, detect

if TYPE_CHECKING:
    from pathlib import Path

ISO = bytes(16 * 2048) + b"\x01CD001\x01" + bytes(2048)
QCOW2 = b"QFI\xfb" + (3).to_bytes(4) + bytes(8) + bytes(200)


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (ISO, Media("cdrom", "raw")),
        (b"\x33\xed" + ISO[2:510] + b"\x55\xaa" + ISO[512:], Media("cdrom", "raw")),  # an ISO that is a disk as well
        (QCOW2, Media("disk", "qcow2")),
        (b"vhdxfile" + bytes(1000), Media("disk", "vhdx")),
        (bytes(4096) + b"conectix" + bytes(504), Media("disk", "vpc")),
        (b'KDMV\1\0\0\0\ncreateType="streamOptimized"\n' + bytes(600), Media("disk", "vmdk")),
        (b"\xfa\x31" + bytes(1 << 16), Media("disk", "raw")),
        (b"", Media("disk", "raw")),
    ],
)
def test_formats(tmp_path: Path, content: bytes, media: Media) -> None:
    path = tmp_path / "image"
    path.write_bytes(content)
    assert detect(path) == media


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (QCOW2[:8] + (1000).to_bytes(8) + QCOW2[16:], "names another file"),
        (QCOW2[:72] + (4).to_bytes(8) + QCOW2[80:], "names another file"),
        (b'KDMV\1\0\0\0\ncreateType="monolithicFlat"\n' + bytes(600), "may name other files"),
        (b'# Disk DescriptorFile\nRW 1 FLAT "/etc/shadow" 0\n', "names other files"),
        (b"\xfd7zXZ\0" + bytes(100), "xz -d"),
        (b"\x28\xb5\x2f\xfd" + bytes(100), "zstd -d"),
        (b"\x1f\x8b" + bytes(100), "gzip -d"),
    ],
)
def test_refused(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "image"
    path.write_bytes(content)
    with pytest.raises(ImageError) as error:
        detect(path)
    assert word in str(error.value)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        detect(tmp_path / "missing.iso")
    with pytest.raises(BoatyardError, match="is not a file"):
        detect(tmp_path)
