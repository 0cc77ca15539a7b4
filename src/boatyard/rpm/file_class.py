"""What each file of a package is to a build: nothing, a library to link to, bytes to read, or something that runs.

The rules are those of docs/explanation/what-is-rebuilt.md. Whatever no rule knows counts with all its bytes.
"""

from __future__ import annotations

import re
import stat
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boatyard.rpm.payload import PackedFile


class FileClass(Enum):
    """UNSEEN: no build reads it. LIBRARY: only what it exports counts. PROGRAM: runs in builds, with its package.

    CONFIG_PROGRAM: `foo-config`, a devel file when it is a script. DEVEL and LANGUAGE: known kinds of files that count
    with their bytes. OTHER: unknown. FOLDER: says nothing of its package.
    """

    UNSEEN = "unseen"
    LIBRARY = "library"
    PROGRAM = "program"
    CONFIG_PROGRAM = "config program"
    DEVEL = "devel"
    LANGUAGE = "language"
    OTHER = "other"
    FOLDER = "folder"


# Also where rpm puts the links that are named after build ids, which change with every byte of a program.
_UNSEEN = re.compile(r"/usr/(share/(doc|man|info|licenses)|(lib|src)/debug|lib/\.build-id)(/|$)")
# What documentation tools read of other packages' documentation: Sphinx, Doxygen, Qt's help.
_INDEX = re.compile(r"/objects\.inv$|\.(tag|tags|tagfile|index|qch)$")
_PYC = re.compile(r"(?P<folder>.*/)__pycache__/(?P<module>[^/]+)\.cpython-\d+(\.opt-\d)?\.pyc$")
_PYC_FOLDER = re.compile(r".*/__pycache__$")
_LIBRARY_DIR = r"(/usr)?/lib(64|32)?/([a-z0-9_]+-linux-[a-z0-9]+/)?"
_LIBRARY = re.compile(_LIBRARY_DIR + r"(lib|ld)[^/]*\.so(\.[0-9][0-9A-Za-z._]*)?")
# Libraries that do the work of programs which nearly every build runs: compilers (with the arithmetic that folds
# constants), interpreters, and what rpmbuild and debugedit look into files with.
_ENGINE = re.compile(
    r".*/lib(python[23]|perl|ruby|lua|tcl|guile|node|julia|R\b|LLVM|LTO|MLIR|clang|rustc|std-|gccjit|mozjs|v8|ghc"
    r"|gmp|mpfr|mpc|isl|bfd|opcodes|ctf|sframe|elf|dw|asm|magic|rpm)[^/]*\.so[^/]*"
)
_PROGRAM_DIR = re.compile(r"(/usr(/local)?)?/(bin|sbin|games|libexec)/.|.*/bin/.")
_CONFIG_PROGRAM = re.compile(r"/usr/bin/[^/]+-config(-[0-9.]+|-64|-32)?")
_SHARED = re.compile(r"\.so(\.[0-9.]+)?$")
_LINK_NAME = re.compile(_LIBRARY_DIR + r"[^/]+\.so")
_DEVEL = re.compile(
    r"/usr/include/.*|/usr/(lib(64)?(/[a-z0-9_]+-linux-[a-z0-9]+)?|share)/(pkgconfig/[^/]+\.pc|cmake/.*|[^/]+/cmake/.*)"
    rf"|/usr/share/aclocal[^/]*/[^/]+\.m4|{_LIBRARY_DIR}[^/]+\.(a|la|o)|/usr/share/(gir-1\.0|vala/vapi)/[^/]+"
)
_LANGUAGE = re.compile(
    r"/usr/lib(64)?/python[23][0-9.]*/(site|dist)-packages/.*|/usr/(lib(64)?(/[a-z0-9_]+-linux-[a-z0-9]+)?|share)/perl5/.*"
    r"|/usr/(lib(64)?|share)/gems/.*|/usr/share/ruby/vendor_ruby/.*|/usr/lib/node_modules/.*"
)


def class_of(file: PackedFile, paths: frozenset[str]) -> FileClass:
    """The class of a file by its name and mode; `paths`: the names of all files of the package."""
    path = file.path
    if _UNSEEN.match(path) and not _INDEX.search(path):
        return FileClass.UNSEEN
    if stat.S_ISDIR(file.mode):
        return FileClass.UNSEEN if _PYC_FOLDER.fullmatch(path) else FileClass.FOLDER
    compiled = _PYC.fullmatch(path)
    if compiled and f"{compiled['folder']}{compiled['module']}.py" in paths:
        return FileClass.UNSEEN
    if _LIBRARY.fullmatch(path):
        return _class_of_library(file)
    if _CONFIG_PROGRAM.fullmatch(path) and file.is_regular:
        return FileClass.CONFIG_PROGRAM
    if _PROGRAM_DIR.match(path):
        return FileClass.PROGRAM
    if _LANGUAGE.fullmatch(path):
        return FileClass.LANGUAGE
    if _DEVEL.fullmatch(path):
        return FileClass.DEVEL
    executable = file.is_regular and file.mode & 0o111 and not _SHARED.search(path)
    return FileClass.PROGRAM if executable else FileClass.OTHER


def _class_of_library(file: PackedFile) -> FileClass:
    if _ENGINE.fullmatch(file.path):
        return FileClass.PROGRAM
    if file.is_regular:
        return FileClass.LIBRARY
    return FileClass.DEVEL if _LINK_NAME.fullmatch(file.path) else FileClass.LIBRARY
