"""The registry of the probes, what several of them are made with, and how each is tried: in a process of its own."""

import ctypes
import errno
import json
import os
import platform
import signal
import sys
import tempfile
import traceback
from pathlib import Path

FACTS = json.loads(sys.argv[1])
SECRET = FACTS["secret"]
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long
X86 = platform.machine() == "x86_64"
PROBES = {}


def probe(function):
    PROBES[function.__name__] = function
    return function


def call(x86, arm, *words):
    """A system call by its number; OSError when it fails."""
    number = x86 if X86 else arm
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in words]
    result = LIBC.syscall(ctypes.c_long(number), *words)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def holds_secret(path):
    with Path(path).open("rb") as stream:
        return SECRET.encode() in stream.read(1 << 20)


def opens(path, flags=os.O_WRONLY):
    os.close(os.open(path, flags | os.O_NONBLOCK))
    return True


def folder():
    return tempfile.mkdtemp(dir=FACTS["work"])


def attempt(function):
    """Its outcome, tried in a process of its own."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        signal.alarm(20)
        try:
            word = "got it" if function() else "nothing"
        except OSError as error:
            word = errno.errorcode.get(error.errno or 0, str(error))
        except BaseException:
            word = traceback.format_exc()
        os.write(theirs, word.encode()[:4000])
        os._exit(0)
    os.close(theirs)
    word = b"".join(iter(lambda: os.read(ours, 4096), b"")).decode() if pid else ""
    os.close(ours)
    os.waitpid(pid, 0)
    return word or "died"
