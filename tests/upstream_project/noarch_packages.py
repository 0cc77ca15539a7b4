"""Packages of scripts, Python and data: build requirements that are found late, a cycle, generated sources."""

from __future__ import annotations

from tests.upstream_project.package import Package, source_file, spec, tar_gz

MODULES = "%{_prefix}/lib/fleet"  # where Python's modules go, whatever version of it there is
BLANK = "\n%prep\n%autosetup\n\n%build\n"


def install(name: str, *, more: str = "") -> str:
    """The rest of a spec that installs one script."""
    return f"""{BLANK}{more}
%install
install -D -m 755 {name}.sh %{{buildroot}}%{{_bindir}}/{name}

%files
%{{_bindir}}/{name}
"""


def says(name: str, text: str = "afloat") -> dict[str, str]:
    """The files of a script's archive."""
    return {f"{name}.sh": f"#!/bin/sh\necho {name}: {text}\n"}


DECK = Package(
    name="deck",
    spec=spec("deck", install("deck"), noarch=True),
    archives={"deck-1.0.tar.gz": says("deck")},
    gives=("/usr/bin/deck", "deck: afloat"),
)
HELM = Package(
    name="helm",
    spec=spec(
        "helm",
        f"{BLANK}\n%install\nmkdir -p %{{buildroot}}{MODULES}/helm\ncp __init__.py %{{buildroot}}{MODULES}/helm/\n\n"
        f"%check\ncd %{{buildroot}}{MODULES}\npython3 -B -c 'import helm; print(helm.steer(1))'\n\n"
        f"%files\n{MODULES}/helm/\n",
        noarch=True,
        needs=("python3",),
        release="%autorelease",
        changelog="%autochangelog",
    ),
    archives={"helm-1.0.tar.gz": {"__init__.py": "def steer(course):\n    return f'course {course}'\n"}},
    gives=("/usr/lib/fleet/helm/__init__.py", "course"),
)
# Runs a module of another component while it is built.
TILLER = Package(
    name="tiller",
    spec=spec(
        "tiller",
        install(
            "tiller",
            more=f"export PYTHONPATH=$PYTHONPATH:{MODULES}\n"
            "python3 -c 'import helm; print(\"echo tiller: \" + helm.steer(90))' >>tiller.sh\n",
        ),
        noarch=True,
        needs=("python3", "helm"),
        tags="Requires:       helm\n",
        release="%autorelease -b 4",
        changelog="%autochangelog",
    ),
    archives={"tiller-1.0.tar.gz": {"tiller.sh": "#!/bin/sh\n"}},
    needs=("helm",),
    gives=("/usr/bin/tiller", "tiller: course 90"),
)
ANCHOR = Package(
    name="anchor",
    spec=spec(
        "anchor",
        f"{BLANK}\n%install\ninstall -D -m 644 chain.txt %{{buildroot}}%{{_datadir}}/anchor/chain.txt\n\n"
        "%files\n%{_datadir}/anchor/\n",
        noarch=True,
    ),
    archives={"anchor-1.0.tar.gz": {"chain.txt": "forty links\n"}},
    weak=True,
    gives=("/usr/share/anchor/chain.txt", "forty links"),
)
PAINT = tar_gz("paint", {"colour": "green\n"})
# Two archives, one of which the project replaces by its own.
BUOY = Package(
    name="buoy",
    spec=spec(
        "buoy",
        f"{BLANK}tar -xf %{{SOURCE1}}\n\n%install\n"
        "install -D -m 644 paint/colour %{buildroot}%{_datadir}/buoy/colour\n\n%files\n%{_datadir}/buoy/\n",
        noarch=True,
        tags="Source1:        paint.tar.gz\n",
    ),
    archives={"buoy-1.0.tar.gz": {"README": "a buoy\n"}, "paint.tar.gz": {"colour": "red\n"}},
    served={"paint.tar.gz": PAINT},
    config=source_file("paint.tar.gz", PAINT, 'replace-upstream = true\nreplace-reason = "ours is green"').replace(
        "COMPONENT", "buoy"
    ),
    gives=("/usr/share/buoy/colour", "green"),
)
TABLE = {"table/depths": "east 3\nnorth 9\nsouth 12\n"}  # what it makes
# An archive that a script of the project makes.
CHART = Package(
    name="chart",
    spec=spec(
        "chart",
        f"{BLANK}tar -xf %{{SOURCE1}}\n\n%install\n"
        "install -D -m 644 table/depths %{buildroot}%{_datadir}/chart/depths\n\n%files\n%{_datadir}/chart/\n",
        noarch=True,
        tags="Source1:        table.tar\n",
    ),
    archives={"chart-1.0.tar.gz": {"README": "a chart\n"}},
    config='[[components.chart.source-files]]\nfilename = "table.tar"\nhash-type = "SHA256"\nhash = "$table"\n'
    'origin = { type = "custom", script = "make-table.sh", inputs = ["soundings"] }\n',
    beside={
        "soundings": "north 9\neast 3\nsouth 12\n",
        "make-table.sh": "#!/bin/sh -e\nmkdir /azldev-gen/output/table\n"
        "sort soundings >/azldev-gen/output/table/depths\n",
    },
    gives=("/usr/share/chart/depths", "south 12"),
)
# What it needs is told only by a file in its archive.
KNOT = Package(
    name="knot",
    spec=spec(
        "knot",
        "\n%prep\n%autosetup\n\n%generate_buildrequires\ncat needs.txt\n\n%build\ndeck >>knot.sh.in\n"
        "sed 's/^deck/echo knot: on deck/' knot.sh.in >knot.sh\n" + install("knot").partition("%build\n")[2],
        noarch=True,
    ),
    archives={"knot-1.0.tar.gz": {"knot.sh.in": "#!/bin/sh\n", "needs.txt": "deck\n"}},
    needs=("deck",),
    gives=("/usr/bin/knot", "knot: on deck"),
)
# Each needs the other. A repository of `inputs.rpm-build` has a davit of version 0, to begin with.
WINCH = Package(
    name="winch",
    spec=spec("winch", install("winch", more="davit >>wound\n"), noarch=True, needs=("davit",)),
    archives={"winch-1.0.tar.gz": says("winch")},
    needs=("davit",),
    gives=("/usr/bin/winch", "winch: afloat"),
)
DAVIT = Package(
    name="davit",
    spec=spec("davit", install("davit", more="winch >>wound\n"), noarch=True, needs=("winch",)),
    archives={"davit-1.0.tar.gz": says("davit")},
    needs=("winch",),
    gives=("/usr/bin/davit", "davit: afloat"),
)
BOOTSTRAP = spec("davit", install("davit"), version="0", release="1", noarch=True)
BOOTSTRAP_FILES = says("davit", "from the seed")
# Taken from a package of another name.
GALLEY = Package(
    name="galley",
    upstream="kombuis",
    spec=spec("galley", install("galley"), noarch=True),
    archives={"galley-1.0.tar.gz": says("galley")},
    gives=("/usr/bin/galley", "galley: afloat"),
)
# Runs a program of one component when it is built, and asks for a subpackage of another.
TENDER = Package(
    name="tender",
    spec=spec(
        "tender",
        install("tender", more="rope | sed 's/^/echo tender: /' >>tender.sh\n"),
        noarch=True,
        needs=("rope", "port-tools"),
        tags="Requires:       port-tools\n",
    ),
    archives={"tender-1.0.tar.gz": {"tender.sh": "#!/bin/sh\n"}},
    needs=("rope", "port"),
    gives=("/usr/bin/tender", "tender: rope: knotted"),
)
# The top: it needs, one behind the other, most of what there is.
FLEET = Package(
    name="fleet",
    spec=spec(
        "fleet",
        f"{BLANK}(mast; tiller; knot; winch; davit; tender) >roll\n\n%install\n"
        "install -D -m 644 roll %{buildroot}%{_datadir}/fleet/roll\n\n%files\n%{_datadir}/fleet/\n",
        noarch=True,
        needs=("mast", "tiller", "knot", "winch >= 1", "davit >= 1", "tender"),
    ),
    archives={"fleet-1.0.tar.gz": {"README": "all of them\n"}},
    needs=("mast", "tiller", "knot", "winch", "davit", "tender"),
    gives=("/usr/share/fleet/roll", "knot: on deck"),
)
NOARCH_PACKAGES = (DECK, HELM, TILLER, ANCHOR, BUOY, CHART, KNOT, WINCH, DAVIT, GALLEY, TENDER, FLEET)
