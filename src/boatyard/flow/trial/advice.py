"""What helps when a machine is not provisioned: from the words of an agent or of the console to a cure."""

from __future__ import annotations

import re

# The first that is found in the reason. Reasons of cloud-init are those of its `sources/azure/errors.py`.
ADVICE = (
    (r"missing configuration for '", "Azure always sends it: is it in `faults.cd-without` of the scenario?"),
    (r"find (primary )?DHCP interface", "does the image have a driver for the card, and is dhcp-without meant?"),
    (r"DHCP lease", "the image needs dhcpcd, dhclient or udhcpc; or dhcp-ignored and dhcp-delay last too long for it"),
    (r"querying IMDS", "is that meant by [faults]? cloud-init tries for five minutes"),
    (r"azure-proxy-agent", "the image has no azure-proxy-agent, and the VM asks for one"),
    (r"found nothing to boot", "the disk has no boot loader for this firmware: try the other `vm.generation`"),
    (r"stopped in the boot loader", "the boot loader asks or fails: `boatyard image boot` shows it"),
    (r"did not find its root", "the image's initrd may lack virtio drivers, which this cloud's disks need"),
    (r"emergency mode", "a file system or unit that the boot needs failed: the console names it"),
    (r"panicked", "the console has the kernel's words"),
    (r"restarts again and again", "does the custom data restart the machine each time?"),
    (
        r"neither that it is ready",
        "does the image have cloud-init or WALinuxAgent, enabled? `limits.provision` is time",
    ),
    (
        r"Permission denied.*, for ",
        "nothing made the user with the key: has the custom data `users` without `default`, or is it broken?",
    ),
    (r"lets nobody log in", "cloud-init makes the user: are it and sshd in the image? The console has its words"),
    (r"still busy with its start", "`boatyard trial shell` shows what runs; `limits.provision` gives more time"),
    (r"hangs: nothing after", "`limits.boot` gives more time; `boatyard image boot` shows the console"),
)


def advice(reason: str) -> str:
    """The cure for the first of the known reasons that this one is; empty for none."""
    return next((cure for pattern, cure in ADVICE if re.search(pattern, reason, re.IGNORECASE)), "")
