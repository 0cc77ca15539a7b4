"""The disk as a file: what is erased, and that the first sector is written last."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

import pytest

from boatyard_boot.arch import Arch
from boatyard_boot.disk import plan_disk
from boatyard_boot.gpt import Row, type_id, write_table
from boatyard_boot.layout import LVM
from boatyard_boot.size import GIB, MIB
from boatyard_installer.error import MachineError
from boatyard_installer.perform.block import BlockDevice

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 4 * GIB


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "disk"
    path.touch()
    os.truncate(path, SIZE)
    return path


def test_erase_takes_both_ends(file: Path) -> None:
    with file.open("r+b") as stream:
        for at in (0, MIB - 1, 8 * MIB, 16 * MIB - 1):
            stream.seek(at)
            stream.write(b"x")
    disk = BlockDevice(str(file), SIZE)
    disk.erase(0, 16 * MIB)
    disk.close()
    with file.open("rb") as stream:
        data = stream.read(16 * MIB)
    assert data.count(b"x") == 1, "what is in the middle is left"
    assert data[8 * MIB : 8 * MIB + 1] == b"x"


def test_the_first_sector_is_written_last(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = plan_disk(LVM, uuid.UUID(int=1), SIZE)
    rows = [
        Row(name=slot.name, type_id=type_id(slot.role, Arch.X86_64), id=slot.id, start=slot.start, size=slot.size)
        for slot in places.slots
    ]
    table = write_table(rows, disk_size=SIZE, disk_id=places.id)
    written: list[tuple[int, int]] = []
    disk = BlockDevice(str(file), SIZE)
    real = BlockDevice.write

    def record(self: BlockDevice, data: bytes, at: int) -> None:
        written.append((at, len(data)))
        real(self, data, at)

    monkeypatch.setattr(BlockDevice, "write", record)
    disk.commit(table)
    disk.close()
    assert written[-1] == (0, 512)
    assert all(at >= 512 for at, _ in written[:-1])
    with file.open("rb") as stream:
        assert stream.read(len(table.head)) == table.head


def test_a_missing_disk_is_told(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="cannot write to"):
        BlockDevice(str(tmp_path / "none"), SIZE)
