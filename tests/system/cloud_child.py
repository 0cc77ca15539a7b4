"""A process of an unprivileged user that boots an image without a CD in the local cloud: IMAGE FOLDER."""

import json
import os
import sys
from pathlib import Path

from boatyard.artifact.machine import Drive
from boatyard.cloud.egress import OPEN
from boatyard.cloud.machine import CloudVm
from boatyard.flow.cloud import cloud_machine
from boatyard.ports.progress import silent
from boatyard.ports.run import HostRunner
from boatyard.ports.serve import serving
from boatyard.vm.running import Harbour
from boatyard.vm.ssh import ephemeral_key, logged_in

SCRIPT = b"#cloud-config\nwrite_files:\n- {path: /etc/marked, content: by-the-owner}\n"

# QEMU answers for the gateway's address only; a guest that means harm sends its frames there all the same.
OTHER_ADDRESS = """
mac=$(ip -o neigh show 10.1.0.1 | grep -o '..:..:..:..:..:..') &&
sudo ip neigh replace 10.1.0.77 lladdr $mac dev eth0 && curl -sS -m 5 http://10.1.0.77:{}/file
"""


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


if __name__ == "__main__":
    image, folder = Path(sys.argv[1]), Path(sys.argv[2])
    harbour = Harbour(HostRunner(), silent(), folder / "scratch")
    with ephemeral_key(harbour.run, harbour.scratch) as key:
        vm = CloudVm(name="devvm01", cd=False, public_keys=(key.public,), user_data=SCRIPT)
        disk = Drive(path=image, format="qcow2")
        (folder / "served").mkdir()
        (folder / "served/file").write_text("of the host")
        with (
            serving(folder / "served") as url,
            cloud_machine(
                vm, disk, harbour, folder / "console.log", egress=OPEN, host_ports=frozenset({port_of(url)})
            ) as machine,
        ):
            state = machine.wait_settled()
            with logged_in(machine.vm, key.private, vm.user) as shell:
                told = {
                    "uid": os.getuid(),
                    "phase": state.phase.value,
                    "marked": shell("cat /etc/marked").text,
                    "allowed": shell(f"curl -sS -m 60 http://10.1.0.1:{port_of(url)}/file").text,
                    "other_port": shell("curl -sS -m 5 http://10.1.0.1:22/").code,
                    "other_address": shell(OTHER_ADDRESS.format(port_of(url))).code,
                    "network": [record.what for record in machine.fabric.records if record.channel == "network"],
                }
    print(json.dumps(told))
