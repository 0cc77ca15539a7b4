"""Rules for images and their test suites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.config.rule.name import channel_problem, file_name_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.config.model.image import Image
    from boatyard.config.model.test_suite import TestSuite
    from boatyard.config.shape import Told
    from boatyard_installer.locate import Key


def image_rules(name: str, image: Image, key: Key) -> Iterator[Told]:
    """What is wrong with `[images.<name>]`."""
    if problem := file_name_problem(name):
        yield key, problem, "the name of an image is also that of its files"
    for number, channel in enumerate(image.publish.channels):
        if problem := channel_problem(channel) or ("a channel has a name" if not channel else ""):
            yield (*key, "publish", "channels", number), problem, ""
    native = image.definition.type == "native"
    if native != (image.native is not None):
        what = "definition.type = 'native' and the table `native` go together"
        yield key, what, "add the one that is missing"
    if native and (image.definition.path or image.definition.profile):
        yield (*key, "definition"), "a native definition has no path and no profile", "remove them"


def test_suite_rules(name: str, suite: TestSuite, key: Key) -> Iterator[Told]:
    """What is wrong with `[test-suites.<name>]`."""
    if problem := file_name_problem(name):
        yield key, problem, ""
    other = "lisa" if suite.type == "pytest" else "pytest"
    if getattr(suite, other) is not None:
        yield (*key, other), f"a test suite of type {suite.type} has no table {other!r}", "remove it"
    if suite.type == "pytest" and suite.pytest is None:
        yield key, "a test suite of type pytest needs the table 'pytest'", f"add [test-suites.{name}.pytest]"
    if suite.pytest and suite.pytest.install in ("pyproject", "requirements") and suite.pytest.working_dir is None:
        yield (*key, "pytest"), f"install = {suite.pytest.install!r} needs a working-dir", "add `working-dir = …`"
