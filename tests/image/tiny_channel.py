"""A signed channel of four tiny packages, for package transactions that take a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.artifact.repo_snapshot import RepoSnapshot
from boatyard.ports.run import Command, HostRunner
from boatyard.repo.repodata import write_repodata
from boatyard.rpm.key import find_or_make_key
from boatyard.rpm.signature import sign_file, sign_rpms

if TYPE_CHECKING:
    from pathlib import Path

BUILD_TIME = 1_700_000_000
SPEC = """\
Name: tiny-filesystem
Version: 1
Release: 1
Summary: Folders
License: MIT
BuildArch: noarch

%description
Folders.

%package -n tiny-kernel
Summary: No kernel, and in its place
%description -n tiny-kernel
No kernel.

%package -n tiny-app
Summary: Writes from a script
Requires: tiny-filesystem
%description -n tiny-app
An application.
%post -n tiny-app -p <lua>
local f = io.open("/etc/posted", "w")
f:write(posix.stat("/proc/self", "type") or "no proc", "\\n")
f:close()

%package -n tiny-open
Summary: Lets everybody in
%description -n tiny-open
An empty password.

%install
for folder in dev etc proc run tmp usr/bin usr/lib/sysimage/rpm usr/share/doc/tiny var/lib; do
    mkdir -p %{buildroot}/$folder
done
ln -s usr/bin %{buildroot}/bin
mkdir -p %{buildroot}/usr/lib/modules/6.1.9/kernel %{buildroot}/usr/lib/modules/6.1.10/kernel
touch %{buildroot}/usr/lib/modules/6.1.9/modules.dep %{buildroot}/usr/lib/modules/6.1.10/modules.dep
echo documentation > %{buildroot}/usr/share/doc/tiny/README
echo 'root:*:::::::' > %{buildroot}/etc/shadow
mkdir -p %{buildroot}/usr/share/open

%files
%dir /dev
/bin
%dir /etc
%dir /proc
%dir /run
%attr(1777,root,root) %dir /tmp
%dir /usr
%dir /usr/bin
%dir /var
%dir /var/lib
%attr(0600,root,root) /etc/shadow
%doc /usr/share/doc/tiny/README
%files -n tiny-kernel
/usr/lib/modules
%files -n tiny-app
%files -n tiny-open
/usr/share/open
%post -n tiny-open -p <lua>
local f = io.open("/etc/shadow", "a")
f:write("guest::::::::\\n")
f:close()
"""


def make_channel(folder: Path, run: HostRunner) -> RepoSnapshot:
    """Builds, signs and indexes the packages."""
    spec = folder / "tiny.spec"
    spec.write_text(SPEC)
    repo = folder / "tiny"
    (repo / "Packages").mkdir(parents=True)
    macros = {
        "_topdir": str(folder / "build"),
        "_rpmdir": str(repo / "Packages"),
        "_build_name_fmt": "%%{NAME}.rpm",
        "_build_id_links": "none",
        "__os_install_post": "%{nil}",
        "use_source_date_epoch_as_buildtime": "1",
        "clamp_mtime_to_source_date_epoch": "1",
        "source_date_epoch_from_changelog": "0",
        "_buildhost": "localhost",
    }
    defines = [word for name, value in macros.items() for word in ("--define", f"{name} {value}")]
    env = {"HOME": str(folder), "SOURCE_DATE_EPOCH": str(BUILD_TIME)}
    run(Command(argv=("rpmbuild", "-bb", *defines, str(spec)), env=env))
    names = sorted(path.name for path in (repo / "Packages").iterdir())
    key = find_or_make_key(folder / "keys/tiny", "Tiny", "tiny@example.com", run)
    sign_rpms(repo / "Packages", names, key, run)
    revision = write_repodata(repo, [f"Packages/{name}" for name in names])
    (repo / "repodata/repomd.xml.asc").write_bytes(sign_file(repo / "repodata/repomd.xml", key, run))
    public = folder / "RPM-GPG-KEY-tiny"
    public.write_bytes(key.public)
    return RepoSnapshot(channel="tiny", dir=repo, key_file=public, revision=revision, packages=len(names), size=0)
