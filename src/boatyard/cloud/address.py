"""The addresses under which every Azure VM finds its host, and the servers there."""

from enum import StrEnum
from ipaddress import IPv4Address

WIRESERVER = IPv4Address("168.63.129.16")
IMDS = IPv4Address("169.254.169.254")
GATEWAY_MAC = bytes.fromhex("123456789abc")  # what every Azure VM sees as its router


class Server(StrEnum):
    """Who answers."""

    WIRESERVER = "wireserver"
    HOSTGA = "hostga"
    IMDS = "imds"


# (address, TCP port) of each.
SERVERS = {
    (WIRESERVER, 80): Server.WIRESERVER,
    (WIRESERVER, 32526): Server.HOSTGA,
    (IMDS, 80): Server.IMDS,
}
ADDRESS_OF = {server: place[0] for place, server in SERVERS.items()}
