"""`boatyard trial`: whether a deployment works on an image, before it goes to the cloud."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import CheckError, ConfigError
from boatyard.cli.choice import add_project, chosen_project, is_quiet, is_verbose
from boatyard.cli.option import workspace_of
from boatyard.cli.trial_run import add_run
from boatyard.cli.trial_shell import add_shell
from boatyard.cli.trial_snapshots import add_snapshots
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    import argparse

    from boatyard.check.facts import Facts
    from boatyard.check.finding import Report

FORMATS = ("text", "json", "sarif", "junit")
TYPES = ("shell", "cloud-config", "dockerfile", "ansible", "python")


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the noun with its verbs."""
    parser = nouns.add_parser("trial", help="try deployments before they go to the cloud", description=__doc__)
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    add_check(verbs)
    add_run(verbs)
    add_shell(verbs)
    add_snapshots(verbs)
    add_schema(verbs)


def add_schema(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `schema`."""
    parser = verbs.add_parser(
        "schema",
        help="the JSON schema of scenarios, for editors",
        description="Prints the JSON schema of scenarios. Editors complete and check TOML files with it.",
    )
    parser.set_defaults(run=print_schema)


def print_schema(args: argparse.Namespace) -> int:  # noqa: ARG001
    """Prints the schema."""
    from boatyard.flow.schema import scenario_schema

    print(scenario_schema(), end="")
    return 0


def add_check(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `check`."""
    parser = verbs.add_parser(
        "check",
        help="what scripts, cloud-config, Dockerfiles and playbooks need that an image lacks; nothing is run",
        description="Reads scripts, cloud-config, Dockerfiles and Ansible playbooks without running them, and tells "
        "what they use that an image has not, with the line and a cure. Exit code 8 when there are errors.",
    )
    add_project(parser)
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="what to check; a folder for all in it; - for stdin"
    )
    facts = parser.add_argument_group("the image")
    facts.add_argument(
        "--image", metavar="IMAGE", help="an image of the project, or an image file with its manifest beside"
    )
    facts.add_argument("--manifest", type=Path, metavar="FILE", help="the manifest of an image")
    facts.add_argument("--facts", type=Path, metavar="FILE", help="facts about any other image, as JSON")
    facts.add_argument("--repo", type=Path, action="append", default=[], metavar="DIR",
                       help="a repository it installs from, with repodata/ (default: those it is made of)")  # fmt: skip
    facts.add_argument("--base", action="append", default=[], metavar="GLOB",
                       help="a name that Dockerfiles have it by (default: the name of the image)")  # fmt: skip
    facts.add_argument("--work", type=Path, metavar="DIR", help="where `image build --work DIR` put the images")
    facts.add_argument(
        "--arch", type=Arch, choices=list(Arch), default=Arch.of_host(), help="of the image (this host's)"
    )
    parser.add_argument(
        "--type", choices=TYPES, default="", help="what the files are (default: told by name and content)"
    )
    parser.add_argument("-o", "--output", choices=FORMATS, default="text", help="text (default), json, sarif or junit")
    parser.add_argument("--output-file", type=Path, metavar="FILE", help="write it there instead of to stdout")
    parser.add_argument("--strict", action="store_true", help="warnings, and what is not known, fail as errors do")
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="findings that are known, and do not count")
    parser.add_argument("--write-baseline", type=Path, metavar="FILE", help="write what is found there; exit code 0")
    parser.set_defaults(run=check_files)


def check_files(args: argparse.Namespace) -> int:
    """Checks files; CheckError when there are errors, with --strict also for warnings and unknown needs."""
    from boatyard.check.baseline import read_baseline, without_known, write_baseline
    from boatyard.check.check import check
    from boatyard.flow.trial.check import read_sources

    gc.disable()  # what is read lives to the end; looking through it again and again takes half of the time
    known = read_baseline(args.baseline) if args.baseline else None
    sources = read_sources(args.files, args.type)
    report = check(sources, facts_for(args), args.base)
    if known is not None:
        report = without_known(report, known)
    if args.write_baseline:
        count = write_baseline(args.write_baseline, report)
        print(f"wrote {count} findings to {args.write_baseline}", file=sys.stderr)
        return 0
    show(report, args)
    failures = failing(report, strict=args.strict)
    if failures:
        raise CheckError(
            f"the deployment does not fit {report.image or 'the image'}: {failures}",
            hint="each is shown above with its cure; `# boatyard: ignore RULE reason` accepts one",
        )
    return 0


def facts_for(args: argparse.Namespace) -> Facts:
    """The facts that the options choose; ConfigError unless exactly one of them does."""
    from boatyard.check.facts_file import read_facts
    from boatyard.flow.trial.check import built_manifest, image_facts, manifest_of
    from boatyard.flow.workspace import cache_dir

    if sum(bool(one) for one in (args.image, args.manifest, args.facts)) != 1:
        raise ConfigError("which image is it for?", hint="give one of --image, --manifest and --facts")
    if args.facts:
        return read_facts(args.facts)
    cache = cache_dir(os.environ) / "facts"
    if args.manifest:
        return image_facts(args.manifest, args.repo, args.manifest.parent.parent / "repo", cache)
    file = Path(args.image)
    if file.exists() or len(file.parts) > 1 or file.suffix:
        return image_facts(manifest_of(file), args.repo, file.absolute().parent.parent / "repo", cache)
    project = chosen_project(args)
    project.image(args.image)
    workspace = workspace_of(project, args.work)
    return image_facts(built_manifest(workspace.images, args.image, args.arch), args.repo, workspace.repo, cache)


def show(report: Report, args: argparse.Namespace) -> None:
    """Writes the report in its format to stdout or a file."""
    from boatyard.check.report_json import to_json
    from boatyard.check.report_junit import to_junit
    from boatyard.check.report_sarif import to_sarif
    from boatyard.check.report_text import to_text
    from boatyard.cli.verdict import print_report

    if args.output == "text":
        text = to_text(report, notes=is_verbose(args))
    elif args.output == "json":
        text = to_json(report)
    elif args.output == "sarif":
        text = to_sarif(report)
    else:
        text = to_junit(report, strict=args.strict)
    if args.output_file:
        from boatyard.ports.files import write_atomic

        write_atomic(args.output_file, text)
    elif not (is_quiet(args) and args.output == "text" and not report.findings):
        print_report(text)


def failing(report: Report, *, strict: bool) -> str:
    """What fails the check, in words; empty when nothing does."""
    errors, warnings = report.count("error"), report.count("warning")
    unknown = sum(one.rule in ("SP000", "SP011") and one.counts and one.severity == "note" for one in report.findings)
    told = [f"{errors} error{'' if errors == 1 else 's'}"] if errors else []
    if strict:
        told += [f"{warnings} warning{'' if warnings == 1 else 's'}"] if warnings else []
        told += [f"{unknown} not known"] if unknown else []
    return ", ".join(told)
