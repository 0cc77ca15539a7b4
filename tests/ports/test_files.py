"""Files appear whole or not at all, and the operating system's refusals say what to do."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from boatyard.base.error import ConfigError, ToolError
from boatyard.ports.exchange import exchange
from boatyard.ports.files import (
    TEMPORARY,
    is_full,
    link_or_copy,
    locked,
    refusal,
    remove_tree,
    replacing,
    replacing_dir,
    sweep_temporaries,
    temporary_dir,
    write_atomic,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_with_its_folders_and_mode(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a/b/file", "ä\n", mode=0o600)
    assert (tmp_path / "a/b/file").read_bytes() == "ä\n".encode()
    assert (tmp_path / "a/b/file").stat().st_mode & 0o777 == 0o600
    assert names(tmp_path / "a/b") == ["file"]


def test_a_failed_write_leaves_the_old_content(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "file") as temporary:
        temporary.write_text("half of the n")
        assert temporary.name.startswith(TEMPORARY)
        raise ZeroDivisionError
    assert (tmp_path / "file").read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")
    write_atomic(tmp_path / "link", "new")
    assert (tmp_path / "target").read_text() == "old"
    assert not (tmp_path / "link").is_symlink()


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    for number in range(2):
        with replacing_dir(tmp_path / "folder") as temporary:
            (temporary / f"file{number}").touch()
    assert names(tmp_path / "folder") == ["file1"]
    assert names(tmp_path) == ["folder"]
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o755


def test_a_failed_folder_leaves_the_old_one(tmp_path: Path) -> None:
    with replacing_dir(tmp_path / "folder") as temporary:
        (temporary / "old").touch()
    with pytest.raises(ZeroDivisionError), replacing_dir(tmp_path / "folder") as temporary:
        (temporary / "new").touch()
        raise ZeroDivisionError
    assert names(tmp_path / "folder") == ["old"]
    assert names(tmp_path) == ["folder"]


def test_a_temporary_folder_goes_away(tmp_path: Path) -> None:
    with temporary_dir(tmp_path) as folder:
        (folder / "a").mkdir()
        (folder / "a/file").touch()
    assert names(tmp_path) == []


def test_removal_does_not_follow_links(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/file").touch()
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/link").symlink_to(tmp_path / "kept")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    for name in ("tree", "link", "nothing"):
        remove_tree(tmp_path / name)
    assert names(tmp_path) == ["kept"]
    assert names(tmp_path / "kept") == ["file"]


def test_only_temporaries_are_swept(tmp_path: Path) -> None:
    (tmp_path / ".tmp-file").touch()
    (tmp_path / ".tmp-folder").mkdir()
    (tmp_path / ".tmp-folder/file").touch()
    (tmp_path / "result").touch()
    sweep_temporaries(tmp_path)
    sweep_temporaries(tmp_path / "nothing")
    assert names(tmp_path) == ["result"]


def test_a_link_or_copy_replaces(tmp_path: Path) -> None:
    (tmp_path / "source").write_text("content")
    (tmp_path / "target").write_text("old")
    link_or_copy(tmp_path / "source", tmp_path / "target")
    assert (tmp_path / "target").read_text() == "content"


def test_a_lock_is_held_by_one_thread_at_a_time(tmp_path: Path) -> None:
    inside, most = [0], [0]

    def work() -> None:
        for _ in range(50):
            with locked(tmp_path / "lock"):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


HOLD = """
import sys
from pathlib import Path
from boatyard.ports.files import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_killed_process_frees_its_lock(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path / "lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        taken = threading.Event()

        def take() -> None:
            with locked(tmp_path / "lock"):
                taken.set()

        taker = threading.Thread(target=take)
        taker.start()
        assert not taken.wait(0.1)
        holder.send_signal(signal.SIGKILL)
        taker.join(60)
        assert taken.is_set()


WRITE = """
import sys
from pathlib import Path
from boatyard.ports.files import write_atomic
for number in range(10**6):
    write_atomic(Path(sys.argv[1]), bytes([number % 256]) * 200_000)
    print(flush=True)
"""


@pytest.mark.parametrize("writes", range(1, 8))
def test_a_killed_writer_leaves_a_whole_file(writes: int, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITE, tmp_path / "file"], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        for _ in range(writes):
            writer.stdout.readline()
        writer.kill()
    content = (tmp_path / "file").read_bytes()
    assert len(content) == 200_000
    assert len(set(content)) == 1


def test_a_file_in_the_way_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "way").touch()
    with pytest.raises(ToolError, match="way is in the way"):
        write_atomic(tmp_path / "way/file", b"")


def test_folders_and_pipes_are_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe"):
        with pytest.raises(ConfigError, match="not a plain file"):
            write_atomic(tmp_path / name, b"new")
    assert (tmp_path / "folder").is_dir()
    assert (tmp_path / "pipe").is_fifo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "pipe"]


def test_a_read_only_place_is_told() -> None:
    with pytest.raises(ToolError, match="cannot write in /sys") as error:
        write_atomic(Path("/sys/boatyard"), b"")
    assert "another folder" in error.value.hint


SWAP = """
import sys
from pathlib import Path
from boatyard.ports.files import replacing_dir
for number in range(10**6):
    with replacing_dir(Path(sys.argv[1])) as folder:
        for name in ("one", "two"):
            (folder / name).write_text(str(number))
    print(flush=True)
"""


@pytest.mark.parametrize("writes", range(1, 8))
def test_a_killed_writer_leaves_a_whole_folder(writes: int, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", SWAP, tmp_path / "folder"], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        for _ in range(writes):
            writer.stdout.readline()
        writer.kill()
    one, two = ((tmp_path / "folder" / name).read_text() for name in ("one", "two"))
    assert one == two
    assert int(one) >= writes - 1


def test_two_names_are_swapped(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/file").touch()
    (tmp_path / "file").write_text("text")
    if not exchange(tmp_path / "folder", tmp_path / "file"):
        pytest.skip("this system cannot swap names")
    assert names(tmp_path / "file") == ["file"]
    assert (tmp_path / "folder").read_text() == "text"
    with pytest.raises(FileNotFoundError):
        exchange(tmp_path / "folder", tmp_path / "nothing")


def test_a_folder_is_replaced_where_names_cannot_be_swapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boatyard.ports.files.exchange", lambda one, other: False)
    test_a_folder_is_replaced_whole(tmp_path)


def test_a_full_disk_is_told_also_of_a_whole_tree() -> None:
    one = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/a/b")
    many = shutil.Error([("a/x", "b/x", str(one)), ("a/y", "b/y", str(one))])
    for error in (one, many):
        told = refusal(error)
        assert told is not None
        assert "no space left on the disk" in str(told)
        assert "run the same command again" in told.hint
    assert refusal(FileNotFoundError(errno.ENOENT, "x", "y")) is None
    assert is_full(Path("/proc")) is False
