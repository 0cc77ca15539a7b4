"""Deploys on the machine of a trial: a script that runs there, or an Ansible playbook that runs here against it."""

from __future__ import annotations

import base64
import re
import secrets
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.artifact.trial_report import TrialCheck
from boatyard.base.error import ConfigError, ImageError
from boatyard.ports import clock
from boatyard.ports.files import temporary_dir
from boatyard.ports.follow import follow
from boatyard.ports.run import Command, find_program
from boatyard.vm.ssh import FROM_INPUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boatyard.flow.trial.scenario import PlacedScenario
    from boatyard.ports.follow import Followed
    from boatyard.ports.run import Result
    from boatyard.trial.scenario import Deploy
    from boatyard.vm.ssh import Ssh

MOST_FILES, MOST_BYTES = 500, 256 << 20
LARGE = 256 << 10  # of a file that is copied by itself
UPLOAD_TIMEOUT_S = 600.0
ANY = tuple(range(256))
ANSIBLE = "ansible-playbook"
PATIENCE_S = "120"  # for logins and sudo, which Ansible would give 10 seconds: an emulated guest needs more
NOT_FOUND, NOT_EXECUTABLE = 127, 126
HINTS = {
    NOT_FOUND: "127 means that a command, or the script's own interpreter, was not found",
    NOT_EXECUTABLE: "126 means that a file was found and could not be run",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where a step runs: the way into the machine, where its output is kept, how long it may take, who is told."""

    shell: Ssh
    log: Path
    timeout_s: float
    told: Callable[[str], None]


def check_tools(steps: tuple[Deploy, ...]) -> None:
    """ToolError when this machine lacks what a step needs."""
    if any(step.playbook for step in steps):
        find_program(ANSIBLE)


def deploy(placed: PlacedScenario, step: Deploy, stage: Stage) -> TrialCheck:
    """Carries out one step; what went wrong in it, and the last lines, are in the check that comes back.

    ImageError when the machine is gone.
    """
    started = clock.monotonic()
    ended = run_script(placed, step, stage) if step.script else run_playbook(placed, step, stage)
    seconds = round(clock.monotonic() - started, 1)
    name, place = step.script or step.playbook, str(placed.path(step.script or step.playbook))
    code = ended.code if step.playbook else _status(ended.mark)
    if ended.timed_out:
        found, hint = f"did not end within {stage.timeout_s:.0f} s", "limits.deploy in the scenario gives it more time"
    elif code is None:
        found = "the connection ended before it did"
        hint = "did it restart the machine, or its network? Restarts belong in [[events]] or checks.after-reboot"
    else:
        found, hint = f"exit status {code}", HINTS.get(code, "") if code else ""
    return TrialCheck(
        phase="deploy",
        name=name,
        outcome="passed" if code == 0 else "failed",
        found=found,
        detail="" if code == 0 else ended.tail.rstrip("\n"),
        hint=hint,
        seconds=seconds,
        place=place,
    )


def run_script(placed: PlacedScenario, step: Deploy, stage: Stage) -> Followed:
    """Copies the script with its files into a new folder that only its user can read, and runs it there."""
    shell, mark = stage.shell, f"deployed-{secrets.token_hex(16)} "
    folder = _send(shell, _files(placed, step), step.script)
    script = Path(step.script)
    words = shlex.join([f"./{script.name}", *step.arguments])
    as_root = "sudo -n -H -- " if step.root else ""
    text = (
        f"cd {shlex.quote(f'{folder}/{script.parent}')} && {{ {as_root}{words}; }} </dev/null 2>&1\n"
        f"printf '\\n{mark}%s\\n' $?"
    )
    argv = (*shell.argv("-o", "ControlMaster=no"), "--", FROM_INPUT)
    with shell.run.start(Command(argv=argv, cwd=shell.folder, input=text.encode(), log=stage.log)) as process:
        assert process.stdin is not None
        process.stdin.write(text.encode())
        process.stdin.close()
        return follow(process, stage.log, stage.timeout_s, mark=mark, told=stage.told)


def run_playbook(placed: PlacedScenario, step: Deploy, stage: Stage) -> Followed:
    """Runs the playbook on this machine, as its user, against the machine of the trial alone.

    It and all that it starts end with Boatyard: it has a PID namespace of its own. Settings of the user do not count,
    an `ansible.cfg` beside the playbook does.
    """
    shell, playbook = stage.shell, placed.path(step.playbook).absolute()
    with temporary_dir(shell.folder) as folder:
        inventory, way_in = folder / "inventory", folder / "ssh_config"
        way_in.write_text(shell.config(placed.scenario.vm.name), encoding="utf-8")
        inventory.write_text(_inventory(shell.user, placed.scenario.vm.name, way_in), encoding="utf-8")
        none = folder / "ansible.cfg"
        none.touch()
        settings = playbook.parent / "ansible.cfg"
        env = {
            "HOME": str(folder),
            "ANSIBLE_CONFIG": str(settings if settings.is_file() else none),
            "ANSIBLE_SSH_ARGS": "-o ControlMaster=no",
            "ANSIBLE_TIMEOUT": PATIENCE_S,
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_RETRY_FILES_ENABLED": "0",
            "PYTHONUNBUFFERED": "1",
        }
        alone = ("bwrap", "--dev-bind", "/", "/", "--unshare-pid", "--proc", "/proc", "--die-with-parent", "--")
        become = ("--become",) if step.root else ()
        argv = (*alone, find_program(ANSIBLE), "-i", str(inventory), *become, str(playbook))
        command = Command(argv=argv, cwd=shell.folder, env=env, log=stage.log)
        with shell.run.start(command) as process:
            return follow(process, stage.log, stage.timeout_s, told=stage.told)


def _status(mark: str | None) -> int | None:
    """The exit status that the guest's shell told."""
    return int(mark) if mark is not None and re.fullmatch("[0-9]{1,3}", mark) else None


def _inventory(user: str, name: str, way_in: Path) -> str:
    """The machine as Ansible's only host, reached as ssh_config(5) in a file says."""
    return f"{name} ansible_user={user} ansible_ssh_common_args={shlex.quote(f'-F {shlex.quote(str(way_in))}')}\n"


def _files(placed: PlacedScenario, step: Deploy) -> dict[str, Path]:
    """What is copied, by its name in the scenario's folder; ConfigError when it is too much, or leads out of it."""
    found = {step.script: placed.path(step.script)}
    for text in step.files:
        path = placed.path(text)
        found |= dict(_tree(text, path)) if path.is_dir() else {text: path}
    root = placed.folder.resolve()
    for name, path in found.items():
        if not path.is_file() or not path.resolve().is_relative_to(root):
            raise ConfigError(f"{name} is no file of the scenario's folder", hint="links that lead out are not read")
    if len(found) > MOST_FILES or sum(path.stat().st_size for path in found.values()) > MOST_BYTES:
        raise ConfigError(
            f"{step.script} has more than {MOST_FILES} files, or more than {MOST_BYTES >> 20} MiB, beside it",
            hint="pack them into an archive, or serve them",
        )
    return found


def _tree(text: str, folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if not path.is_dir() or path.is_symlink():
            yield f"{text.rstrip('/')}/{path.relative_to(folder)}", path


def _send(shell: Ssh, files: dict[str, Path], script: str) -> str:
    """Copies files into a new folder of the guest, which is given back; the script can be executed there.

    It needs no more than coreutils or BusyBox.
    """
    lines = ['set -eu; umask 077; folder=$(mktemp -d "$HOME/.deploy.XXXXXXXXXX"); cd "$folder"']
    lines += [f"mkdir -p {shlex.quote(f'./{folder}')}" for folder in dict.fromkeys(Path(name).parent for name in files)]
    small = {name: path for name, path in files.items() if path.stat().st_size <= LARGE}
    permits = {
        name: f"chmod {path.stat().st_mode & 0o777 | (0o700 if name == script else 0o600):o} {shlex.quote(f'./{name}')}"
        for name, path in files.items()
    }
    for name, path in small.items():
        text = base64.encodebytes(path.read_bytes()).decode("ascii")
        lines += [f"base64 -d <<'END' >{shlex.quote(f'./{name}')}", f"{text}END", permits[name]]
    folder = _sent(shell("\n".join([*lines, 'printf %s "$folder"']), UPLOAD_TIMEOUT_S))
    for name in files.keys() - small.keys():
        receive = f"cd {shlex.quote(folder)} && cat >{shlex.quote(f'./{name}')} && {permits[name]}"
        argv = (*shell.argv("-o", "ControlMaster=no"), "--", receive)
        data = files[name].read_bytes()
        _sent(shell.run(Command(argv=argv, cwd=shell.folder, input=data, ok=ANY, timeout_s=UPLOAD_TIMEOUT_S)))
    return folder


def _sent(result: Result) -> str:
    if result.code != 0:
        words = result.stderr.decode("utf-8", "replace")
        raise ImageError("the deployment cannot be copied into the machine", detail=words)
    return result.text
