"""Packages that the project changes by overlays, one kind after the other."""

from __future__ import annotations

from tests.upstream_project.noarch_packages import install, says
from tests.upstream_project.package import Package, source_file, spec


def overlays(name: str, *tables: str) -> str:
    return "".join(f"[[components.{name}.overlays]]\n{table}\n" for table in tables)


PORT = Package(
    name="port",
    spec=spec(
        "port",
        """
        %package tools
        Summary:        Tools of port
        %description tools
        Tools.

        %package doc
        Summary:        Documents of port
        BuildArch:      noarch
        %description doc
        Documents.

        %package wine
        Summary:        What this distribution leaves out
        Requires:       what-nobody-has
        %description wine
        Left out.

        %prep
        %autosetup

        %build
        make

        %install
        install -D -m 755 port %{buildroot}%{_bindir}/port
        install -D -m 755 tools.sh %{buildroot}%{_bindir}/port-tools
        install -D -m 644 manual %{buildroot}%{_docdir}/port/manual

        %files
        %{_bindir}/port

        %files tools
        %{_bindir}/port-tools

        %files doc
        %{_docdir}/port/

        %files wine
        /nowhere
        """,
        needs=("gcc", "make"),
    ),
    archives={
        "port-1.0.tar.gz": {
            "main.c": '#include <stdio.h>\nint main(void) { puts("port: afloat"); return 0; }\n',
            "Makefile": "port: main.c\n\t$(CC) -o $@ $<\n",
            "tools.sh": "#!/bin/sh\necho port-tools\n",
            "manual": "read me\n",
        }
    },
    config=overlays("port", 'type = "spec-remove-subpackage"\npackage = "wine"'),
    gives=("/usr/bin/port-tools", "port-tools"),
)
OAR = Package(
    name="oar",
    spec=spec("oar", install("oar"), noarch=True, tags="Requires:       what-nobody-has\n"),
    archives={"oar-1.0.tar.gz": says("oar")},
    config=overlays(
        "oar",
        'type = "spec-set-tag"\ntag = "Summary"\nvalue = "An oar of ours"',
        'type = "spec-remove-tag"\ntag = "Requires"\nvalue = "what-nobody-has"',
        'type = "spec-add-tag"\ntag = "Provides"\nvalue = "paddle"',
        'type = "spec-update-tag"\ntag = "URL"\nvalue = "https://ours.example/oar"',
        'type = "spec-search-replace"\nregex = "-m 755 oar"\nreplacement = "-m 0755 oar"',
    ),
    gives=("/usr/bin/oar", "oar: afloat"),
)
PIER = Package(
    name="pier",
    spec=spec(
        "pier",
        install("pier", more="cat %{SOURCE2} %{SOURCE3} >>pier.sh\n"),
        noarch=True,
        tags="Source1:        rubbish\nSource2:        planks\nSource3:        steps\n",
    ),
    archives={"pier-1.0.tar.gz": says("pier")},
    files={"rubbish": "x\n", "planks": "echo pier: WOOD\n", "stairs": "echo pier: stairs\n"},
    config=overlays(
        "pier",
        'type = "file-remove"\nfile = "rubbish"',
        'type = "spec-remove-tag"\ntag = "Source1"',
        'type = "file-rename"\nfile = "stairs"\nreplacement = "steps"',
        'type = "file-search-replace"\nfile = "planks"\nregex = "WOOD"\nreplacement = "larch"',
        'type = "file-prepend-lines"\nfile = "planks"\nlines = ["# planks"]',
        'type = "file-add"\nfile = "rail"\nsource = "rail"',
        'type = "spec-insert-tag"\ntag = "Source4"\nvalue = "rail"',
        'type = "spec-append-lines"\nsection = "%build"\nlines = ["cat %{SOURCE4} >>pier.sh"]',
    ),
    beside={"rail": "echo pier: rail\n"},
    gives=("/usr/bin/pier", "pier: larch"),
)
STONE = b"echo quay: granite\n"
# A file from an address that is in no lookaside cache.
QUAY = Package(
    name="quay",
    spec=spec("quay", install("quay", more="cat %{SOURCE1} >>quay.sh\n"), noarch=True),
    archives={"quay-1.0.tar.gz": says("quay")},
    served={"stone": STONE},
    config=source_file("stone", STONE).replace("COMPONENT", "quay")
    + overlays("quay", 'type = "spec-insert-tag"\ntag = "Source1"\nvalue = "stone"'),
    gives=("/usr/bin/quay", "quay: granite"),
)
RUDDER = Package(
    name="rudder",
    spec=spec("rudder", install("rudder"), noarch=True),
    archives={"rudder-1.0.tar.gz": says("rudder")},
    config=overlays(
        "rudder",
        'type = "spec-prepend-lines"\nsection = "%install"\nlines = ["echo echo rudder: before >>rudder.sh"]',
        'type = "spec-append-lines"\nsection = "%build"\nlines = ["test -f rudder.sh"]',
    ),
    gives=("/usr/bin/rudder", "rudder: before"),
)
YAWL = Package(
    name="yawl",
    spec=spec("yawl", install("yawl") + "\n%check\nfalse\n", noarch=True, needs=("what-nobody-has",)),
    archives={"yawl-1.0.tar.gz": says("yawl")},
    config=overlays(
        "yawl",
        'type = "spec-remove-section"\nsection = "%check"',
        'type = "spec-remove-tag"\ntag = "BuildRequires"\nvalue = "what-nobody-has"',
    ),
    gives=("/usr/bin/yawl", "yawl: afloat"),
)
LUGGER = Package(
    name="lugger",
    spec=spec("lugger", install("lugger"), noarch=True, release="1.rc2%{?dist}"),
    archives={"lugger-1.0.tar.gz": says("lugger")},
    config='release.calculation = "manual"\n'
    + overlays("lugger", 'type = "spec-set-tag"\ntag = "Release"\nvalue = "7.rc2%{?dist}"'),
    gives=("/usr/bin/lugger", "lugger: afloat"),
)
# A file inside the archive is changed; the overlays are in a file of their own.
WHARF = Package(
    name="wharf",
    spec=spec("wharf", install("wharf"), noarch=True),
    archives={"wharf-1.0.tar.gz": says("wharf", "rotten")},
    config='overlay-files = ["*.overlay.toml"]\n[[components.wharf.source-files]]\nfilename = "wharf-1.0.tar.gz"\n'
    'hash-type = "SHA512"\nhash = "$wharf"\norigin = { type = "overlay" }\n'
    'replace-upstream = true\nreplace-reason = "repaired"\n',
    beside={
        "wharf.overlay.toml": '[metadata]\ncategory = "azl-compatibility"\nupstream-status = "inapplicable"\n\n'
        '[[overlays]]\ntype = "file-search-replace"\narchive = "wharf-1.0.tar.gz"\nfile = "wharf.sh"\n'
        'regex = "rotten"\nreplacement = "repaired"\n'
    },
    gives=("/usr/bin/wharf", "wharf: repaired"),
)
# A release that the project asked for once more, and an epoch.
CUTTER = Package(
    name="cutter",
    spec=spec("cutter", install("cutter"), noarch=True, release="4%{?dist}", tags="Epoch:          2\n"),
    archives={"cutter-1.0.tar.gz": says("cutter")},
    gives=("/usr/bin/cutter", "cutter: afloat"),
)
OVERLAID_PACKAGES = (PORT, OAR, PIER, QUAY, RUDDER, YAWL, LUGGER, WHARF, CUTTER)
