"""A program of the host that waits for ever, so that a run can be interrupted in the phase that needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.flow.small_yard import finish, processes_of, wait_for, wait_for_none

if TYPE_CHECKING:
    import signal
    import subprocess
    from pathlib import Path

    from tests.flow.mount import Mounts
    from tests.flow.small_yard import SmallYard

# In the place of a program of the host: waits for ever where it would do the phase's work, while the file is there.
HOLD = """\
#!/bin/sh
case "$*" in
*{argument}*) test -e /usr/local/sbin/hold && exec python3 -c "import time; time.sleep(86420)" {mark} ;;
esac
exec /usr/bin/{program} "$@"
"""


def interrupt(process: subprocess.Popen[bytes], number: signal.Signals, folder: Path) -> None:
    """The end of a run that was interrupted; `folder` is one that all its processes have to do with."""
    process.send_signal(number)
    done = finish(process)
    assert done.code == 130, done.err
    assert "interrupted; what is finished is kept, run the same command again to go on" in done.err
    assert "Traceback" not in done.err
    wait_for_none(folder)


class Held:
    """A yard whose host has a program that waits for ever."""

    def __init__(self, yard: SmallYard, mounts: Mounts, place: Path, program: str, argument: str) -> None:
        place.mkdir()
        (place / program).write_text(HOLD.format(program=program, argument=argument, mark=yard.project))
        (place / program).chmod(0o755)
        (place / "hold").touch()
        mounts("--bind", str(place), "/usr/local/sbin")
        yard.enter = mounts.enter
        self.yard, self.hold = yard, place / "hold"

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """A run that has come to the program."""
        process = self.yard.start(*words)
        wait_for(lambda: process.poll() is not None or self.waits())
        assert process.poll() is None, process.communicate()
        return process

    def waits(self) -> bool:
        return any("time.sleep(86420)" in words for words in processes_of(self.yard.project).values())
