"""Why: chains from a component down to the leaves that changed first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.build_record import Ledger, result, used

from boatyard.artifact.build_result import BuildInputs
from boatyard.artifact.codec import from_json, to_json
from boatyard.artifact.explanation import Explanation, LeafReason, PackageChange, PackagesReason, WaitReason
from boatyard.graph.why import Known, Unknown, explain, package_changes
from boatyard.report.why_text import to_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from boatyard.artifact.build_result import UsedPackage


def inputs(*packages: UsedPackage, spec: str = "s1") -> BuildInputs:
    return BuildInputs(definition={"spec": spec}, environment=packages)


def answers(*there: str, **known: BuildInputs | Unknown) -> Callable[[str], Known | Unknown]:
    """What a build would make components from now; of those in `there` the store has a result of that."""

    def answer(component: str) -> Known | Unknown:
        now = known[component]
        return now if isinstance(now, Unknown) else Known(now, there=component in there)

    return answer


def three_storeys() -> Ledger:
    """curl is built from openssl, openssl from zlib; a patch came to zlib, and each showed to the next."""
    return (
        Ledger()
        .add(
            result("zlib", "2", leaves={"spec": "s1", "file fix.patch": "p"}),
            result("zlib", "1", leaves={"spec": "s1"}),
        )
        .add(
            result("openssl", "2", environment=[used("zlib-devel", "2", interface="j")]),
            result("openssl", "1", environment=[used("zlib-devel", "1")]),
        )
        .add(result("curl", "1", environment=[used("openssl", "1"), used("openssl-devel", "1")]))
    )


CURL_NOW = inputs(used("openssl", "2", interface="j"), used("openssl-devel", "2", interface="j"))
ZLIB_CHANGED = PackageChange(name="zlib-devel", change="interface", before="1-1", after="1-2")


def test_never_built() -> None:
    assert explain("curl", Ledger()) == Explanation(component="curl", verdict="never built")


def test_nothing_changed() -> None:
    told = explain("curl", three_storeys(), answers("curl", curl=inputs(used("openssl"), used("openssl-devel"))))
    assert (told.verdict, told.reasons, told.cut_off, told.roots) == ("nothing changed", (), (), ())


def test_leaves() -> None:
    ledger = Ledger().add(result("zlib", leaves={"spec": "a", "date": "1", "file old.patch": "x"}))
    now = BuildInputs(definition={"spec": "b", "date": "1", "file new.patch": "y"})
    told = explain("zlib", ledger, answers(zlib=now))
    assert told.verdict == "to be built"
    assert told.reasons == (
        LeafReason(leaf="file new.patch", change="added", after="y"),
        LeafReason(leaf="file old.patch", change="removed", before="x"),
        LeafReason(leaf="spec", change="changed", before="a", after="b"),
    )
    assert told.roots == ("zlib: file new.patch", "zlib: file old.patch", "zlib: spec")


def test_chain_down_to_the_leaf() -> None:
    told = explain("curl", three_storeys(), answers(curl=CURL_NOW))
    assert told.verdict == "to be built"
    assert told.roots == ("zlib: file fix.patch",)
    assert told.reasons == (
        PackagesReason(
            component="openssl",
            packages=tuple(
                PackageChange(name=name, change="interface", before="1-1", after="1-2")
                for name in ("openssl", "openssl-devel")
            ),
            because=(
                PackagesReason(
                    component="zlib",
                    packages=(ZLIB_CHANGED,),
                    because=(LeafReason(leaf="file fix.patch", change="added", after="p"),),
                ),
            ),
        ),
    )


def test_chain_as_text() -> None:
    assert (
        to_text(explain("curl", three_storeys(), answers(curl=CURL_NOW)))
        == """\
curl: to be built, because
  openssl (1-1 → 1-2), openssl-devel (1-1 → 1-2) of openssl: look different to builds
    openssl was rebuilt, because
      zlib-devel (1-1 → 1-2) of zlib: looks different to builds
        zlib was rebuilt, because
          file fix.patch is new

at the root of it:
  zlib: file fix.patch
"""
    )


def test_what_looks_different() -> None:
    told = explain(
        "openssl", three_storeys(), compare=lambda old, new: tuple(f"{new.name} has {n} {old.evr}" for n in range(6))
    )
    assert to_text(told).splitlines()[1:7] == [
        "  zlib-devel (1-1 → 1-2) of zlib: looks different to builds",
        *(f"    zlib-devel has {n} 1-1" for n in range(4)),
        "    … and 2 more differences",
    ]
    (zlib,) = told.reasons
    assert isinstance(zlib, PackagesReason)
    assert len(zlib.packages[0].details) == 6


def test_early_cut_off() -> None:
    now = inputs(used("openssl", "2"), used("openssl-devel", "2"))
    told = explain("curl", three_storeys(), answers("curl", curl=now))
    assert (told.verdict, told.reasons) == ("nothing changed", ())
    assert [package.change for package in told.cut_off[0].packages] == ["rebuilt", "rebuilt"]
    assert told.roots == ("zlib: file fix.patch",)
    assert (
        to_text(told)
        == """\
curl: up to date: nothing that its build can see has changed
  what was rebuilt, and does not count:
    openssl (1-1 → 1-2), openssl-devel (1-1 → 1-2) of openssl: look the same to builds
      openssl was rebuilt, because
        zlib-devel (1-1 → 1-2) of zlib: looks different to builds
          zlib was rebuilt, because
            file fix.patch is new

at the root of it:
  zlib: file fix.patch
"""
    )


def test_strict_counts_content() -> None:
    now = inputs(used("openssl", "2"), used("openssl-devel", "1"))
    told = explain("curl", three_storeys(), answers(curl=now), strict=True)
    assert told.verdict == "to be built"
    assert isinstance(told.reasons[0], PackagesReason)
    assert [(p.name, p.change) for p in told.reasons[0].packages] == [("openssl", "content")]


def test_what_was_cut_off_is_no_root() -> None:
    ledger = three_storeys()
    now = inputs(used("openssl", "2"), used("openssl-devel", "2"), spec="s2")
    told = explain("curl", ledger, answers(curl=now))
    assert told.roots == ("curl: spec",)
    assert told.cut_off


def test_last_run_that_built() -> None:
    told = explain("openssl", three_storeys())
    assert told.verdict == "was built"
    assert told.roots == ("zlib: file fix.patch",)
    assert to_text(told).startswith("openssl: built in the last run, because\n  zlib-devel (1-1 → 1-2) of zlib:")


def test_last_run_that_built_for_the_first_time() -> None:
    assert to_text(explain("curl", three_storeys())) == "curl: built in the last run\n"


def test_last_run_that_reused() -> None:
    ledger = three_storeys()
    old = ledger.entries["curl"]
    ledger.add(old.latest, None, reused=True, seen=inputs(used("openssl", "2"), used("openssl-devel", "1")))
    told = explain("curl", ledger)
    assert told.verdict == "was reused"
    assert [(p.name, p.change) for p in told.cut_off[0].packages] == [("openssl", "rebuilt")]


def test_why_the_result_in_use_was_built() -> None:
    now = inputs(used("zlib-devel", "2", interface="j"))
    told = explain("openssl", three_storeys(), answers("openssl", openssl=now))
    assert told.verdict == "nothing changed"
    assert [reason.component for reason in told.last if isinstance(reason, PackagesReason)] == ["zlib"]
    assert "the result in use was built because\n    zlib-devel" in to_text(told)


def test_built_like_this_before() -> None:
    """A change that was taken back: the result of then is not the one in use, and is used again."""
    told = explain("zlib", three_storeys(), answers("zlib", zlib=inputs()))
    assert (told.verdict, told.roots) == ("in the store", ("zlib: file fix.patch",))
    assert to_text(told).splitlines()[:3] == [
        "zlib: to be taken from the store: it was built like this before",
        "  compared with the result in use",
        "    file fix.patch is gone",
    ]
    assert explain("new", Ledger(), answers("new", new=inputs())).verdict == "in the store"
    assert explain("new", Ledger(), answers(new=inputs())).verdict == "never built"


def test_result_that_is_gone() -> None:
    told = explain("zlib", Ledger().add(result("zlib")), answers(zlib=inputs()))
    assert to_text(told) == "zlib: to be built\n  the store has no result of it\n"
    ledger = Ledger().add(result("zlib")).add(result("curl"))
    told = explain("curl", ledger, answers(curl=Unknown({"spec": "s1"}, ("zlib",)), zlib=inputs()))
    assert told.reasons == (WaitReason(component="zlib", verdict="to be built"),)


def test_changed_and_not_asked_for_its_requirements_yet() -> None:
    told = explain("zlib", Ledger().add(result("zlib")), answers(zlib=Unknown({"spec": "s2"})))
    assert (told.verdict, told.roots) == ("to be built", ("zlib: spec",))


def test_packages_that_come_and_go() -> None:
    ledger = three_storeys().add(
        result("gcc", "2", names=["gcc", "gcc-plugin"]), result("gcc", "1", leaves={"spec": "s0"}, names=["gcc"])
    )
    now = inputs(
        used("openssl", "1"), used("gcc-plugin", "2", component="gcc"), used("zlib", "2"), used("tzdata", component="")
    )
    told = explain("curl", ledger, answers(curl=now))
    rows = {(r.component, r.packages[0].name, r.packages[0].change, bool(r.because)) for r in told.reasons}  # type: ignore[union-attr]
    assert rows == {
        ("gcc", "gcc-plugin", "added", True),  # gcc was rebuilt, and has one more
        ("openssl", "openssl-devel", "removed", False),  # openssl still has it
        ("zlib", "zlib", "added", False),
        ("", "tzdata", "added", False),
    }
    assert "repository: tzdata" in told.roots


def test_ends_of_chains() -> None:
    ledger = three_storeys()
    del ledger.entries["zlib"]
    told = explain("curl", ledger, answers(curl=CURL_NOW))
    assert told.roots == ("zlib: not recorded",)
    assert "no build of it is recorded here" in to_text(told)
    ledger.add(result("zlib", "2"))
    assert explain("curl", ledger, answers(curl=CURL_NOW)).roots == ("zlib: first build",)


def test_only_the_last_of_several_builds_is_known() -> None:
    ledger = three_storeys().add(result("zlib", "3", leaves={"spec": "s3"}), result("zlib", "2", leaves={"spec": "s2"}))
    told = explain("curl", ledger, answers(curl=CURL_NOW))
    assert "it was built more than once since; this is the last time" in to_text(told)


def test_each_component_is_told_once_where_the_way_is_shortest() -> None:
    """zlib is seen by curl itself and by openssl: its chain is told beside openssl, not below."""
    now = BuildInputs(
        definition={"spec": "s1"}, environment=(*CURL_NOW.environment, used("zlib-devel", "2", interface="j"))
    )
    ledger = three_storeys()
    old = ledger.entries["curl"].latest.inputs.environment
    ledger.add(result("curl", "1", environment=[*old, used("zlib-devel", "1")]))
    openssl, zlib = explain("curl", ledger, answers(curl=now)).reasons
    assert isinstance(openssl, PackagesReason)
    assert isinstance(zlib, PackagesReason)
    assert zlib.because == (LeafReason(leaf="file fix.patch", change="added", after="p"),)
    (again,) = openssl.because
    assert isinstance(again, PackagesReason)
    assert (again.because, again.unexplained) == ((), "told above")


def test_cycle_ends() -> None:
    """Each was rebuilt because the other had changed."""
    ledger = (
        Ledger()
        .add(result("a", "2", environment=[used("b", "2", interface="j")]), result("a", "1", environment=[used("b")]))
        .add(result("b", "2", environment=[used("a", "2", interface="j")]), result("b", "1", environment=[used("a")]))
    )
    told = explain("a", ledger, answers(a=inputs(used("b", "3", interface="k"))))
    (b,) = told.reasons
    assert isinstance(b, PackagesReason)
    assert isinstance(b.because[0], PackagesReason)
    assert b.because[0].unexplained == "told above"


def test_not_known_before_others_are_built() -> None:
    ledger = three_storeys()
    told = explain(
        "curl",
        ledger,
        answers(
            curl=Unknown({"spec": "s1"}, ("openssl",)),
            openssl=Unknown({"spec": "s1"}, ("zlib",)),
            zlib=inputs(spec="s9"),
        ),
    )
    assert told.verdict == "not known yet"
    (wait,) = told.reasons
    assert isinstance(wait, WaitReason)
    assert (wait.component, wait.verdict) == ("zlib", "to be built")
    assert told.roots == ("zlib: file fix.patch", "zlib: spec")
    assert to_text(told).splitlines()[:4] == [
        "curl: not known before what it needs is built",
        "  zlib is to be built, because",
        "    file fix.patch is gone",
        "    spec changed (s1 → s9)",
    ]


def test_own_change_is_known_before_others_are_built() -> None:
    told = explain("curl", three_storeys(), answers(curl=Unknown({"spec": "s2"}, ("new",)), new=Unknown({})))
    assert told.verdict == "to be built"
    assert told.reasons == (
        LeafReason(leaf="spec", change="changed", before="s1", after="s2"),
        WaitReason(component="new", verdict="never built"),
    )
    assert told.roots == ("curl: spec", "new: never built")


def test_needs_that_need_each_other() -> None:
    told = explain("a", Ledger().add(result("a")).add(result("b")), lambda name: Unknown({"spec": "s1"}, ("a", "b")))
    assert (told.verdict, told.reasons) == ("not known yet", ())


def test_repacked() -> None:
    old = used("zlib", "1")
    new = BuildInputs(definition={}, environment=(used("zlib", "2"),)).environment[0]
    import msgspec

    same = msgspec.structs.replace(new, payload=old.payload)
    assert [change.change for change in package_changes([old], [same])] == ["repacked"]
    assert [change.change for change in package_changes([old], [same], strict=True)] == ["repacked"]


def test_text_shows_no_control_characters() -> None:
    ledger = Ledger().add(result("zlib", leaves={"file \x1b[2Ja\n.patch": "x"}))
    text = to_text(explain("zlib", ledger, answers(zlib=BuildInputs(definition={}))))
    assert "\x1b" not in text
    assert len(text.splitlines()) == 2


def test_long_text_is_cut_and_json_is_not() -> None:
    ledger = Ledger().add(result("texlive", leaves={f"file {n}": "1" for n in range(1000)}))
    told = explain("texlive", ledger, answers(texlive=BuildInputs(definition={})))
    assert "801 lines more (-o json has them)" in to_text(told)
    assert from_json(Explanation, to_json(told)) == told
    assert len(told.reasons) == 1000


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_roots_are_the_leaves_that_changed(data: st.DataObject) -> None:
    """On any graph where some leaves changed and every change showed: the roots are those that can be reached."""
    count = data.draw(st.integers(2, 9))
    names = [f"c{number}" for number in range(count)]
    needs = {
        name: data.draw(st.lists(st.sampled_from(names[:place]), unique=True)) if place else []
        for place, name in enumerate(names)
    }
    edited = set(data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True)))
    dirty: set[str] = set()
    ledger = Ledger()
    for name in names:
        if name in edited or dirty & set(needs[name]):
            dirty.add(name)
        old = [used(need, "1") for need in needs[name]]
        new = [used(need, "2", interface="j") if need in dirty else used(need, "1") for need in needs[name]]
        before = result(name, "1", environment=old)
        spec = "s2" if name in edited else "s1"
        if name in dirty:
            ledger.add(result(name, "2", leaves={"spec": spec}, environment=new), before)
        else:
            ledger.add(before)
    for name in names:
        reach, todo = set(), [name]
        while todo:
            one = todo.pop()
            reach.add(one)
            todo.extend(set(needs[one]) - reach)
        wanted = {f"{one}: spec" for one in reach & edited}
        told = explain(name, ledger)
        assert set(told.roots) == wanted
        assert (told.verdict == "was built") and bool(told.reasons) == bool(name in dirty)
