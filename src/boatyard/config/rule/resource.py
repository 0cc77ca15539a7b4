"""Rules for repositories, sets of repositories and their templates."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from boatyard.config.model.resource import RESOURCE_NAME
from boatyard.config.rule.name import address_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.config.model.resource import Resources, RpmRepo, RpmRepoSet, RpmRepoSetTemplate
    from boatyard.config.shape import Told
    from boatyard_installer.locate import Key


def resource_rules(resources: Resources, key: Key) -> Iterator[Told]:
    """What is wrong with `[resources]` of one file."""
    for table, named in (
        ("rpm-repos", resources.rpm_repos),
        ("rpm-repo-set-templates", resources.rpm_repo_set_templates),
        ("rpm-repo-sets", resources.rpm_repo_sets),
    ):
        for name in named:
            if not RESOURCE_NAME.fullmatch(name):
                yield (*key, table, name), f"{name!r} is not the name of a resource", "letters, digits and _.:-"
    for name, repo in resources.rpm_repos.items():
        yield from _repo_rules(repo, (*key, "rpm-repos", name))
    for name, template in resources.rpm_repo_set_templates.items():
        yield from _template_rules(template, (*key, "rpm-repo-set-templates", name))
    for name, repo_set in resources.rpm_repo_sets.items():
        yield from _set_rules(repo_set, (*key, "rpm-repo-sets", name))


def _repo_rules(repo: RpmRepo, key: Key) -> Iterator[Told]:
    if bool(repo.base_uri) == bool(repo.metalink):
        yield key, "exactly one of base-uri and metalink is needed", ""
    for name, address in (("base-uri", repo.base_uri), ("metalink", repo.metalink)):
        if address and (problem := address_problem(address)):
            yield (*key, name), problem, ""
    yield from _key_rules(repo, key)


def _key_rules(repo: RpmRepo | RpmRepoSet, key: Key) -> Iterator[Told]:
    if not repo.gpg_key and not repo.disable_gpg_check:
        yield key, "signatures are checked, so gpg-key is needed", "add `gpg-key = …` (or disable-gpg-check = true)"
    if repo.gpg_key and (problem := address_problem(repo.gpg_key, ("http", "https", "file"))):
        yield (*key, "gpg-key"), problem, ""
    elif repo.gpg_key.startswith("file:") and not repo.gpg_key.startswith("file:///"):
        yield (*key, "gpg-key"), f"{repo.gpg_key!r} is no absolute file address", "write file:///…, or a path"


def _template_rules(template: RpmRepoSetTemplate, key: Key) -> Iterator[Told]:
    names = Counter(subrepo.name for subrepo in template.subrepos)
    for number, subrepo in enumerate(template.subrepos):
        place = (*key, "subrepos", number)
        if names[subrepo.name] > 1:
            yield (*place, "name"), f"duplicate subrepo {subrepo.name!r}", ""
        if not RESOURCE_NAME.fullmatch(subrepo.name):
            yield (*place, "name"), f"{subrepo.name!r} is not the name of a resource", "letters, digits and _.:-"
        path = subrepo.subpath
        if path.startswith("/") or ".." in path.split("/") or any(char in path for char in "?#\r\n\0"):
            yield (*place, "subpath"), f"{path!r} is not a relative path", "without .., ? and #"


def _set_rules(repo_set: RpmRepoSet, key: Key) -> Iterator[Told]:
    if problem := address_problem(repo_set.base_uri):
        yield (*key, "base-uri"), problem, ""
    elif "?" in repo_set.base_uri or "#" in repo_set.base_uri:
        yield (*key, "base-uri"), "a base address has no query and no fragment", ""
    for name in sorted(name for name, count in Counter(repo_set.subrepos).items() if count > 1):
        yield (*key, "subrepos"), f"duplicate subrepo {name!r}", ""
    yield from _key_rules(repo_set, key)
