"""`tools/newer-qemu`: which QEMU is replaced, and from which mirror; with stand-ins for apt-get, QEMU and sudo."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "tools/newer-qemu"
MIRROR = "http://mirror.example/debian/"
APT_GET = f"""#!/bin/sh
echo "$@" >> "$TOLD"
case "$*" in
    indextargets*) echo "oldstable-updates main http://other.example/"; echo "$SUITE main {MIRROR}"; exit 0 ;;
    *) for word; do case $word in Dir::Etc::SourceList=*) cp "${{word#*=}}" "$TOLD.list" ;; esac; done; exit "$CODE" ;;
esac
"""


@pytest.fixture
def codename() -> str:
    words = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text("utf-8").splitlines() if "=" in line)
    return words.get("VERSION_CODENAME", "")


def run(
    folder: Path, version: str, suite: str = "bookworm", code: int = 0
) -> tuple[subprocess.CompletedProcess[str], str]:
    """What the script says, and the words that apt-get was given."""
    folder.mkdir(exist_ok=True)
    for name, text in (
        ("apt-get", APT_GET),
        ("sudo", '#!/bin/sh\nexec "$@"\n'),
        ("qemu-system-x86_64", f"#!/bin/sh\necho 'QEMU emulator version {version} (Debian)'\n"),
    ):
        (folder / name).write_text(text, "utf-8")
        (folder / name).chmod(0o755)
    told = folder / "told"
    env = {"PATH": f"{folder}:{os.environ['PATH']}", "TOLD": str(told), "SUITE": suite, "CODE": str(code)}
    ended = subprocess.run([SCRIPT], env=env, capture_output=True, text=True, check=False)
    return ended, told.read_text("utf-8") if told.exists() else ""


@pytest.mark.parametrize("version", ["8.2.2", "10.0.2"])
def test_a_sound_one_stays(version: str, tmp_path: Path) -> None:
    ended, told = run(tmp_path, version)
    assert (ended.returncode, ended.stderr, told) == (0, "", "")


@pytest.mark.parametrize("suite", ["bookworm", "oldstable"])
def test_an_old_one_is_replaced_from_the_mirror_of_apt(suite: str, codename: str, tmp_path: Path) -> None:
    if codename != "bookworm":
        pytest.skip("Debian 12 is the one whose QEMU is too old")
    ended, told = run(tmp_path, "7.2.22", suite)
    assert ended.returncode == 0, ended.stderr
    assert "-t bookworm-backports qemu-system-x86 qemu-utils" in told
    last = (tmp_path / "told.list").read_text("utf-8").splitlines()[-1]
    assert last.endswith(f"] {MIRROR} bookworm-backports main")
    assert "signed-by=" in last


def test_without_backports_the_old_one_does(codename: str, tmp_path: Path) -> None:
    if codename != "bookworm":
        pytest.skip("Debian 12 is the one whose QEMU is too old")
    ended, told = run(tmp_path, "7.2.22", code=100)
    assert ended.returncode == 0
    assert "could not be installed" in ended.stderr
    assert " install " not in told
    ended, told = run(tmp_path / "no-mirror", "7.2.22", suite="trixie")
    assert ended.returncode == 0
    assert "knows no mirror" in ended.stderr
