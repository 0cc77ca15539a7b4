"""Graphs for tests: a small one that is looked through in full, and any."""

from __future__ import annotations

from hypothesis import strategies as st

Needs = dict[str, set[str]]
# gcc and glibc need each other, so do python and its package; bash needs both worlds and nobody needs it.
SMALL: Needs = {
    "gcc": {"glibc", "make"},
    "glibc": {"gcc"},
    "make": set(),
    "python": {"gcc", "pip"},
    "pip": {"python"},
    "bash": {"gcc", "python"},
}


@st.composite
def graphs(draw: st.DrawFn) -> Needs:
    """Graphs of up to 12 nodes, with needs that are no nodes."""
    count = draw(st.integers(0, 12))
    names = [f"n{number:02}" for number in range(count)]
    return {name: draw(st.sets(st.sampled_from([*names, "elsewhere"]), max_size=5)) for name in names}


def reaches(needs: Needs, start: str) -> set[str]:
    """What a node needs, directly or not."""
    seen: set[str] = set()
    todo = [start]
    while todo:
        for need in needs[todo.pop()] & needs.keys():
            if need not in seen:
                seen.add(need)
                todo.append(need)
    return seen
