"""Packages that need a compiler: libraries, what is linked against them, and patches from both sides."""

from __future__ import annotations

from tests.upstream_project.package import Package, c_source, spec

MAKEFILE = (
    "{name}: main.c\n\t$(CC) $(CFLAGS) -o $@ $< $(LIBS)\n\n"
    "install:\n\tinstall -D -m 755 {name} $(DESTDIR)/usr/bin/{name}\n"
)
PROGRAM = """
%prep
%autosetup -p1

%build
make {more}

%install
make install DESTDIR=%{{buildroot}}

%check
./{name} | grep '{check}'

%files
%{{_bindir}}/{name}
"""


def program(name: str, text: str = "afloat", *, source: str = "") -> dict[str, str]:
    """The files of a program's archive."""
    return {"main.c": source or c_source(name, text), "Makefile": MAKEFILE.format(name=name)}


def body(name: str, check: str = "afloat", more: str = "") -> str:
    return PROGRAM.format(name=name, check=check, more=more).rstrip()


KEEL = Package(
    name="keel",
    spec=spec(
        "keel",
        """
        %package devel
        Summary:        Headers of keel
        Requires:       %{name}%{?_isa} = %{version}-%{release}

        %description devel
        To build what uses keel.

        %prep
        %autosetup

        %build
        make

        %install
        install -D -m 755 libkeel.so.1 %{buildroot}%{_libdir}/libkeel.so.1
        ln -s libkeel.so.1 %{buildroot}%{_libdir}/libkeel.so
        install -D -m 644 keel.h %{buildroot}%{_includedir}/keel.h

        %files
        %{_libdir}/libkeel.so.1

        %files devel
        %{_libdir}/libkeel.so
        %{_includedir}/keel.h
        """,
        needs=("gcc", "make"),
    ),
    archives={
        "keel-1.0.tar.gz": {
            "keel.c": '#include "keel.h"\nint keel_depth(void) { return 7; }\n',
            "keel.h": "#pragma once\n#define KEEL_PAINT 3\nint keel_depth(void);\n",
            "Makefile": "libkeel.so.1: keel.c keel.h\n\t$(CC) -shared -fPIC -Wl,-soname,$@ -o $@ $<\n",
        }
    },
    gives=("/usr/include/keel.h", "KEEL_PAINT 3"),
)
MAST = Package(
    name="mast",
    spec=spec(
        "mast",
        body("mast", more="LIBS=-lkeel").replace("./mast", "LD_LIBRARY_PATH=$LD_LIBRARY_PATH:%{_libdir} ./mast"),
        needs=("gcc", "make", "keel-devel"),
        release="%autorelease",
        changelog="%autochangelog",
    ),
    archives={
        "mast-1.0.tar.gz": program(
            "mast",
            source=c_source("mast", "afloat", headers="#include <keel.h>", call='printf("%d\\n", keel_depth());'),
        )
    },
    needs=("keel",),
    gives=("/usr/bin/mast", "mast: afloat"),
)
ROPE = Package(
    name="rope",
    spec=spec("rope", body("rope", "knotted"), needs=("gcc", "make"), tags="Patch0:         rope-knot.patch\n"),
    archives={"rope-1.0.tar.gz": program("rope")},
    files={
        "rope-knot.patch": "--- a/main.c\n+++ b/main.c\n@@ -3,5 +3,5 @@\n int main(void)\n {\n"
        '-    puts("rope: afloat");\n+    puts("rope: knotted");\n     return 0;\n }\n'
    },
    gives=("/usr/bin/rope", "rope: knotted"),
)
SAIL = Package(
    name="sail",
    spec=spec("sail", body("sail", "furled"), needs=("gcc", "make"), release="3%{?dist}"),
    archives={"sail-1.0.tar.gz": program("sail", "set")},
    config='[[components.sail.overlays]]\ntype = "patch-add"\nsource = "sail-furled.patch"\n',
    beside={
        "sail-furled.patch": "--- a/main.c\n+++ b/main.c\n@@ -3,5 +3,5 @@\n int main(void)\n {\n"
        '-    puts("sail: set");\n+    puts("sail: furled");\n     return 0;\n }\n'
    },
    gives=("/usr/bin/sail", "sail: furled"),
)
KETCH = Package(
    name="ketch",
    spec=spec(
        "ketch",
        body("ketch"),
        needs=("gcc", "make"),
        tags="Patch1:         ketch-sink.patch\n",
    ),
    archives={"ketch-1.0.tar.gz": program("ketch")},
    files={"ketch-sink.patch": "--- a/none.c\n+++ b/none.c\n@@ -1 +1 @@\n-this does not apply\n+to anything\n"},
    config='[[components.ketch.overlays]]\ntype = "patch-remove"\nfile = "ketch-sink.patch"\n',
    gives=("/usr/bin/ketch", "ketch: afloat"),
)
STERN = Package(
    name="stern",
    spec=spec(
        "stern",
        body("stern", "%{?with_lamp:lit}%{!?with_lamp:dark}", "%{?with_lamp:CFLAGS=-DLAMP}"),
        needs=("gcc", "make"),
    ).replace("%global debug", "%bcond_without lamp\n%global debug", 1),
    archives={
        "stern-1.0.tar.gz": program(
            "stern",
            source='#include <stdio.h>\nint main(void)\n{\n#ifdef LAMP\n    puts("stern: lit");\n#else\n'
            '    puts("stern: dark");\n#endif\n    return 0;\n}\n',
        )
    },
    config='[components.stern.build]\nwithout = ["lamp"]\n',
    gives=("/usr/bin/stern", "stern: dark"),
)
BOW = Package(
    name="bow",
    spec=spec("bow", body("bow", "oak", """CFLAGS='-DWOOD=\\"%{!?wood:pine}%{?wood}\\"'"""), needs=("gcc", "make")),
    archives={
        "bow-1.0.tar.gz": program(
            "bow", source='#include <stdio.h>\nint main(void)\n{\n    puts("bow: " WOOD);\n    return 0;\n}\n'
        )
    },
    config='[components.bow.build]\ndefines = { wood = "oak" }\n',
    gives=("/usr/bin/bow", "bow: oak"),
)
HULL = Package(
    name="hull",
    spec=spec("hull", body("hull", "what it never prints"), needs=("gcc", "make")),
    archives={"hull-1.0.tar.gz": program("hull")},
    config='[components.hull.build.check]\nskip = true\nskip_reason = "asks for what hull never prints"\n',
    gives=("/usr/bin/hull", "hull: afloat"),
)
# A program in C that a script in Python writes.
SCHOONER = Package(
    name="schooner",
    spec=spec("schooner", body("schooner", "two masts"), needs=("gcc", "make", "python3")),
    archives={
        "schooner-1.0.tar.gz": {
            "Makefile": "schooner: main.c\n\t$(CC) -o $@ $<\n\nmain.c: rig.py\n\tpython3 rig.py >$@\n\n"
            "install:\n\tinstall -D -m 755 schooner $(DESTDIR)/usr/bin/schooner\n",
            "rig.py": "print('#include <stdio.h>')\n"
            "print('int main(void) { puts(\"schooner: two masts\"); return 0; }')\n",
        }
    },
    gives=("/usr/bin/schooner", "schooner: two masts"),
)
# The newest commit upstream is of version 2; this project stays at the first one.
BEACON = Package(
    name="beacon",
    spec=spec("beacon", body("beacon", "beacon"), version="2.0", needs=("gcc", "make")),
    archives={"beacon-2.0.tar.gz": program("beacon", "2.0"), "beacon-1.5.tar.gz": program("beacon", "1.5")},
    older="1.5",
    config='spec = { type = "upstream", upstream-commit = "$older" }\n',
    gives=("/usr/bin/beacon", "beacon: 1.5"),
)
# On a branch whose second parents are newer than the snapshot's commit.
FENDER = Package(
    name="fender",
    spec=spec("fender", body("fender"), needs=("gcc", "make")),
    archives={"fender-1.0.tar.gz": program("fender")},
    merged=True,
    gives=("/usr/bin/fender", "fender: afloat"),
)
# A local component with an archive in the lookaside cache, named by its own `sources`.
DORY = Package(
    name="dory",
    spec=spec("dory", body("dory"), needs=("gcc", "make"), release="2%{?dist}"),
    archives={"dory-1.0.tar.gz": program("dory")},
    local=True,
    gives=("/usr/bin/dory", "dory: afloat"),
)
C_PACKAGES = (KEEL, MAST, ROPE, SAIL, KETCH, STERN, BOW, HULL, SCHOONER, BEACON, FENDER, DORY)
