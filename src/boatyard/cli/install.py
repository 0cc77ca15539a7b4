"""`boatyard install`: answers for the installer, checked, described and made from kickstarts on any machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.cli.table import render_pairs, to_json

if TYPE_CHECKING:
    import argparse

    from boatyard_installer.answers import Answers
    from boatyard_installer.step import Plan

PASSPHRASE = {
    "answers": "passphrase in the answers",
    "prompt": "passphrase is asked for",
    "random": "passphrase is made up and shown",
}


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the noun with its verbs."""
    parser = nouns.add_parser("install", help="answers for the installer", description=__doc__)
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    add_check(verbs)
    add_convert(verbs)
    add_schema(verbs)


def add_check(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `check`."""
    parser = verbs.add_parser(
        "check",
        help="whether answers are right, before any machine is started",
        description="Checks answers as the installer does and tells everything that is wrong, with line and key; exit "
        "code 2. With --dry-run it shows what the installer would do on a machine with one empty disk.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the answers (TOML)")
    parser.add_argument("--iso", type=Path, metavar="ISO", help="the ISO they are for: its packages, size and kernel")
    parser.add_argument("--dry-run", action="store_true", help="print the plan, step by step")
    parser.add_argument("--disk", default="20 GiB", metavar="SIZE", help="size of the disk, for --dry-run (20 GiB)")
    parser.add_argument(
        "--firmware", choices=("uefi", "bios"), default="uefi", help="of the machine, for --dry-run (uefi)"
    )
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table", help="table (default) or json")
    parser.set_defaults(run=check_answers)


def add_convert(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `convert`."""
    parser = verbs.add_parser(
        "convert",
        help="make answers from a kickstart; what cannot be converted is listed",
        description="Makes answers from a kickstart. What has no counterpart is listed with its line, on stderr and at "
        "the top of the answers. Passwords in plain text are left out.",
    )
    parser.add_argument("kickstart", type=Path, metavar="ks.cfg", help="the kickstart")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the answers there, not to stdout")
    parser.add_argument("-f", "--force", action="store_true", help="replace FILE when it is there")
    parser.add_argument("--strict", action="store_true", help="exit code 8 unless everything is converted")
    parser.set_defaults(run=convert_file)


def add_schema(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `schema`."""
    parser = verbs.add_parser(
        "schema",
        help="the JSON schema of answers, for editors",
        description="Prints the JSON schema of answers. Editors complete and check TOML files with it.",
    )
    parser.set_defaults(run=print_schema)


def check_answers(args: argparse.Namespace) -> int:
    """Prints a summary or the plan; errors for all that is wrong."""
    from boatyard.base.error import CheckError, ConfigError, NotFoundError
    from boatyard.flow.install import SOME_MEDIUM, medium_of, missing_packages, plan_for, read_answers
    from boatyard.image.inspect import read_iso
    from boatyard_boot.size import parse_size

    answers, _ = read_answers(args.file)
    try:
        disk_size = parse_size(args.disk)
    except ValueError as error:
        raise ConfigError(f"--disk: {error}") from None
    medium = SOME_MEDIUM
    if args.iso is not None:
        if not args.iso.is_file():
            raise NotFoundError(f"there is no ISO image {args.iso}")
        content = read_iso(args.iso)
        medium = medium_of(content)
        missing = missing_packages(answers, content)
        if missing and not any(repository.use for repository in answers.repositories):
            raise CheckError(
                f"the ISO's repository has no package {', '.join(missing)}",
                hint="what its image has need not be named; add a repository with `use = true`, or `medium-packages` "
                "to the image",
            )
    plan = plan_for(answers, medium, disk_size=disk_size, firmware=args.firmware) if args.dry_run else None
    if args.output == "json":
        print(to_json(_data(answers, plan)))
    elif plan is not None:
        print("\n".join(f"{number:2}. {step.text}" for number, step in enumerate(plan.steps, 1)))
    else:
        print(render_pairs({name: value or "none" for name, value in summary(answers).items()}))
    return 0


def summary(answers: Answers) -> dict[str, str]:
    """What the answers come to, in few words and without secrets."""
    disk = answers.disk
    rules = {"serial": disk.serial, "by-id": disk.by_id, "from": disk.min_size, "to": disk.max_size, "bus": disk.bus}
    chosen = ", ".join(f"{name} {value}" for name, value in rules.items() if value) or "the only one that is fixed"
    layout = (
        answers.layout.kind
        if answers.layout.kind == "custom"
        else f"{answers.layout.kind}, {answers.layout.filesystem}"
    )
    return {
        "disk": chosen,
        "wipe": "what is on it is lost" if disk.wipe else "only if it is empty",
        "layout": layout,
        "encryption": PASSPHRASE[answers.encryption.source] if answers.encryption else "",
        "hostname": answers.system.hostname,
        "network": ", ".join(link.match or link.mac for link in answers.network) or "as the image has it",
        "users": ", ".join(user.name for user in answers.users),
        "packages": ", ".join(answers.packages.install),
        "scripts": ", ".join(script.name for script in answers.scripts),
        "then": answers.finish.action,
    }


def _data(answers: Answers, plan: Plan | None) -> dict[str, object]:
    """The same for machines; docs/reference/json-output.md has it."""
    told: dict[str, object] = {
        "layout": answers.layout.kind,
        "wipe": answers.disk.wipe,
        "encrypted": answers.encryption is not None,
        "hostname": answers.system.hostname,
        "users": [user.name for user in answers.users],
        "packages": list(answers.packages.install),
        "scripts": [script.name for script in answers.scripts],
        "action": answers.finish.action,
    }
    if plan is not None:
        told["steps"] = [{"name": step.name, "text": step.text} for step in plan.steps]
    return told


def convert_file(args: argparse.Namespace) -> int:
    """Writes the answers; CheckError with --strict when something is lost."""
    from boatyard.base.error import CheckError, ConfigError
    from boatyard.flow.install import convert_kickstart
    from boatyard.ports.files import write_atomic

    if args.output is not None and args.output.exists() and not args.force:
        raise ConfigError(f"{args.output} already exists", hint="use --force to replace it")
    text, notes = convert_kickstart(args.kickstart)
    for note in notes:
        print(note, file=sys.stderr)
    lost = sum(note.lost for note in notes)
    if lost and args.strict:
        raise CheckError(
            f"{lost} of the kickstart's lines are not converted", hint="each is shown above; nothing was written"
        )
    if args.output is None:
        print(text, end="")
    else:
        write_atomic(args.output, text, mode=0o600)  # it may hold a passphrase
    return 0


def print_schema(args: argparse.Namespace) -> int:  # noqa: ARG001
    """Prints it."""
    from boatyard.flow.schema import answers_schema

    print(answers_schema(), end="")
    return 0
