"""`boatyard trial run`: a deployment on a machine of a local cloud, and the verdict."""

from __future__ import annotations

import dataclasses
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.cli.choice import add_project, chosen_project, is_quiet, is_verbose
from boatyard.cli.option import workspace_of
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    import argparse

    from boatyard.artifact.trial_report import TrialReport
    from boatyard.flow.trial.order import Places
    from boatyard.flow.trial.scenario import PlacedScenario
    from boatyard.flow.workspace import Workspace

FORMATS = ("text", "json", "junit")
CODES = "20 static check, 30 boot, 40 provisioning, 50 deployment, 60 checks"


def add_run(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `run` to the noun `trial`."""
    parser = verbs.add_parser(
        "run",
        help="run a deployment on a machine that is provisioned like one of the cloud, and check it",
        description="Boots an image as a VM of a local cloud, waits until it is provisioned, deploys to it and checks "
        f"it. The exit code tells the first phase that failed: {CODES}.",
    )
    add_scenario(parser)
    parser.add_argument("--script", type=Path, action="append", default=[], metavar="FILE",
                        help="a script that the machine runs as root; may be repeated")  # fmt: skip
    parser.add_argument("--checks", type=Path, action="append", default=[], metavar="PATH",
                        help="checks: a TOML, goss YAML or pytest-testinfra file, or a folder of them")  # fmt: skip
    parser.add_argument("--after-reboot", action="store_true", help="make all checks again after a restart")
    parser.add_argument(
        "--report", type=Path, metavar="DIR", help="write the report and the logs there (default: out/trial/NAME)"
    )
    parser.add_argument("-o", "--output", choices=FORMATS, default="text", help="text (default), json or junit")
    parser.set_defaults(run=run)


def add_scenario(parser: argparse.ArgumentParser) -> None:
    """Adds what `run` and `shell` have in common: which machine it is."""
    add_project(parser)
    parser.add_argument(
        "scenario", nargs="?", type=Path, metavar="SCENARIO", help="a scenario in TOML; or say it by options"
    )
    parser.add_argument("--image", metavar="IMAGE", help="an image of the project, or the file of any cloud image")
    parser.add_argument("--cloud-init", type=Path, metavar="FILE", help="the VM's custom data")
    parser.add_argument("--no-snapshot", action="store_true", help="boot and provision, whatever was kept before")
    parser.add_argument("--fresh", action="store_true", help="boot and provision, and keep that for the next trial")
    parser.add_argument(
        "--arch", type=Arch, choices=list(Arch), default=Arch.of_host(), help="of the image (this host's)"
    )
    parser.add_argument("--work", type=Path, metavar="DIR", help="where `image build --work DIR` put the images")


def run(args: argparse.Namespace) -> int:
    """Runs the trial; the exit code of the first phase that failed."""
    from boatyard.cli.session import session
    from boatyard.flow.trial.run import run_trial
    from boatyard.flow.trial.write import prepared, write_report
    from boatyard.vm.running import Harbour

    placed = placed_scenario(args, scripts=args.script, checks=args.checks)
    if args.after_reboot:
        checks = dataclasses.replace(placed.scenario.checks, after_reboot=True)
        placed = dataclasses.replace(placed, scenario=dataclasses.replace(placed.scenario, checks=checks))
    workspace = workspace_of(chosen_project(args), args.work)
    places = places_of(args, workspace, placed)
    told = partial(print, f"another trial writes its report to {places.report}; this one waits", file=sys.stderr)
    with (
        prepared(places.report, told),
        session(places.report, quiet=is_quiet(args), verbose=is_verbose(args)) as ports,
    ):
        harbour = Harbour(ports.run, ports.reporter, workspace.work / "vm")
        report = run_trial(placed, places, harbour, lambda made: write_report(made, places.report))
    show(report, args.output)
    if not is_quiet(args):
        print(f"the report is {places.report / 'report.html'}", file=sys.stderr)
    return report.exit_code


def placed_scenario(args: argparse.Namespace, *, scripts: list[Path], checks: list[Path]) -> PlacedScenario:
    """The scenario in the file, or the one that the options make; ConfigError when they are mixed."""
    from boatyard.flow.trial.scenario import read_scenario, scenario_of

    options = [args.cloud_init, *scripts, *checks]
    if args.scenario is not None:
        if args.image or any(options):
            raise ConfigError("a scenario names its image and files itself", hint="give the file, or options, not both")
        return read_scenario(args.scenario)
    if not args.image:
        raise ConfigError("which image is it for?", hint="give a scenario, or --image")
    return scenario_of(image_text(args.image), cloud_init=args.cloud_init, scripts=scripts, checks=checks)


def image_text(text: str) -> str:
    """An image's name as it is, a file with its whole path: the scenario made of options lies elsewhere."""
    path = Path(text)
    return str(path.absolute()) if path.exists() or len(path.parts) > 1 or path.suffix else text


def places_of(args: argparse.Namespace, workspace: Workspace, placed: PlacedScenario) -> Places:
    """Where the trial finds its image and leaves its report."""
    from boatyard.flow.trial.order import Places
    from boatyard.flow.trial.write import folder_name
    from boatyard.flow.workspace import cache_dir, trial_snapshots

    cache = cache_dir(os.environ)
    report = getattr(args, "report", None) or workspace.out / "trial" / folder_name(placed.name)
    return Places(
        arch=args.arch,
        report=report.absolute(),
        cache=cache,
        images=workspace.images,
        published=workspace.repo,
        snapshots=None if args.no_snapshot else trial_snapshots(cache),
        fresh=args.fresh,
    )


def show(report: TrialReport, kind: str) -> None:
    """Writes the report to stdout."""
    from boatyard.artifact.codec import to_json
    from boatyard.cli.verdict import print_report
    from boatyard.report.trial_junit import to_junit
    from boatyard.report.trial_text import to_text

    if kind == "json":
        text = to_json(report).decode()
    elif kind == "junit":
        text = to_junit(report)
    else:
        text = to_text(report)
    print_report(text)
