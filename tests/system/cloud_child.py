"""A process of an unprivileged user that boots an image without a CD in the local cloud: IMAGE FOLDER."""

import json
import os
import sys
from pathlib import Path

from boatyard.artifact.machine import Drive
from boatyard.cloud.machine import CloudVm
from boatyard.flow.cloud import cloud_machine
from boatyard.ports.progress import silent
from boatyard.ports.run import HostRunner
from boatyard.vm.running import Harbour
from boatyard.vm.ssh import ephemeral_key, logged_in

SCRIPT = b"#cloud-config\nwrite_files:\n- {path: /etc/marked, content: by-the-owner}\n"

if __name__ == "__main__":
    image, folder = Path(sys.argv[1]), Path(sys.argv[2])
    harbour = Harbour(HostRunner(), silent(), folder / "scratch")
    with ephemeral_key(harbour.run, harbour.scratch) as key:
        vm = CloudVm(name="devvm01", cd=False, public_keys=(key.public,), user_data=SCRIPT)
        disk = Drive(path=image, format="qcow2")
        with cloud_machine(vm, disk, harbour, folder / "console.log", outward=True) as machine:
            state = machine.wait_settled()
            with logged_in(machine.vm, key.private, vm.user) as shell:
                told = {
                    "uid": os.getuid(),
                    "phase": state.phase.value,
                    "marked": shell("cat /etc/marked").text,
                    "host": shell("curl -sS -m 5 http://10.1.0.1:22/").code,
                    "network": [record.what for record in machine.fabric.records if record.channel == "network"],
                }
    print(json.dumps(told))
