"""The command as a whole: how it ends, and what it says then."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import CheckError
from boatyard.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """`main` sets handlers, which are those of the whole process."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def ends_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    """The exit code of a command that ends with an error."""

    def fail(noun: str | None) -> None:
        raise error

    monkeypatch.setattr(main, "make_parser", fail)
    return main.main(["doctor"])


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (CheckError("it leaks", hint="caulk it"), 8, "error: it leaks\n  hint: caulk it\n"),
        (OSError(errno.ENOSPC, "x", "/a/b"), 4, "error: no space left on the disk that holds /a/b\n  hint: free some"),
        (PermissionError(errno.EACCES, "x", "/a"), 4, "error: cannot use /a: Permission denied\n  hint: choose"),
        (OSError(errno.EROFS, "x", "/a"), 4, "error: cannot use /a: Read-only file system\n  hint: choose"),
        (KeyboardInterrupt(), 130, "interrupted; what is finished is kept, run the same command again"),
        (ZeroDivisionError("why"), 1, "error: ZeroDivisionError: why\n  hint: this is a bug in Boatyard"),
        (FileNotFoundError(errno.ENOENT, "x", "/a"), 1, "error: FileNotFoundError"),
    ],
)
def test_ends(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    error: BaseException,
    code: int,
    words: str,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path))
        assert ends_with(patch, error) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(words)
    assert "Traceback" not in err
    kept = [path.read_text() for path in tmp_path.iterdir()]
    assert [type(error).__name__ in text and "Traceback" in text for text in kept] == [True] * (code == 1)


def test_bug_that_cannot_be_kept(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
        assert ends_with(patch, ZeroDivisionError("why")) == 1
    assert "Traceback" in capfd.readouterr().err


def test_usage_is_told_with_exit_code_2(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main.main(["repo", "bild"])
    assert end.value.code == 2
    assert "invalid choice: 'bild'" in capfd.readouterr().err


def test_reader_that_has_seen_enough() -> None:
    """`boatyard … | head`: no traceback, and no error."""
    read, write = os.pipe()
    os.close(read)
    argv = [sys.executable, "-m", "boatyard", "config", "generate-schema"]
    done = subprocess.run(argv, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


HANGING = """
import sys, threading
from boatyard.cli import main
def work(noun):
    threading.Thread(target=lambda: threading.Event().wait()).start()
    print("hangs", flush=True)
    threading.Event().wait()
main.make_parser, main.GRACE_S = work, 0.1
sys.exit(main.main(["doctor"]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_thread_that_hangs_is_not_waited_for(number: signal.Signals) -> None:
    argv = ["env", "--default-signal=INT", sys.executable, "-c", HANGING]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"hangs\n"
        process.send_signal(number)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert err.decode() == "interrupted; what is finished is kept, run the same command again to go on\n"


IMPORTING = """
import os, runpy, signal, sys
wanted = sys.argv.pop(1)
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == wanted:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
runpy.run_module("boatyard", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    ("module", "code"),
    [("boatyard.cli.main", -signal.SIGINT), ("boatyard.cli.repo", 130), ("boatyard.flow.distribution", 130)],
)
def test_interrupt_while_it_starts(module: str, code: int) -> None:
    """Ctrl-C right after Return: whatever is being imported, there is no traceback."""
    argv = ["env", "--default-signal=INT", sys.executable, "-c", IMPORTING, module, "repo", "build"]
    done = subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr, done.stderr.decode()


def test_names_that_do_not_fit_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "boatyard.toml").write_text('[images.skiff]\ndescription = "☃"\n', encoding="utf-8")
    env = os.environ | {"PYTHONIOENCODING": "ascii"}
    argv = [sys.executable, "-m", "boatyard", "image", "list", "-C", str(tmp_path)]
    ended = subprocess.run(argv, env=env, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert rb"\u2603" in ended.stdout


FACTS = '{"image": "none", "packages": [{"name": "bash", "files": ["/bin/bash"], "installed": true}]}'


@pytest.mark.tool
@pytest.mark.parametrize(("closing", "code"), [("| :", 8), (">&-", 8), (">&- 2>&-", 8)])
def test_a_verdict_is_told_by_the_exit_code_whoever_reads_it(tmp_path: Path, closing: str, code: int) -> None:
    """`boatyard trial check … | head` in a pipeline with `pipefail`, and with closed streams as some CI have them."""
    script = tmp_path / "deploy.sh"
    script.write_text("#!/bin/bash\nnothing-of-that-name\n")
    facts = tmp_path / "facts.json"
    facts.write_text(FACTS)
    command = f'"{sys.executable}" -m boatyard trial check "{script}" --facts "{facts}" {closing}'
    done = subprocess.run(["/bin/bash", "-o", "pipefail", "-c", command], check=False, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert "bug in Boatyard" not in done.stderr


def test_the_program_is_the_module() -> None:
    """So that an interrupt while it starts is one in the program, too."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"boatyard": "boatyard.__main__:main"}


def test_folders_of_the_kernel_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("#cloud-config\n{}\n")
    argv = ("trial", "run", "--image", "x", "--cloud-init", "x", "--report", "/proc/report")
    command = [sys.executable, "-m", "boatyard", *argv]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, text=True)
    assert done.returncode == 4, done.stderr
    assert "nobody but the kernel makes files there" in done.stderr


def test_a_cache_that_cannot_be_used_may_be_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", "/nobody/cache/facts")

    monkeypatch.setattr(main, "_run", refused)
    for cache, told in (("/nobody/cache", True), ("/somebody/cache", False)):
        monkeypatch.setenv("BOATYARD_CACHE", cache)
        assert main.main([]) == 4
        assert ("BOATYARD_CACHE names another folder" in capsys.readouterr().err) == told
