"""The structure of the code: imports point downwards, one door for each effect, short files and functions."""

import ast
import sys
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[1] / "src"
PACKAGE = SOURCES / "boatyard"
# Packages that run where only Python is: what each may import besides the standard library, and where effects are.
ALONE = {"boatyard_boot": (), "boatyard_installer": ("boatyard_boot",)}
DOORS = {
    "subprocess": ("boatyard_boot.run", "boatyard_installer.run"),
    "socket": ("boatyard_installer.fetch",),
    "http": ("boatyard_installer.fetch",),
    "urllib.request": ("boatyard_installer.fetch",),
}

# From the top down; packages in one row do not import each other.
ROWS = (
    ("cli",),
    ("flow",),
    ("lifecycle", "report", "trial", "check"),
    ("sources", "overlay", "render", "build", "repo", "image", "vm", "cloud", "config", "kickstart"),
    ("spec", "rpm", "graph"),
    ("config.model", "artifact"),
    ("ports",),
    ("base",),
)
LEVEL = {name: depth for depth, row in enumerate(ROWS) for name in row}
FORBIDDEN_OUTSIDE_PORTS = {"subprocess", "socket", "http", "urllib.request", "requests"}
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "data" not in path.relative_to(PACKAGE).parts)


def modules_alone() -> list[Path]:
    return sorted(path for package in ALONE for path in (SOURCES / package).rglob("*.py"))


def layer_of(dotted: str) -> str:
    """`boatyard.config.model.seed` belongs to `config.model`, `boatyard.sources.deb.apt` to `sources`."""
    parts = dotted.split(".")[1:]
    if parts[:2] == ["config", "model"]:
        return "config.model"
    return parts[0] if parts else ""


def dotted_name(path: Path) -> str:
    return ".".join(path.relative_to(SOURCES).with_suffix("").parts)


def imports(tree: ast.AST) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.extend((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.append((node.lineno, node.module))
            found.extend((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.append((node.lineno, "relative import"))
    return found


@pytest.mark.parametrize("path", modules(), ids=dotted_name)
def test_imports_point_downwards(path: Path) -> None:
    mine = layer_of(dotted_name(path))
    if mine in ("", "__init__", "__main__"):
        return
    wrong = []
    for line, name in imports(ast.parse(path.read_text(encoding="utf-8"))):
        assert name != "relative import", f"{path}:{line}: write the whole name"
        theirs = layer_of(name) if name.startswith("boatyard.") else ""
        if theirs in LEVEL and theirs != mine and LEVEL[theirs] <= LEVEL[mine]:
            wrong.append(f"{path}:{line}: {mine} must not import {name}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", modules(), ids=dotted_name)
def test_every_package_is_in_a_row(path: Path) -> None:
    layer = layer_of(dotted_name(path))
    assert layer in LEVEL or layer in ("__init__", "__main__")


@pytest.mark.parametrize("path", modules(), ids=dotted_name)
def test_effects_go_through_ports(path: Path) -> None:
    if layer_of(dotted_name(path)) == "ports":
        return
    wrong = [
        f"{path}:{line}: {name} belongs in ports"
        for line, name in imports(ast.parse(path.read_text(encoding="utf-8")))
        if any(name == banned or name.startswith(banned + ".") for banned in FORBIDDEN_OUTSIDE_PORTS)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", modules_alone(), ids=dotted_name)
def test_packages_that_need_only_python(path: Path) -> None:
    mine = dotted_name(path)
    package = mine.partition(".")[0]
    allowed = {package, *ALONE[package], *sys.stdlib_module_names}
    for line, name in imports(ast.parse(path.read_text(encoding="utf-8"))):
        assert name.partition(".")[0] in allowed, f"{path}:{line}: {package} must not import {name}"
        for effect, doors in DOORS.items():
            inside = mine in doors or not (name == effect or name.startswith(f"{effect}."))
            assert inside, f"{path}:{line}: {name} belongs in {' or '.join(doors)}"


@pytest.mark.parametrize("path", [*modules(), *modules_alone()], ids=dotted_name)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_FILE_LINES, f"{path} has become two subjects"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            assert length <= MAX_FUNCTION_LINES, f"{path}:{node.lineno} {node.name} has {length} lines"
