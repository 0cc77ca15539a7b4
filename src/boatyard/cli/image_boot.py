"""`boatyard image boot`: an image in a virtual machine, with its console on this terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.artifact.machine import Machine, Network, authorized_key
from boatyard.base.error import ConfigError, NotFoundError
from boatyard.cli.choice import add_project, chosen_project
from boatyard.cli.option import workspace_of
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    import argparse

    from boatyard.vm.running import RunningMachine

LEAVE_KEY = b"\x1d"  # Ctrl-], as in telnet and virsh
LEAVE_NAME = "Ctrl-]"
MAX_KEY_BYTES = 16 << 10
BOOTED_FIRST = ("iso", "qcow2", "raw")


def add_boot(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb to the noun `image`."""
    parser = verbs.add_parser(
        "boot",
        help="boot an image in a virtual machine, console on this terminal",
        description="Boots an image in QEMU with its serial console on this terminal; "
        f"{LEAVE_NAME} leaves and ends it. Without a terminal the console is printed until the login prompt, "
        "then the machine is powered off; an ISO's menu is answered with its entry that does not install.",
    )
    add_project(parser)
    parser.add_argument(
        "image",
        type=Path,
        metavar="IMAGE",
        help="an ISO or disk image, told apart by content; or an image of the project",
    )
    parser.add_argument("--work", type=Path, metavar="DIR", help="where `image build --work DIR` put the images")
    parser.add_argument("--firmware", choices=("uefi", "bios"), default="uefi", help="what it boots under (uefi)")
    parser.add_argument("--memory", type=int, default=1024, metavar="MIB", help="memory in MiB (1024)")
    parser.add_argument("--cpus", type=int, default=2, metavar="N", help="processors (2)")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--cdrom", dest="kind", action="store_const", const="cdrom", help="put it in the CD drive")
    kind.add_argument("--disk", dest="kind", action="store_const", const="disk", help="attach it as a disk")
    parser.add_argument("--keep", action="store_true", help="write changes into the image (else they are thrown away)")
    parser.add_argument("--ssh-key", type=Path, metavar="FILE", help="a public key that may log in as root")
    parser.add_argument(
        "--arch", type=Arch, choices=list(Arch), default=Arch.of_host(), help="of the image (this host's)"
    )
    parser.add_argument("--log", type=Path, metavar="FILE", help="keep the console's output there")
    parser.set_defaults(run=boot_image)


def boot_image(args: argparse.Namespace) -> int:
    """Boots it; 0 when the user left, the guest powered itself off, or its login prompt came."""
    from boatyard.cli.session import session
    from boatyard.flow.check import TRY_IT
    from boatyard.flow.workspace import cache_dir
    from boatyard.ports import terminal
    from boatyard.vm.running import Harbour, boot

    args.image = image_file(args)
    machine = machine_of(args)
    scratch = cache_dir(os.environ) / "vm"
    log = (args.log or scratch / "console.log").absolute()
    with session(log.parent) as ports:
        harbour = Harbour(ports.run, ports.reporter, scratch)
        interactive = terminal.is_interactive()
        with boot(machine, harbour, log, terminal.write_output, () if interactive else [TRY_IT]) as vm:
            _tell(vm, args)
            if interactive:
                with terminal.raw_terminal():
                    terminal.forward_keys(vm.console.send, LEAVE_KEY, lambda: vm.console.ended)
            else:
                _await_login(vm)
    print(f"\nthe machine has ended; its console is in {log}", file=sys.stderr)
    return 0


def image_file(args: argparse.Namespace) -> Path:
    """The file that is meant: a path, or a format of an image that the project builds."""
    named: Path = args.image
    if named.exists() or len(named.parts) > 1 or named.suffix:
        return named
    project = chosen_project(args)
    image = project.image(named.name)
    folder = workspace_of(project, args.work).images
    files = [folder / f"{named}-{args.arch}.{kind}" for kind in BOOTED_FIRST]
    found = next((file for file in files if file.is_file()), None)
    if found is None:
        native = (
            "" if image.native else " (it is not native: build it with the tool of its definition, and name the file)"
        )
        raise NotFoundError(f"image {named} is not built{native}", hint=f"`boatyard image build {named}` builds it")
    return found


def machine_of(args: argparse.Namespace) -> Machine:
    """The machine that the options ask for; ConfigError for values that make none."""
    from boatyard.vm.media import Media, detect, drive

    if args.memory < 64 or args.cpus < 1:
        raise ConfigError("a machine needs at least 64 MiB of memory and one processor")
    if args.arch is Arch.AARCH64 and args.firmware == "bios":
        raise ConfigError("Arm64 machines have no BIOS", hint="leave out --firmware bios")
    media = detect(args.image)
    if args.kind is not None:
        media = Media(args.kind, media.format)
    if media.kind == "cdrom" and args.keep:
        raise ConfigError("nothing can be written to a CD", hint="use --disk with --keep, or leave out --keep")
    return Machine(
        name=args.image.name,
        arch=args.arch,
        memory_mib=args.memory,
        cpus=args.cpus,
        firmware=args.firmware,
        drives=(drive(args.image.absolute(), media=media, keep_writes=args.keep),),
        network=Network(outward=True),
        credentials=authorized_key(_public_key(args.ssh_key)) if args.ssh_key else {},
    )


def _public_key(path: Path) -> str:
    hint = "give the file of a public key, such as ~/.ssh/id_ed25519.pub"
    try:
        if path.stat().st_size > MAX_KEY_BYTES:
            raise ConfigError(f"{path} is too long for a public key", hint=hint)
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as a public key", detail=str(error), hint=hint) from None
    if "PRIVATE KEY" in text or not text.startswith(("ssh-", "ecdsa-", "sk-")):
        raise ConfigError(f"{path} is not a public key in OpenSSH's format", hint=hint)
    return text


def _tell(vm: RunningMachine, args: argparse.Namespace) -> None:
    say = vm.harbour.reporter.note
    if args.ssh_key:
        options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
        say(f"once it is up: ssh -p {vm.qmp.forwarded_port()} {options} root@127.0.0.1")
    say(f"{LEAVE_NAME} leaves the console and ends the machine")


def _await_login(vm: RunningMachine) -> None:
    from boatyard.vm.serial import Stage

    vm.wait_for(Stage.LOGIN)
    vm.power_off()
