"""What no image may hold."""

from __future__ import annotations

import pytest

from boatyard.image.finish import hygiene_problems

PASSWD = "root:x:0:0::/root:/bin/sh\nbin:x:1:1::/bin:/sbin/nologin\n"
SHADOW = "root:*:1::::::\nbin:!!:1::::::\n"


def make(root, **files):
    content = {"etc/passwd": PASSWD, "etc/shadow": SHADOW} | files
    for name, text in content.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_clean_root(tmp_path):
    assert hygiene_problems(make(tmp_path)) == []


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("etc/shadow", "root::1::::::\n", "root has an empty password in /etc/shadow"),
        ("etc/shadow", "root:$y$j9T$abc:1::::::\n", "root has a password in /etc/shadow"),
        ("etc/shadow", "broken\n", "broken has an empty password in /etc/shadow"),
        ("etc/passwd", "root::0:0::/root:/bin/sh\n", "root has a password in /etc/passwd"),
        ("etc/passwd", PASSWD + "toor:x:0:0::/:/bin/sh\n", "toor has the user number 0, which is root's"),
        ("root/.ssh/authorized_keys", "ssh-ed25519 AAAA\n", "/root/.ssh/authorized_keys is there"),
        ("home/me/.ssh/authorized_keys2", "ssh-ed25519 AAAA\n", "/home/me/.ssh/authorized_keys2 is there"),
        ("etc/ssh/ssh_host_ed25519_key", "secret\n", "/etc/ssh/ssh_host_ed25519_key is there"),
    ],
)
def test_refused(tmp_path, name, text, problem):
    assert hygiene_problems(make(tmp_path, **{name: text})) == [problem]
