"""The RPM repositories of `[resources]`: those named singly, and those that sets expand to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import did_you_mean
from boatyard.config.fault import Fault
from boatyard.config.model.resource import RpmRepo

if TYPE_CHECKING:
    from boatyard.config.merge import Merged
    from boatyard.config.model.distro import Distro, Input
    from boatyard.config.model.resource import Resources, RpmRepoSet


def expand_repositories(resources: Resources, merged: Merged) -> tuple[dict[str, RpmRepo], list[Fault]]:
    """Every repository by name, sets expanded, and what is wrong with the sets."""
    repos, faults = dict(resources.rpm_repos), list[Fault]()
    for name, repo_set in resources.rpm_repo_sets.items():
        file = merged.files["resources", "rpm-repo-sets", name]
        key = ("resources", "rpm-repo-sets", name)
        template = resources.rpm_repo_set_templates.get(repo_set.template)
        if template is None:
            hint = did_you_mean(repo_set.template, resources.rpm_repo_set_templates)
            faults.append(Fault(file, (*key, "template"), f"undefined template {repo_set.template!r}", hint))
            continue
        subrepos = {subrepo.name: subrepo for subrepo in template.subrepos}
        for wanted in repo_set.subrepos:
            if wanted not in subrepos:
                what = f"template {repo_set.template!r} has no subrepo {wanted!r}"
                faults.append(Fault(file, (*key, "subrepos"), what, did_you_mean(wanted, subrepos)))
        for subrepo in subrepos.values():
            full = f"{repo_set.name_prefix}{subrepo.name}"
            if repo_set.subrepos and subrepo.name not in repo_set.subrepos:
                continue
            if full in repos:
                faults.append(Fault(file, key, f"repository {full!r} exists already", "choose another name-prefix"))
            else:
                repos[full] = _repo(repo_set, subrepo.subpath)
    return repos, faults


def members(repo_set: str, resources: Resources) -> list[str]:
    """The names of the repositories that a set expands to; empty for one that is not defined well."""
    found = resources.rpm_repo_sets.get(repo_set)
    template = resources.rpm_repo_set_templates.get(found.template) if found else None
    if found is None or template is None:
        return []
    return [
        f"{found.name_prefix}{subrepo.name}"
        for subrepo in template.subrepos
        if not found.subrepos or subrepo.name in found.subrepos
    ]


def input_faults(
    distros: dict[str, Distro], resources: Resources, repos: dict[str, RpmRepo], merged: Merged
) -> list[Fault]:
    """What is wrong with `inputs` of the versions of distributions: unknown names, the same repository twice."""
    faults: list[Fault] = []
    for name, distro in distros.items():
        for version, definition in distro.versions.items():
            file = merged.files["distros", name, "versions", version]
            for use, inputs in (
                ("rpm-build", definition.inputs.rpm_build),
                ("image-build", definition.inputs.image_build),
            ):
                names = [repo for entry in inputs for repo in _named(entry, resources)]
                key = ("distros", name, "versions", version, "inputs", use)
                for repo in dict.fromkeys(names):
                    if repo not in repos:
                        what = f"undefined repository or set {repo!r}"
                        faults.append(Fault(file, key, what, did_you_mean(repo, [*repos, *resources.rpm_repo_sets])))
                    elif names.count(repo) > 1:
                        faults.append(Fault(file, key, f"repository {repo!r} is there twice"))
                    elif use == "rpm-build" and repos[repo].gpg_key.startswith("file:"):
                        what = f"the key of repository {repo!r} is a local file, which a buildroot cannot read"
                        faults.append(Fault(file, key, what, "give the key by its http(s) address"))
    return faults


def _named(entry: Input, resources: Resources) -> list[str]:
    return [entry.repo] if entry.repo else members(entry.set, resources) or [entry.set]


def _repo(repo_set: RpmRepoSet, subpath: str) -> RpmRepo:
    return RpmRepo(
        description=repo_set.description,
        type="rpm-md",
        base_uri=f"{repo_set.base_uri.rstrip('/')}/{subpath}",
        disable_gpg_check=repo_set.disable_gpg_check,
        gpg_key=repo_set.gpg_key,
        arches=repo_set.arches,
    )
