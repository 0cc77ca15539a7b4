"""`python -m bench [NAME …]`: runs the benchmarks named, or the quick ones."""

from __future__ import annotations

import sys

from bench import (
    buildroot,
    config,
    demo,
    depot,
    engine,
    graph,
    history,
    install,
    reuse,
    spec,
    transaction,
    trial,
    trial_check,
)

BENCHMARKS = {
    "buildroot": buildroot.main,
    "config": config.main,
    "spec": spec.main,
    "graph": graph.main,
    "demo": demo.main,
    "depot": depot.main,
    "engine": engine.main,
    "history": history.main,
    "install": install.main,
    "reuse": reuse.main,
    "transaction": transaction.main,
    "trial": trial.main,
    "trial-check": trial_check.main,
}
QUICK = ("config", "spec", "graph", "trial-check")


def main() -> int:
    """Runs them one after the other; each prints its own figures."""
    names = sys.argv[1:] or QUICK
    for name in names:
        if name not in BENCHMARKS:
            print(f"no benchmark {name!r}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
            return 2
        print(f"== {name}")
        BENCHMARKS[name]()
    return 0


sys.exit(main())
