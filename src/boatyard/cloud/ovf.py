"""`ovf-env.xml`, the document on the provisioning CD.

Which elements have the `wa:` prefix is not free: cloud-init and the Azure agent resolve namespaces, azure-init compares
tags as they are written.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from boatyard.cloud.xml import HEADER, escape

if TYPE_CHECKING:
    from boatyard.cloud.machine import CloudVm

NAME = "ovf-env.xml"
LABEL = "rd_rdfe_stable.20250101-0000"
_DOCUMENT = """\
<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" \
xmlns:wa="http://schemas.microsoft.com/windowsazure" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <wa:ProvisioningSection>
    <wa:Version>1.0</wa:Version>
    <LinuxProvisioningConfigurationSet xmlns="http://schemas.microsoft.com/windowsazure">
      <ConfigurationSetType>LinuxProvisioningConfiguration</ConfigurationSetType>
{settings}
    </LinuxProvisioningConfigurationSet>
  </wa:ProvisioningSection>
  <wa:PlatformSettingsSection>
    <wa:Version>1.0</wa:Version>
    <PlatformSettings xmlns="http://schemas.microsoft.com/windowsazure">
      <KmsServerHostname>kms.core.windows.net</KmsServerHostname>
      <ProvisionGuestAgent>{agent}</ProvisionGuestAgent>
      <GuestAgentPackageName xsi:nil="true"/>
      <PreprovisionedVm>{pooled}</PreprovisionedVm>
      {pool}
    </PlatformSettings>
  </wa:PlatformSettingsSection>
</Environment>
"""
_KEY = """\
<PublicKey><Fingerprint></Fingerprint><Path>/home/{user}/.ssh/authorized_keys</Path><Value>{key}</Value></PublicKey>"""


def environment(vm: CloudVm, *, pooled: bool = False) -> bytes:
    """The document for a VM; `pooled` for one that waits for its owner. It holds the password and the custom data."""
    settings = {"HostName": escape(vm.name), "UserName": escape(vm.user)}
    if vm.password:
        settings["UserPassword"] = escape(vm.password)
    settings["DisableSshPasswordAuthentication"] = "false" if vm.password else "true"
    if vm.public_keys:
        keys = "".join(_KEY.format(user=escape(vm.user), key=escape(key.strip())) for key in vm.public_keys)
        settings["SSH"] = f"<PublicKeys>{keys}</PublicKeys>"
    if vm.custom_data:
        settings["CustomData"] = base64.b64encode(vm.custom_data).decode()
    lacks = vm.fault.cd_without
    text = _DOCUMENT.format(
        settings="\n".join(f"      <{name}>{value}</{name}>" for name, value in settings.items() if name not in lacks),
        agent="true" if vm.agent else "false",
        pooled="true" if pooled else "false",
        pool="<PreprovisionedVMType>Running</PreprovisionedVMType>"
        if pooled
        else '<PreprovisionedVMType xsi:nil="true"/>',
    )
    return (HEADER + text).encode()
