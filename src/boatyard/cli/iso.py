"""`boatyard iso`: finished ISOs, changed without making them again, and inspected."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.cli.table import render_pairs, to_json

if TYPE_CHECKING:
    import argparse

    from boatyard.image.inspect import IsoContent


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the noun with its verbs."""
    parser = nouns.add_parser("iso", help="finished ISOs: customize, inspect", description=__doc__)
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    add_customize(verbs)
    add_inspect(verbs)


def add_customize(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `customize`."""
    parser = verbs.add_parser(
        "customize",
        help="put answers for the installer and kernel arguments into a copy of an ISO",
        description="Writes a copy of an ISO that Boatyard made, with answers for its installer, kernel arguments or "
        "another timeout of its menu. What an earlier run put in is replaced. With answers it installs as soon as it "
        "is started, unless --timeout says otherwise.",
    )
    parser.add_argument("iso", type=Path, metavar="IN.iso", help="the ISO, which stays as it is")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="answers for the installer (TOML), checked first")
    parser.add_argument(
        "--kargs", action="append", default=[], metavar="'A B'", help="kernel arguments for every entry; repeatable"
    )
    parser.add_argument("--timeout", type=int, metavar="S", help="seconds that the menu waits (with answers: 0)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.iso", help="the ISO to be written")
    parser.add_argument("-f", "--force", action="store_true", help="replace OUT.iso when it is there")
    parser.set_defaults(run=customize_image)


def add_inspect(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `inspect`."""
    parser = verbs.add_parser(
        "inspect",
        help="what an ISO is, holds and starts, with its digests verified",
        description="Shows what an ISO that Boatyard made is and verifies its files; exit code 6 when one is not what "
        "it was.",
    )
    parser.add_argument("iso", type=Path, metavar="ISO", help="the ISO")
    parser.add_argument("--key", type=Path, metavar="FILE", help="the public key that must have signed the digests")
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table", help="table (default) or json")
    parser.set_defaults(run=inspect_image)


def customize_image(args: argparse.Namespace) -> int:
    """Writes the copy and tells where it is."""
    from boatyard.cli.session import session
    from boatyard.flow.iso import customize_iso
    from boatyard.flow.workspace import cache_dir

    folder = cache_dir(os.environ) / "iso"
    with session(folder) as ports:
        customize_iso(
            ports,
            args.iso,
            args.output.absolute(),
            answers=args.answers,
            kernel_arguments=[word for words in args.kargs for word in words.split()],
            timeout_s=args.timeout,
            replace=args.force,
            log=folder / "customize.log",
        )
    print(args.output)
    return 0


def inspect_image(args: argparse.Namespace) -> int:
    """Prints what it is; exit code 6 when its digests or their signature are wrong."""
    from boatyard.cli.session import session
    from boatyard.flow.iso import inspect_iso
    from boatyard.flow.workspace import cache_dir

    folder = cache_dir(os.environ) / "iso"
    with session(folder) as ports:
        content, verified = inspect_iso(ports, args.iso, args.key, folder)
    if args.output == "json":
        print(to_json(_data(content, verified, signed=args.key is not None)))
    else:
        print(render_pairs(_words(content, verified, signed=args.key is not None)))
    return 0


def _default(content: IsoContent) -> str:
    """The entry that starts by itself."""
    custom = content.custom.default if content.custom else None
    return custom or next(iter(content.entries), "")


def _data(content: IsoContent, verified: int, *, signed: bool) -> dict[str, object]:
    """What is told to machines; docs/reference/json-output.md has it."""
    custom = content.custom
    told = ("image", "title", "id", "version", "arch", "kernel", "size", "occupied", "inodes")
    data = {
        "label": content.volume.label,
        **{name: content.root.get(name, "") for name in told},
        "entries": dict(content.entries),
        "default": _default(content),
        "timeout": custom.timeout_s if custom else None,
        "kernelArguments": list(custom.kernel_arguments) if custom else [],
        "answers": content.answers,
        "added": list(content.added),
        "verifiedFiles": verified,
        "signatureVerified": signed,
    }
    return {name: value for name, value in data.items() if value not in (None, "", []) and value is not False}


def _words(content: IsoContent, verified: int, *, signed: bool) -> dict[str, str]:
    """The same for people."""
    custom, root, default = content.custom, content.root, _default(content)
    entries = (f"{name}: {title}{' (default)' if name == default else ''}" for name, title in content.entries.items())
    return {
        "label": content.volume.label,
        "distribution": f"{content.title} ({root.get('id')} {root.get('version')}, {root.get('arch')})",
        "kernel": str(root.get("kernel")),
        "menu": "\n".join(entries),
        "timeout": f"{custom.timeout_s} s" if custom and custom.timeout_s is not None else "",
        "kernel arguments": " ".join(custom.kernel_arguments) if custom else "",
        "answers": "inside" if content.answers else "none",
        "added": "\n".join(content.added),
        "verified": f"{verified} files",
        "signature": "by the key given" if signed else "not checked: give --key FILE",
    }
