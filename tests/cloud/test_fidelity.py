"""The sentences on what is not emulated: those that hold for a VM, and no others."""

import msgspec
from tests.cloud.some import VM

from boatyard.cloud.fidelity import ALWAYS, EMULATED, GENERATION_1, LIMITED, RESOURCE_DISK, not_emulated


def test_the_sentences_fit_the_machine() -> None:
    assert not_emulated(VM, "kvm") == ALWAYS
    old = msgspec.structs.replace(VM, generation="gen1", resource_disk_gib=4)
    assert set(not_emulated(old, "tcg", "none")) - set(ALWAYS) == {EMULATED, GENERATION_1, RESOURCE_DISK, LIMITED}


def test_they_are_sentences() -> None:
    for sentence in (*ALWAYS, EMULATED, GENERATION_1, RESOURCE_DISK, LIMITED):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
