"""Why builds fail, by the last lines of their logs (kept in `failed/`, shortened from real ones)."""

from pathlib import Path

import pytest

from boatyard.build.cause import find_cause

LOGS = Path(__file__).with_name("failed")
EXPECTED = {
    "arch": ("it is not for this architecture", ""),
    "cmake": (
        "CMake does not find Foo (in %build)",
        "add `BuildRequires: cmake(Foo)` to the spec, by an overlay if it is not ours",
    ),
    "command": (
        "the command cmake is missing (in %build)",
        "add `BuildRequires: /usr/bin/cmake` to the spec, by an overlay if it is not ours",
    ),
    "command_of_make": (
        "the command bison is missing (in %build)",
        "add `BuildRequires: /usr/bin/bison` to the spec, by an overlay if it is not ours",
    ),
    "compiler": (
        "it does not compile: main.c:5:12: error: implicit declaration of function 'gets' (in %build)",
        "",
    ),
    "configure": ("configure: no acceptable C compiler found in $PATH (in %build)", ""),
    "configure_asked": ("configure: libevent is required.  You can get it from its home page (in %build)", ""),
    "debuginfo": (
        "there is nothing to take debug information from (debugsourcefiles)",
        "does it compile with -g? else `%global debug_package %{nil}`",
    ),
    "file": ("%files lists /usr/bin/x, which is not installed", "has its place changed?"),
    "header": ("the header zlib.h is missing (in %build)", "add the package that has it to BuildRequires"),
    "linker": (
        "the library ncurses is missing for the linker (in %build)",
        "add the package that has it to BuildRequires",
    ),
    "memory": ("memory did not suffice (in %build)", "give it more memory, or fewer jobs at once"),
    "meson": (
        "the library glib-2.0 is missing (in %build)",
        "add `BuildRequires: pkgconfig(glib-2.0)` to the spec, by an overlay if it is not ours",
    ),
    "network": (
        "it wants to download something (in %build)",
        "builds have no network: make what it wants a source of the component",
    ),
    "patch": (
        "a patch does not apply: 0001-fix-build.patch (in %prep)",
        "write it anew against this version, or remove it: `boatyard overlay check`",
    ),
    "perl": (
        "the Perl module ExtUtils/MakeMaker is missing (in %build)",
        "add `BuildRequires: perl(ExtUtils/MakeMaker)` to the spec, with :: for /",
    ),
    "pkgconfig": (
        "the library libxml-2.0 is missing (in %build)",
        "add `BuildRequires: pkgconfig(libxml-2.0)` to the spec, by an overlay if it is not ours",
    ),
    "pytest": (
        "a test fails: tests/test_x.py::test_two - assert 1 == 2 (in %check)",
        "the test is right, or the overlay says why it is left out",
    ),
    "python": (
        "the Python module setuptools is missing (in %build)",
        "add `BuildRequires: python3dist(setuptools)` to the spec, by an overlay if it is not ours",
    ),
    "requires": ("the buildroot lacks pkgconfig(zlib)", "it was solved without it: is it conditional?"),
    "rust": ("it does not compile: error[E0425]: cannot find value `y` in this scope (in %build)", ""),
    "source": ("the source hello.tar.gz is missing", "add it to the component"),
    "space": ("no space left (in %install)", "raise the limit on its disk, or free some space"),
    "spec": ("the spec is wrong: line 12: Unknown tag: Nmae: hello", "mend it by an overlay"),
    "test": ("a test fails: tests/two (in %check)", "the test is right, or the overlay says why it is left out"),
    "undefined": ("the linker finds no deflate (in %build)", "is a library missing, or an old interface gone?"),
    "unknown": ("%build failed with no reason that is known", ""),
    "unpackaged": ("it installs files that %files does not list", "list them in %files, or remove them in %install"),
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_cause(name: str) -> None:
    cause = find_cause((LOGS / f"{name}.log").read_text(), 1)
    assert (cause.what, cause.hint) == EXPECTED[name]
    assert cause.evidence


def test_every_log_is_expected() -> None:
    assert {path.stem for path in LOGS.glob("*.log")} == EXPECTED.keys()


def test_killed() -> None:
    assert find_cause("+ ./x\nKilled\n", 137).what == "it was killed"


def test_commands_that_the_shell_shows_are_no_cause() -> None:
    text = "Executing(%build): /bin/sh\n+ echo 'fatal error: x.h: No such file'\nBad exit status from /t (%build)\n"
    assert find_cause(text, 1).what == "%build failed with no reason that is known"


def test_nothing_is_known_of_nothing() -> None:
    assert find_cause("", 1).what == ""
