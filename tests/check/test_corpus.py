"""The checker on the corpus: files as people write them, with their faults labelled by hand."""

from __future__ import annotations

from tests.check.measure import CORPUS, corpus_facts, score, snippets

# What it is allowed to miss, each for a reason, so that a new miss is seen.
KNOWN_MISSES = {
    # The archive unpacked into /usr/local before may hold any command: nothing is certain after it.
    ("ansible/unarchive.yml", "unzip"),
    # `dnf install` of the line before has failed; what it was to bring is not told of again.
    ("shell/debian-name-with-dnf.sh", "gcc"),
}


def test_the_corpus_is_large_and_a_third_of_it_is_right() -> None:
    everything = snippets()
    right = sum(not one.faults for one in everything)
    assert len(everything) >= 150
    assert right * 3 >= len(everything)
    on_disk = {f"{path.parent.name}/{path.name}" for path in CORPUS.glob("*/*")}
    assert {one.name for one in everything} == on_disk


def test_no_false_error_and_nearly_every_fault_is_found() -> None:
    result = score(corpus_facts())
    assert [(name, str(one.place), one.rule, one.message) for name, one in result.false_errors] == []
    assert {(name, fault.name) for name, fault in result.missed} == KNOWN_MISSES
    assert 1 - len(result.missed) / result.faults >= 0.95


def test_labels_lie_within_their_files() -> None:
    for one in snippets():
        lines = one.text.splitlines()
        assert all(1 <= fault.line <= len(lines) for fault in one.faults), one.name
