"""Reports as trials end: passed, failed at provisioning, failed after a restart, one huge, one hostile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from boatyard.artifact.trial_report import Contact, Moment, PhaseRow, SeenCommand, TrialCheck, TrialImage, TrialReport

if TYPE_CHECKING:
    from boatyard.artifact.trial_report import PhaseName

IMAGE = TrialImage(
    path="build/demo/out/images/skiff-disk-x86_64.qcow2",
    format="qcow2",
    sha256="1f0e4f9a6f2b6f8e2a3c7e1f5c1b8d9e0a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d",
    name="skiff-disk",
    built_here=True,
)
CLOUD_INIT, AGENT = "Cloud-Init/25.1.4", "WALinuxAgent"
GOAL = "GET /machine?comp=goalstate"
INSTANCE = "GET /metadata/instance?api-version=2021-08-01&extended=true"
BOOT = (
    Moment(at_s=0, lane="machine", what="power-on"),
    Moment(at_s=3.1, lane="machine", what="boot loader"),
    Moment(at_s=6.8, lane="machine", what="kernel"),
    Moment(at_s=14.2, lane="machine", what="systemd"),
    Moment(at_s=19.7, lane="dhcp", what="DISCOVER"),
    Moment(at_s=19.8, lane="dhcp", what="REQUEST"),
    Moment(at_s=20.4, lane="imds", what=INSTANCE, status=429, agent=CLOUD_INIT),
    Moment(at_s=21.5, lane="imds", what=INSTANCE, status=429, agent=CLOUD_INIT),
    Moment(at_s=22.6, lane="imds", what=INSTANCE, status=200, agent=CLOUD_INIT),
    Moment(at_s=23.2, lane="wireserver", what=GOAL, status=200, agent=CLOUD_INIT),
)
READY = (
    Moment(at_s=23.6, lane="wireserver", what="POST /machine?comp=health", status=200, agent=CLOUD_INIT, note="Ready"),
    Moment(at_s=29.9, lane="machine", what="login prompt"),
    Moment(at_s=31.0, lane="wireserver", what="GET /?comp=versions", status=200, agent=AGENT),
    Moment(at_s=31.4, lane="wireserver", what=GOAL, status=200, agent=AGENT),
    Moment(
        at_s=31.6,
        lane="wireserver",
        what="GET /machine/f223db84?comp=config&type=sharedConfig",
        status=200,
        agent=AGENT,
    ),
    Moment(at_s=32.0, lane="hostga", what="GET /versions", status=200, agent=AGENT),
    Moment(at_s=32.3, lane="hostga", what="GET /vmSettings", status=200, agent=AGENT, note="agent 2.12.0.2 Ready"),
    Moment(at_s=38.5, lane="hostga", what="GET /vmSettings", status=304, agent=AGENT),
    Moment(at_s=44.6, lane="hostga", what="GET /vmSettings", status=304, agent=AGENT),
)
CONSOLE = """\
[    0.000000] Linux version 6.12\r
[\x1b[0;32m  OK  \x1b[0m] Reached target multi-user.target\r
web01 login: """
MOUNT = """\
● app-data.mount - /app/data
     Loaded: loaded (/etc/fstab; generated)
     Active: failed (Result: exit-code)
mount: /app/data: special device /dev/sdb1 does not exist."""
NOT_EMULATED = (
    "The network card is virtio, not hv_netvsc; there is no accelerated networking.",
    "Disks are virtio-scsi, not hv_storvsc; their speed says nothing about that of managed disks.",
    "Extensions are not run. There is no identity token.",
    "The processor is emulated (tcg): times are several times those of Azure.",
)


def check(name: str, found: str, outcome: str = "passed", phase: PhaseName = "check", **more: Any) -> TrialCheck:
    return TrialCheck(phase=phase, name=name, outcome=outcome, found=found, **more)  # type: ignore[arg-type]


def passed() -> TrialReport:
    checks = (
        check("deploy.sh", "12 needs, all present", phase="static", place="deploy.sh"),
        check("ready", "by cloud-init after 23.6 s, by WALinuxAgent after 32.3 s", phase="provision"),
        check("script", "exit status 0", phase="deploy", seconds=11.3, place="deploy.sh"),
        check("cloud-init status", "done", seconds=0.4),
        check("units", "none failed", seconds=0.3),
        check("ports", "tcp/22, tcp/80", seconds=0.2),
        check("login", "azureuser, sudo without password", seconds=0.2),
        check("page is served", "200, 612 bytes", seconds=0.1, place="checks.toml:4"),
        check("egress", "not looked at", "skipped"),
    )
    deploy = (
        Moment(at_s=47.0, lane="deploy", what="deploy.sh starts"),
        Moment(at_s=50.2, lane="network", what="tcp 192.0.2.10:443", note="packages.example.org"),
        Moment(at_s=58.3, lane="deploy", what="deploy.sh ends", note="exit status 0"),
        Moment(at_s=58.9, lane="check", what="checks start"),
        Moment(at_s=60.4, lane="check", what="checks end"),
    )
    return TrialReport(
        scenario="web server",
        image=IMAGE,
        machine="web01",
        generation="gen2",
        accelerator="tcg",
        snapshot="saved",
        passed=True,
        started="2026-05-04T10:11:12+00:00",
        seconds=61.2,
        ready_s=23.6,
        phases=(
            PhaseRow(name="static", outcome="passed", seconds=0.2),
            PhaseRow(name="boot", outcome="passed", seconds=19.7),
            PhaseRow(name="provision", outcome="passed", seconds=27.3),
            PhaseRow(name="deploy", outcome="passed", seconds=11.3),
            PhaseRow(name="check", outcome="passed", seconds=2.1),
        ),
        checks=checks,
        moments=(*BOOT, *READY, *deploy),
        contacts=(Contact(at_s=50.2, place="tcp 192.0.2.10:443", name="packages.example.org"),),
        commands=(SeenCommand(name="htop", expected="missing", seen=False),),
        not_emulated=NOT_EMULATED,
        console=CONSOLE,
    )


def failed_at_provisioning() -> TrialReport:
    reason = (
        "cloud-init reports ProvisioningFailed: result=error|reason=unparseable ovf-env.xml|agent=Cloud-Init/25.1.4"
    )
    told = Moment(
        at_s=24.9, lane="wireserver", what="POST /machine?comp=health", status=200, agent=CLOUD_INIT,
        note="NotReady ProvisioningFailed unparseable ovf-env.xml",
    )  # fmt: skip
    return replace(
        passed(),
        snapshot="none",
        passed=False,
        failed_phase="provision",
        reason=reason,
        seconds=26.0,
        ready_s=0.0,
        phases=(
            PhaseRow(name="static", outcome="passed", seconds=0.2),
            PhaseRow(name="boot", outcome="passed", seconds=19.7),
            PhaseRow(name="provision", outcome="failed", seconds=5.2, reason=reason),
            PhaseRow(name="deploy", outcome="skipped", seconds=0),
            PhaseRow(name="check", outcome="skipped", seconds=0),
        ),
        checks=(
            check("deploy.sh", "12 needs, all present", phase="static", place="deploy.sh"),
            check(
                "ready",
                "failed: unparseable ovf-env.xml",
                "failed",
                phase="provision",
                detail="cloud-init.log:\n  in read_azure_ovf, line 2018\nReportableErrorOvfParsingException",
                hint="look at the custom data: /var/log/cloud-init.log of the machine names the element",
            ),
        ),
        moments=(*BOOT, told, Moment(at_s=25.0, lane="imds", what=INSTANCE, agent=CLOUD_INIT, note="never answered")),
        contacts=(),
        commands=(),
        console="\n".join(
            f"[   {at:2}.000000] cloud-init[412]: waiting for the metadata service" for at in range(8, 20)
        ),
    )


def failed_after_reboot() -> TrialReport:
    base = passed()
    again = (
        check("cloud-init status", "done", after_reboot=True, seconds=0.4),
        check(
            "units",
            "1 failed: app-data.mount",
            "failed",
            after_reboot=True,
            seconds=0.3,
            detail=MOUNT,
            hint="device names change at a restart: name the disk in /etc/fstab by UUID= or /dev/disk/azure/scsi1/lun0",
        ),
        check("ports", "tcp/22, tcp/80", after_reboot=True, seconds=0.2),
        check("page is served", "connection refused", "failed", after_reboot=True, seconds=0.1, place="checks.toml:4"),
    )
    reason = "2 of 7 checks fail after a reboot"
    phases = (
        PhaseRow(name="static", outcome="passed", seconds=0.2),
        PhaseRow(name="boot", outcome="passed", seconds=19.7, from_snapshot=True),
        PhaseRow(name="provision", outcome="passed", seconds=27.3, from_snapshot=True),
        PhaseRow(name="deploy", outcome="passed", seconds=3.3),
        PhaseRow(name="check", outcome="failed", seconds=31.8, reason=reason),
    )
    return replace(
        base,
        snapshot="restored",
        passed=False,
        failed_phase="check",
        reason=reason,
        phases=phases,
        checks=(*base.checks, *again),
        commands=(
            SeenCommand(name="less", expected="missing", seen=True),
            SeenCommand(name="htop", expected="missing", seen=False),
            SeenCommand(name="jq", expected="present", seen=True),
            SeenCommand(name="mytool", expected="", seen=True),
        ),
        contacts=(
            *base.contacts,
            Contact(at_s=52.0, place="tcp 198.51.100.7:443", name="telemetry.example.com", passed=False),
            Contact(at_s=52.4, place="udp 203.0.113.9:123", passed=False),
        ),
    )


def huge(count: int = 6000) -> TrialReport:
    base = failed_after_reboot()
    polls = tuple(
        Moment(at_s=40 + number * 0.5, lane="hostga", what="GET /vmSettings", status=304, agent=AGENT)
        for number in range(count)
    )
    return replace(
        base,
        checks=(
            *base.checks,
            *(check(f"file {number}", "there" * 400, detail="x" * 20_000) for number in range(count)),
        ),
        moments=(*base.moments, *polls),
        contacts=tuple(
            Contact(at_s=50 + number, place=f"tcp 192.0.2.{number % 256}:{number}") for number in range(count)
        ),
        commands=tuple(SeenCommand(name=f"tool{number}", expected="missing", seen=True) for number in range(count)),
        console="a line of the console\n" * 100_000,
    )


ATTACK = (
    "</title></style></script><script>alert(1)</script><img src=x onerror=alert(2)>\"'><svg onload=alert(3)>"
    "]]>&lt;<!--\x00\x1b]0;owned\x07\x1b[2J\u202egnp.exe\u2066\ufeff\ud800\U000e0041 Z" + "\u0301" * 50 + "W" * 2000
)


def hostile() -> TrialReport:
    """Every text that a guest can have a hand in is an attack."""
    base = failed_after_reboot()
    return replace(
        base,
        scenario=ATTACK,
        machine=ATTACK,
        accelerator=ATTACK,
        reason=ATTACK,
        image=replace(IMAGE, path=ATTACK, name=ATTACK, format=ATTACK, sha256=ATTACK),
        started=ATTACK,
        phases=tuple(replace(phase, reason=ATTACK) for phase in base.phases),
        checks=tuple(
            replace(one, name=ATTACK, found=ATTACK, detail=ATTACK + "\n" + ATTACK, hint=ATTACK, place=ATTACK)
            for one in base.checks
        ),
        moments=tuple(replace(one, what=f"GET /{ATTACK}", agent=ATTACK, note=ATTACK) for one in base.moments)
        + tuple(Moment(at_s=1, lane=f"{ATTACK}{number}", what=ATTACK) for number in range(30)),
        contacts=tuple(replace(one, place=ATTACK, name=ATTACK) for one in base.contacts),
        commands=tuple(replace(one, name=ATTACK) for one in base.commands),
        not_emulated=(ATTACK,),
        console=ATTACK * 20,
    )


SAMPLES = {
    "passed": passed,
    "failed-at-provisioning": failed_at_provisioning,
    "failed-after-reboot": failed_after_reboot,
    "huge": huge,
    "hostile": hostile,
}
