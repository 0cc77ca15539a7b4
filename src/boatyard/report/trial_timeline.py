"""The timeline of a trial: a lane for each part of the cloud and the machine, a mark for each moment, in SVG.

Positions are percentages, so that the drawing is as wide as the page and its text keeps its size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from boatyard.artifact.trial_report import TITLES
from boatyard.report.markup import Markup, own, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from boatyard.artifact.trial_report import Moment

HTTP_LANES = ("wireserver", "hostga", "imds")
CHECKED_LANES = tuple(TITLES)  # what was looked at in a phase; the note begins with its outcome
LANES = ("machine", "dhcp", *HTTP_LANES, "network", "fabric", *CHECKED_LANES)
MAX_LANES = 14
LANE_PX = 28
AXIS_PX = 26
MAX_TICKS = 8
# Moments nearer to each other than this are one mark: its title lists them.
NEAR_PERCENT = 0.6
MAX_LISTED = 8
MAX_LABEL = 28
CHARACTER_PERCENT = 0.8  # of a label, in a drawing of about 850 pixels
SHAPES = {
    "fine": '<circle r="4"/>',
    "silent": '<circle r="4"/>',
    "refused": '<path d="M-4-4 4 4M4-4-4 4"/>',
}


class Mark(NamedTuple):
    """One or more moments of a lane at about the same time. `kind`: fine, silent (never answered) or refused."""

    at_percent: float
    kind: str
    moments: tuple[Moment, ...]


def timeline(moments: Sequence[Moment], ready_s: float) -> Markup:
    """The drawing with the names of its lanes at the left."""
    lanes = lanes_of(moments)
    end, step = scale(max([ready_s, *(moment.at_s for moment in moments)]))
    height = AXIS_PX + len(lanes) * LANE_PX
    drawing: list[str] = list(_axis(end, step, height))
    if ready_s:
        drawing += _ready(100 * ready_s / end, height)
    for row, lane in enumerate(lanes):
        y = AXIS_PX + row * LANE_PX + LANE_PX // 2
        drawing.append(tag("line", x1="0", x2="100%", y1=y, y2=y, class_="lane"))
        marks = marks_of([moment for moment in moments if moment.lane == lane], end)
        drawing += (_mark(mark, y) for mark in marks)
        drawing += _labels(marks, y)
    told = f"Timeline of {len(moments)} moments over {end:g} seconds in {len(lanes)} lanes; the tables below list them."
    names = [tag("li", lane) for lane in lanes]
    return tag(
        "div",
        tag("ul", *names, class_="lanes", aria_hidden="true"),
        tag("svg", *drawing, role="img", aria_label=told, width="100%", height=height),
        class_="timeline",
    )


def lanes_of(moments: Iterable[Moment]) -> list[str]:
    """The lanes that have moments, known ones first."""
    there = dict.fromkeys(moment.lane for moment in moments)
    return [*(lane for lane in LANES if lane in there), *(lane for lane in there if lane not in LANES)][:MAX_LANES]


def scale(longest_s: float) -> tuple[float, float]:
    """Where the axis ends, and the seconds from one tick to the next: 1, 2 or 5 times a power of ten, at most 8."""
    power = 0.1
    while True:
        for factor in (1, 2, 5):
            step = factor * power
            if longest_s <= step * MAX_TICKS:
                return longest_s * 1.01 or step, step
        power *= 10


def marks_of(moments: Sequence[Moment], end_s: float) -> list[Mark]:
    """The marks of a lane; what is nearly at the same place becomes one, as bad as the worst of it."""
    marks: list[Mark] = []
    for moment in sorted(moments, key=lambda one: one.at_s):
        at = 100 * moment.at_s / end_s
        if marks and at - marks[-1].at_percent < NEAR_PERCENT:
            last = marks[-1]
            worst = max(last.kind, kind_of(moment), key=list(SHAPES).index)
            marks[-1] = Mark(last.at_percent, worst, (*last.moments, moment))
        else:
            marks.append(Mark(at, kind_of(moment), (moment,)))
    return marks


def kind_of(moment: Moment) -> str:
    """`refused` when the cloud answered with an error or something failed, `silent` when it did not answer."""
    if moment.status >= 400 or (moment.lane in CHECKED_LANES and moment.note.startswith("failed")):
        return "refused"
    return "silent" if moment.lane in HTTP_LANES and not moment.status else "fine"


def _axis(end: float, step: float, height: int) -> Iterator[Markup]:
    for number in range(int(end / step) + 1):
        at = f"{100 * number * step / end:.2f}%"
        yield tag("line", x1=at, x2=at, y1=AXIS_PX - 6, y2=height, class_="tick")
        text = f"{number * step:g} s"
        anchor = "end" if number * step > 0.95 * end else "middle" if number else "start"
        yield tag("text", text, x=at, y=12, text_anchor=anchor, class_="odd" if number % 2 else "even")


def _ready(at: float, height: int) -> Iterator[Markup]:
    place = f"{at:.2f}%"
    yield tag("line", x1=place, x2=place, y1=AXIS_PX - 8, y2=height, class_="ready")


def _mark(mark: Mark, y: int) -> Markup:
    listed = [_told(moment) for moment in mark.moments[:MAX_LISTED]]
    if len(mark.moments) > MAX_LISTED:
        listed.append(f"… {len(mark.moments) - MAX_LISTED} more")
    title = tag("title", *(piece for text in listed for piece in (text, own("\n"))))
    # A nested drawing, because a path cannot be placed by percentages.
    return tag(
        "svg", title, own(SHAPES[mark.kind]), x=f"{mark.at_percent:.2f}%", y=y, overflow="visible", class_=mark.kind
    )


def _labels(marks: Sequence[Mark], y: int) -> Iterator[Markup]:
    """Words beside the marks as far as there is room, of the cloud's servers only what was noted."""
    free_from = 0.0
    for number, mark in enumerate(marks):
        first = mark.moments[0]
        as_marked = sorted(
            mark.moments, key=lambda one: kind_of(one) != mark.kind
        )  # a cross is labelled by what failed
        words = [one.note if one.lane in HTTP_LANES else one.what for one in as_marked]
        text = next(filter(None, words), "")[:MAX_LABEL]
        width = CHARACTER_PERCENT * (len(text) + 2)
        following = marks[number + 1].at_percent if number + 1 < len(marks) else 100.0
        if not text or first.at_s < 0:
            continue
        if mark.at_percent + width <= following:
            yield tag("text", text, x=f"{mark.at_percent:.2f}%", dx=8, y=y + 4, class_="label")
            free_from = mark.at_percent + width
        elif mark.at_percent - width >= max(free_from, marks[number - 1].at_percent + 1 if number else 0):
            yield tag("text", text, x=f"{mark.at_percent:.2f}%", dx=-8, y=y + 4, text_anchor="end", class_="label")
            free_from = mark.at_percent


def _told(moment: Moment) -> str:
    status = f" → {moment.status}" if moment.status else ""
    note = f" ({moment.note})" if moment.note else ""
    return f"{moment.at_s:.1f} s  {moment.what}{status}{note}"


def legend(ready: bool) -> Markup:
    """What the marks mean."""
    kinds = {
        "fine": "answered, or happened",
        "refused": "failed, or answered with an error",
        "silent": "never answered",
    }
    marks = {tag("svg", own(SHAPES[kind]), x=7, y=7, class_=kind, overflow="visible"): kinds[kind] for kind in kinds}
    if ready:
        marks[tag("line", x1=7, x2=7, y1=0, y2=14, class_="ready")] = "first report of Ready"
    items = [tag("li", tag("svg", mark, width=14, height=14), " ", words) for mark, words in marks.items()]
    return tag("ul", *items, class_="legend", aria_hidden="true")
