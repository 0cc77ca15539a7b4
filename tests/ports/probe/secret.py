"""Probes of where hosts keep secrets: environments, files, memory, keys, logs."""

import os
from pathlib import Path

from attempt import FACTS, LIBC, SECRET, call, holds_secret, opens, probe


@probe
def own_environment():
    return holds_secret("/proc/self/environ")


@probe
def environment_of_all_processes():
    found = False
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            found = found or holds_secret(place)
        except OSError:
            continue
    return found


@probe
def command_lines_of_all_processes():
    words = FACTS["word"].encode()
    places = [p for p in Path("/proc").glob("[0-9]*/cmdline") if p.parent.name != str(os.getpid())]
    return any(words == word for p in places for word in p.read_bytes().split(b"\0"))


@probe
def private_key_in_home():
    return holds_secret(FACTS["home"] + "/.ssh/id_ed25519")


@probe
def file_in_tmp():
    return holds_secret(FACTS["tmp"])


@probe
def shadow():
    return b":" in Path("/etc/shadow").read_bytes()


@probe
def root_of_the_first_process():
    return holds_secret("/proc/1/root" + FACTS["tmp"])


@probe
def root_of_another_process():
    return holds_secret(f"/proc/{FACTS['pid']}/root" + FACTS["tmp"])


@probe
def inherited_file():
    for number in range(3, 64):
        try:
            if SECRET.encode() in os.pread(number, 1000, 0):
                return True
        except OSError:
            continue
    return False


@probe
def shared_memory_file():
    return holds_secret(FACTS["shm"])


@probe
def shared_memory_system_v():
    return LIBC.shmget(FACTS["key"], 0, 0) >= 0


@probe
def message_queue_posix():
    return LIBC.mq_open(FACTS["queue"].encode(), os.O_RDONLY) >= 0


@probe
def kernel_key():
    call(250, 219, 10, -4, b"user", FACTS["keyname"].encode(), 0)  # KEYCTL_SEARCH in the user's keyring
    return True


@probe
def new_kernel_key():
    call(248, 217, b"user", b"boatyard-probe", b"x", 1, -2)  # in the process's own keyring
    return True


@probe
def kernel_memory():
    return opens("/proc/kcore", os.O_RDONLY)


@probe
def kernel_log_file():
    return opens("/proc/kmsg", os.O_RDONLY)


@probe
def kernel_log_call():
    return call(103, 116, 10, 0, 0) >= 0  # SYSLOG_ACTION_SIZE_BUFFER


@probe
def kernel_log_device():
    return opens("/dev/kmsg", os.O_RDONLY)
