"""Probes of what answers on the network, and of what could reach it past its servers."""

import os
import socket

from attempt import FACTS, SECRET, opens, probe


def talks(family, kind, address):
    with socket.socket(family, kind) as one:
        one.settimeout(3)
        one.connect(address)
        one.send(b"?")
        return SECRET.encode() in one.recv(200)


@probe
def tcp_loopback():
    return talks(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", FACTS["port"]))


@probe
def tcp_loopback_v6():
    return talks(socket.AF_INET6, socket.SOCK_STREAM, ("::1", FACTS["port"]))


@probe
def udp_loopback():
    return talks(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", FACTS["port"]))


@probe
def tcp_address_of_the_host():
    return talks(socket.AF_INET, socket.SOCK_STREAM, ("192.0.2.7", FACTS["port"]))


@probe
def cloud_wireserver():
    return talks(socket.AF_INET, socket.SOCK_STREAM, ("168.63.129.16", FACTS["port"]))


@probe
def cloud_metadata():
    return talks(socket.AF_INET, socket.SOCK_STREAM, ("169.254.169.254", FACTS["port"]))


@probe
def resolver_of_the_host():
    return talks(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.53", FACTS["port"]))


@probe
def abstract_unix_socket():
    return talks(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + FACTS["abstract"])


@probe
def docker_socket():
    return talks(socket.AF_UNIX, socket.SOCK_STREAM, FACTS["socket"])


@probe
def packet_socket():
    socket.socket(17, socket.SOCK_RAW, 0).close()
    return True


@probe
def raw_socket():
    socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close()
    return True


@probe
def vsock_to_the_hypervisor():
    socket.socket(40, socket.SOCK_STREAM).close()
    return True


@probe
def kernel_crypto_socket():
    socket.socket(38, socket.SOCK_SEQPACKET).close()
    return True


@probe
def tun_device():
    return opens("/dev/net/tun", os.O_RDWR)
