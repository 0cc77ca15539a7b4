"""A signed channel of tiny packages, for package transactions that take a second.

`tiny-installer` stands for the installer of a medium, and `tiny-extra` for what such a medium brings besides.
`tiny-boot` has the host's busybox, and in GRUB's place a script that writes files of the right names: no real
machine starts them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.artifact.repo_snapshot import RepoSnapshot
from boatyard.ports.run import Command, HostRunner
from boatyard.repo.repodata import write_repodata
from boatyard.rpm.key import find_or_make_key
from boatyard.rpm.signature import sign_file, sign_rpms
from boatyard_boot.initrd import NEEDED

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

%package -n tiny-installer
Summary: Starts what installs, and changes what others made
Requires: tiny-app
%description -n tiny-installer
A target.
%post -n tiny-installer -p <lua>
os.remove("/usr/share/removed")
os.remove("/etc/posted")

%package -n tiny-extra
Summary: Needs another package
Requires: tiny-app
%description -n tiny-extra
More.

%package -n tiny-lost
Summary: Needs what is nowhere
Requires: nowhere
%description -n tiny-lost
Never installed.

%package -n tiny-boot
Summary: Stands for busybox, kernel and boot loader
Requires: tiny-kernel
%description -n tiny-boot
What image files are made of.

%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/usr/lib/grub/i386-pc %{buildroot}/usr/lib/grub/x86_64-efi
cp /usr/bin/busybox %{buildroot}/usr/bin/busybox
ln -s busybox %{buildroot}/usr/bin/sh
cat > %{buildroot}/usr/bin/grub2-mkimage <<'END'
#!/usr/bin/sh
for word in "$@"; do
    [ "$last" != -o ] || output=$word
    last=$word
done
echo "$@" > $output
/usr/bin/busybox dd if=/dev/zero of=$output bs=2048 seek=1 count=20
END
chmod 0755 %{buildroot}/usr/bin/grub2-mkimage
for platform in i386-pc x86_64-efi; do touch %{buildroot}/usr/lib/grub/$platform/moddep.lst; done
for name in boot boot_hybrid; do head -c 512 /dev/zero > %{buildroot}/usr/lib/grub/i386-pc/$name.img; done
for folder in dev etc proc run tmp var/tmp usr/bin usr/lib/sysimage/rpm usr/share/doc/tiny var/lib; do
    mkdir -p %{buildroot}/$folder
done
ln -s usr/bin %{buildroot}/bin
mkdir -p %{buildroot}/usr/lib/modules/6.1.9/kernel %{buildroot}/usr/lib/modules/6.1.10/kernel
touch %{buildroot}/usr/lib/modules/6.1.9/modules.dep %{buildroot}/usr/lib/modules/6.1.10/modules.dep
for name in @NEEDED@; do
    echo kernel/$name.ko >> %{buildroot}/usr/lib/modules/6.1.10/modules.builtin
done
echo kernel > %{buildroot}/usr/lib/modules/6.1.10/vmlinuz
echo documentation > %{buildroot}/usr/share/doc/tiny/README
echo 'root:*:::::::' > %{buildroot}/etc/shadow
mkdir -p %{buildroot}/usr/share/open %{buildroot}/usr/share/extra %{buildroot}/usr/lib/systemd/system
touch %{buildroot}/usr/share/removed %{buildroot}/usr/lib/systemd/system/boatyard-install.target

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
%dir /var/tmp
%attr(0600,root,root) /etc/shadow
%doc /usr/share/doc/tiny/README
/usr/share/removed
%files -n tiny-kernel
/usr/lib/modules
%files -n tiny-app
%files -n tiny-boot
/usr/bin/*
/usr/lib/grub
%files -n tiny-installer
/usr/lib/systemd/system/boatyard-install.target
%files -n tiny-extra
/usr/share/extra
%files -n tiny-lost
%files -n tiny-open
/usr/share/open
%post -n tiny-open -p <lua>
local f = io.open("/etc/shadow", "a")
f:write("guest::::::::\\n")
f:close()
"""


def make_channel(folder: Path, run: HostRunner) -> RepoSnapshot:
    """Builds, signs and indexes the packages; the key is in `folder`/keys/tiny."""
    spec = folder / "tiny.spec"
    spec.write_text(SPEC.replace("@NEEDED@", " ".join(NEEDED)))
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
        "_binaries_in_noarch_packages_terminate_build": "0",
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
