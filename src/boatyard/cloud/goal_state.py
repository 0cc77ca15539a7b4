"""Documents of the WireServer: versions, goal state and the configurations it names. Pure text."""

from __future__ import annotations

import base64
import textwrap
from typing import TYPE_CHECKING

from boatyard.cloud.address import WIRESERVER
from boatyard.cloud.xml import HEADER

if TYPE_CHECKING:
    from boatyard.cloud.machine import CloudVm

PROTOCOL = "2012-11-30"
SUPPORTED = ("2015-04-05", PROTOCOL, "2010-12-15")
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
GOAL_STATE_TICKS = "638000000000000000"  # when extensions were last changed: never


def container_id(vm: CloudVm) -> str:
    return vm.derived_id("container")


def role_name(vm: CloudVm) -> str:
    return f"_{vm.name}"


def instance_id(vm: CloudVm) -> str:
    return f"{vm.derived_id('deployment')}.{role_name(vm)}"


def config_name(vm: CloudVm) -> str:
    deployment = vm.derived_id("deployment")
    return f"{deployment}.0.{deployment}.0.{role_name(vm)}.1.xml"


def status_blob(vm: CloudVm) -> str:
    """Where the agent uploads its status to: the fabric itself."""
    return f"http://{WIRESERVER}:32526/blob/status/{container_id(vm)}.status"


def versions() -> str:
    supported = "".join(f"<Version>{version}</Version>" for version in SUPPORTED)
    preferred = f"<Preferred><Version>{SUPPORTED[0]}</Version></Preferred>"
    return f"{HEADER}<Versions>{preferred}<Supported>{supported}</Supported></Versions>"


def goal_state(vm: CloudVm, incarnation: int) -> str:
    """The goal state. It names certificates only when there are some: agents fetch what is named."""
    instance = instance_id(vm)
    escaped = instance.replace("-", "%2D").replace("_", "%5F")
    base = f"http://{WIRESERVER}:80/machine/{container_id(vm)}/{escaped}"
    configs = {
        name: f"{base}?comp=config&amp;type={kind}&amp;incarnation={incarnation}"
        for name, kind in (
            ("HostingEnvironmentConfig", "hostingEnvironmentConfig"),
            ("SharedConfig", "sharedConfig"),
            ("ExtensionsConfig", "extensionsConfig"),
            ("FullConfig", "fullConfig"),
        )
    }
    if vm.certificates:
        configs["Certificates"] = f"{base}?comp=certificates&amp;incarnation={incarnation}"
    configs["ConfigName"] = config_name(vm)
    lines = "\n".join(f"        <{name}>{value}</{name}>" for name, value in configs.items())
    return f"""{HEADER}<GoalState {XSI} xsi:noNamespaceSchemaLocation="goalstate10.xsd">
  <Version>{PROTOCOL}</Version>
  <Incarnation>{incarnation}</Incarnation>
  <Machine><ExpectedState>Started</ExpectedState><StopRolesDeadlineHint>300000</StopRolesDeadlineHint>
    <LBProbePorts><Port>16001</Port></LBProbePorts><ExpectHealthReport>FALSE</ExpectHealthReport></Machine>
  <Container>
    <ContainerId>{container_id(vm)}</ContainerId>
    <RoleInstanceList><RoleInstance>
      <InstanceId>{instance}</InstanceId>
      <State>Started</State>
      <Configuration>
{lines}
      </Configuration>
    </RoleInstance></RoleInstanceList>
  </Container>
</GoalState>
"""


def hosting_environment(vm: CloudVm, incarnation: int) -> str:
    role, container = role_name(vm), container_id(vm)
    return f"""{HEADER}<HostingEnvironmentConfig version="1.0.0.0" goalStateIncarnation="{incarnation}">
  <StoredCertificates/>
  {_deployment(vm)}
  <Incarnation number="{incarnation}" instance="{role}" guid="{{{container}}}"/>
  <Role guid="{{{container}}}" name="{role}" hostingEnvironmentVersion="1" software="" \
softwareType="ApplicationPackage" entryPoint="" parameters="" settleTimeSeconds="0"/>
  <HostingEnvironmentSettings name="full" Runtime=""><CAS mode="full"/><PrivilegeLevel mode="max"/>\
<AdditionalProperties><CgiHandlers></CgiHandlers></AdditionalProperties></HostingEnvironmentSettings>
  <ApplicationSettings/><ResourceReferences/>
</HostingEnvironmentConfig>
"""


def shared_config(vm: CloudVm, incarnation: int) -> str:
    role, container = role_name(vm), container_id(vm)
    return f"""{HEADER}<SharedConfig version="1.0.0.0" goalStateIncarnation="{incarnation}">
  {_deployment(vm)}
  <Incarnation number="{incarnation}" instance="{role}" guid="{{{container}}}"/>
  <Role guid="{{{container}}}" name="{role}" settleTimeSeconds="0"/>
  <LoadBalancerSettings timeoutSeconds="0" waitLoadBalancerProbeCount="8"><Probes/></LoadBalancerSettings>
  <OutputEndpoints/>
  <Instances><Instance id="{role}" address="{vm.wire.interface.ip}">\
<FaultDomains randomId="0" updateId="0" updateCount="0"/><InputEndpoints/></Instance></Instances>
</SharedConfig>
"""


def extensions_config(vm: CloudVm, incarnation: int) -> str:
    """No extension, and no agent to update to."""
    container = container_id(vm)
    return f"""{HEADER}<Extensions version="1.0.0.0" goalStateIncarnation="{incarnation}">
  <GuestAgentExtension xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><GAFamilies></GAFamilies>\
</GuestAgentExtension>
  <Plugins></Plugins><PluginSettings></PluginSettings>
  <StatusUploadBlob statusBlobType="BlockBlob">{status_blob(vm)}</StatusUploadBlob>
  <InVMGoalStateMetaData inSvdSeqNo="1" createdOnTicks="{GOAL_STATE_TICKS}" activityId="{container}" \
correlationId="{container}"/>
</Extensions>
"""


def certificate_file(sealed: bytes, incarnation: int) -> str:
    """The sealed certificates, in lines of 64 characters as MIME has them."""
    data = "\n".join(textwrap.wrap(base64.b64encode(sealed).decode(), 64))
    return f"""{HEADER}<CertificateFile {XSI} xsi:noNamespaceSchemaLocation="certificates10.xsd">
  <Version>{PROTOCOL}</Version>
  <Incarnation>{incarnation}</Incarnation>
  <Format>Pkcs7BlobWithPfxContents</Format>
  <Data>{data}</Data>
</CertificateFile>
"""


def _deployment(vm: CloudVm) -> str:
    deployment = vm.derived_id("deployment")
    return (
        f'<Deployment name="{deployment}" guid="{{{deployment}}}" incarnation="0">'
        f'<Service name="{deployment}" guid="{{00000000-0000-0000-0000-000000000000}}"/>'
        f'<ServiceInstance name="{deployment}.0" guid="{{{container_id(vm)}}}"/></Deployment>'
    )
