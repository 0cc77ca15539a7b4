"""`[buildroot]`: read, merged, checked."""

from pathlib import Path

import pytest

from boatyard.base.error import ConfigError
from boatyard.config.load import load_root


def project(folder: Path, text: str, name: str = "boatyard.toml") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_a_project_says_what_builds_may_rely_on(tmp_path: Path) -> None:
    path = project(
        tmp_path, '[components.base]\n[buildroot]\npackages = ["bash"]\nbootstrap = ["base"]\ndisk = "1 GiB"\n'
    )
    buildroot = load_root(path).buildroot
    assert (buildroot.packages, buildroot.bootstrap, buildroot.disk) == (("bash",), ("base",), "1 GiB")
    assert buildroot.backend == "sandbox"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('memory = "3 MiB"', "no build gets along with 3 MiB"),
        ('disk = "much"', "'much' is not a size"),
        ("processes = 0", ">= 1"),
        ('bootstrap = ["bassh"]', "undefined component 'bassh'"),
        ('backend = "koji"', "koji"),
        ("packages = [3]", "str"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    path = project(tmp_path, f"[components.bash]\n\n[buildroot]\n{text}\n")
    with pytest.raises(ConfigError) as raised:
        load_root(path)
    assert told in str(raised.value)
    assert f"{path}:4" in str(raised.value)


def test_azldev_knows_no_buildroot(tmp_path: Path) -> None:
    path = project(tmp_path, '[buildroot]\npackages = ["bash"]\n', "azldev.toml")
    with pytest.raises(ConfigError, match="buildroot"):
        load_root(path)
