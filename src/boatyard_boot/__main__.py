"""`python3 -m boatyard_boot`: the kernels in the boot menu of the running system; kernel-install(8) calls it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from boatyard_boot.error import BootError
from boatyard_boot.kernel import CMDLINE, add_kernel, default_kernel, is_set_up, read_entries, remove_kernel


def main(argv: list[str] | None = None) -> int:
    """Runs a command; 0 when it is done, 1 when it cannot be, 2 when it is no command."""
    args = _parser().parse_args(argv)
    root: Path = args.root
    try:
        if args.command == "list":
            _list(root)
        elif not is_set_up(root):
            print(f"boatyard-boot: there is no /{CMDLINE}, so this system boots from no disk: nothing to do")
        elif args.command == "add":
            add_kernel(root, args.kernel, args.image)
            print(f"boatyard-boot: {args.kernel} is in the boot menu; {default_kernel(root)} is the default")
        else:
            _remove(root, args.kernel)
    except BootError as error:
        print(f"error: {error.what}", *([f"  hint: {error.hint}"] if error.hint else []), sep="\n", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error.filename or 'the disk'}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="boatyard_boot", description="The kernels in the boot menu.")
    parser.add_argument("--root", type=Path, default=Path("/"), metavar="DIR", help="another system than the running")
    commands = parser.add_subparsers(dest="command", required=True)
    add = commands.add_parser("add", help="make a kernel bootable, and the newest the default")
    add.add_argument("kernel", metavar="KERNEL", help="its release, as `uname -r` says it")
    add.add_argument("image", type=Path, nargs="?", metavar="IMAGE", help="the kernel itself, if not its package's")
    remove = commands.add_parser("remove", help="take a kernel out of the menu")
    remove.add_argument("kernel", metavar="KERNEL")
    commands.add_parser("list", help="the kernels in the menu, newest first; * marks the default")
    return parser


def _remove(root: Path, kernel: str) -> None:
    if not remove_kernel(root, kernel):
        print(f"boatyard-boot: {kernel} was not in the boot menu")
    elif read_entries(root):
        print(f"boatyard-boot: {kernel} is out of the boot menu; {default_kernel(root)} is the default")
    else:
        print("boatyard-boot: the boot menu is empty: install a kernel before the next start", file=sys.stderr)


def _list(root: Path) -> None:
    default = default_kernel(root)
    for file, entry in read_entries(root).items():
        mark = "*" if entry.version == default else " "
        print(f"{mark} {entry.version}  {entry.title}  {file}")


if __name__ == "__main__":
    sys.exit(main())
