"""Who listens: /proc/net's tables of sockets, read by us because sparse images have no `ss`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

Protocol = Literal["tcp", "tcp6", "udp", "udp6"]
# The tables, each after a line with its name; then the range of ports that the kernel gives to clients.
TABLES = """\
for t in tcp tcp6 udp udp6; do echo "table $t"; cat /proc/net/$t 2>/dev/null; done
echo "table range"; cat /proc/sys/net/ipv4/ip_local_port_range 2>/dev/null"""
# The programs that hold sockets: the links of /proc/PID/fd, then the names of all processes.
HOLDERS = """\
ls -l /proc/[0-9]*/fd 2>/dev/null | grep -e '^/proc' -e 'socket:'
echo names; grep . /proc/[0-9]*/comm 2>/dev/null"""
CLIENT_PORTS = (32768, 60999)
DHCP_CLIENT_PORTS = (68, 546)
_LISTEN = "0A"
_UNCONNECTED = "07"


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that takes connections or datagrams. `inode` identifies it in /proc/PID/fd."""

    protocol: Protocol
    address: IPv4Address | IPv6Address
    port: int
    inode: str = ""

    @property
    def name(self) -> str:
        """`tcp/22`, over IPv4 and IPv6 alike."""
        return f"{self.protocol[:3]}/{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only the machine itself reaches it."""
        mapped = self.address.ipv4_mapped if isinstance(self.address, IPv6Address) else None
        return (mapped or self.address).is_loopback


def parse_tables(text: str) -> tuple[list[Listener], tuple[int, int]]:
    """All that listens, and the range of clients' ports, from the output of `TABLES`. Lines of other forms are skipped.

    The columns are those of proc(5): address and port in hexadecimal, addresses in words of the host's byte order.
    """
    listeners: list[Listener] = []
    table, clients = "", CLIENT_PORTS
    for line in text.splitlines():
        words = line.split()
        if line.startswith("table "):
            table = words[1]
        elif table == "range" and len(words) == 2 and all(word.isdigit() for word in words):
            clients = (int(words[0]), int(words[1]))
        elif table in ("tcp", "tcp6", "udp", "udp6") and len(words) > 9:
            wanted = _LISTEN if table.startswith("tcp") else _UNCONNECTED
            found = re.fullmatch(r"([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})", words[1])
            if found is not None and words[3] == wanted:
                listeners.append(Listener(cast("Protocol", table), _address(found[1]), int(found[2], 16), words[9]))
    return listeners, clients


def open_ports(listeners: Iterable[Listener], clients: tuple[int, int], wanted: Iterable[str]) -> dict[str, str]:
    """The ports that others reach, by name, each with the inode of one of its sockets.

    A UDP socket without a peer is one of a server or of a client that waits for an answer. Taken for clients' are ports
    that the kernel gives out and those of DHCP, unless they are `wanted`.
    """
    asked = set(wanted)
    found: dict[str, str] = {}
    for listener in listeners:
        client = listener.protocol.startswith("udp") and (
            clients[0] <= listener.port <= clients[1] or listener.port in DHCP_CLIENT_PORTS
        )
        if not listener.loopback and (not client or listener.name in asked):
            found.setdefault(listener.name, listener.inode)
    return dict(sorted(found.items(), key=lambda item: (item[0][:3], int(item[0][4:]))))


def holders(text: str) -> dict[str, str]:
    """The names of the programs that hold sockets, by inode, from the output of `HOLDERS`."""
    pids: dict[str, str] = {}
    names: dict[str, str] = {}
    pid = ""
    for line in text.splitlines():
        if folder := re.fullmatch(r"/proc/(\d+)/fd:?", line):
            pid = folder[1]
        elif socket := re.search(r"-> socket:\[(\d+)\]$", line):
            pids.setdefault(socket[1], pid)
        elif comm := re.fullmatch(r"/proc/(\d+)/comm:(.*)", line):
            names[comm[1]] = comm[2]
    return {inode: names[pid] for inode, pid in pids.items() if pid in names}


def _address(digits: str) -> IPv4Address | IPv6Address:
    """An address of the table, whose words are in the byte order of the guest; all that is booted is little-endian."""
    data = bytes.fromhex(digits)
    plain = b"".join(data[at : at + 4][::-1] for at in range(0, len(data), 4))
    return IPv4Address(plain) if len(plain) == 4 else IPv6Address(plain)
