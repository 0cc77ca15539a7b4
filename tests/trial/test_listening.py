"""The kernel's tables of sockets."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

import pytest
from tests.trial.local_shell import AVAILABLE, LocalShell

from boatyard.trial import listening
from boatyard.trial.section import Section, ask

if TYPE_CHECKING:
    from boatyard.ports.run import HostRunner

# As a Skiff guest prints them, with chronyd and systemd-resolved; the columns after the inode are left out.
TABLES = """\
table tcp
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 3600007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000   991        0 5081 1 0 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 6100 1 0 100 0 0 10 0
   2: 0400010A:0016 0100010A:D2F0 01 00000000:00000000 02:000A7C3B 00000000     0        0 7201 4 0 20 4 28 10 -1
table tcp6
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when
   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 6102 1 0
   1: 00000000000000000000000001000000:0277 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 6103 1 0
   2: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 6104 1 0
table udp
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  120: 0400010A:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000   990        0 5090 2 0 0
  121: 00000000:0202 00000000:0000 07 00000000:00000000 00:00000000 00000000   990        0 5091 2 0 0
  122: 00000000:C001 00000000:0000 07 00000000:00000000 00:00000000 00000000   990        0 5092 2 0 0
  123: 0100007F:0143 00000000:0000 07 00000000:00000000 00:00000000 00000000   990        0 5093 2 0 0
table udp6
table range
32768\t60999
"""
HELD = """\
/proc/1/fd:
lrwx------ 1 root root 64 Nov 23 10:00 6 -> socket:[100]
/proc/700/fd:
lrwx------ 1 root root 64 Nov 23 10:00 3 -> socket:[6100]
lrwx------ 1 root root 64 Nov 23 10:00 4 -> socket:[6102]
names
/proc/1/comm:systemd
/proc/700/comm:sshd
"""


def test_ports_that_others_reach() -> None:
    listeners, clients = listening.parse_tables(TABLES)
    assert [(one.protocol, str(one.address), one.port) for one in listeners if one.protocol.startswith("tcp")] == [
        ("tcp", "127.0.0.54", 53),
        ("tcp", "0.0.0.0", 22),
        ("tcp6", "::", 22),
        ("tcp6", "::1", 631),
        ("tcp6", "::ffff:7f00:1", 8080),
    ]
    assert clients == (32768, 60999)
    assert listening.open_ports(listeners, clients, ()) == {"tcp/22": "6100", "udp/514": "5091"}


def test_clients_ports_count_when_they_are_asked_for() -> None:
    listeners, clients = listening.parse_tables(TABLES)
    assert list(listening.open_ports(listeners, clients, ("udp/68", "udp/49153"))) == [
        "tcp/22",
        "udp/68",
        "udp/514",
        "udp/49153",
    ]


def test_holders() -> None:
    assert listening.holders(HELD) == {"100": "systemd", "6100": "sshd", "6102": "sshd"}
    assert listening.holders("") == {}


@pytest.mark.parametrize("text", ["", "table tcp\nnot a table\n 0: zz 1 0A", "0: 00000000:0016 x 0A 1 2 3 4 5 6"])
def test_what_is_no_table_has_no_ports(text: str) -> None:
    assert listening.parse_tables(text) == ([], listening.CLIENT_PORTS)


@pytest.mark.tool
@pytest.mark.parametrize("shell", AVAILABLE)
def test_this_machine_tells_its_sockets(run: HostRunner, shell: str) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        sections = [Section("ports", listening.TABLES), Section("holders", listening.HOLDERS)]
        answers = ask(LocalShell(run, shell), sections, 60)
        listeners, _ = listening.parse_tables(answers["ports"].text)
        (mine,) = [one for one in listeners if one.port == port and one.protocol == "tcp"]
        assert mine.loopback
        assert listening.holders(answers["holders"].text)[mine.inode].startswith("py")
