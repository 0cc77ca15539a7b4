"""Looks for what a build would stumble over: names that lead nowhere, files that are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError, NotFoundError, did_you_mean
from boatyard.config.fault import Fault, to_error
from boatyard.config.model.component import LocalSpec, UnstatedSpec, UpstreamSpec
from boatyard.config.model.native_image import resolve
from boatyard.config.model.overlay import FileAdd, PatchAdd
from boatyard.config.model.seed import DebSpec
from boatyard.config.model.source_file import CustomOrigin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.config.model.component import Component
    from boatyard.config.project import Project


def check_project(project: Project) -> None:
    """ConfigError with everything that is wrong with a project that loads."""
    faults = list(project.warnings)
    for component in project.components.values():
        faults.extend(_component_faults(project, component))
    faults.extend(_image_faults(project))
    faults.extend(_channel_faults(project))
    if faults:
        raise to_error(faults)


def _component_faults(project: Project, component: Component) -> Iterator[Fault]:
    key = ("components", component.name)
    spec = component.spec
    if isinstance(spec, UnstatedSpec):
        yield Fault(component.file, key, f"component {component.name} has no spec", "add `spec = { type = … }`")
    elif isinstance(spec, LocalSpec) and not spec.path.is_file():
        yield Fault(component.file, (*key, "spec", "path"), f"there is no file {spec.path}", "correct the path")
    elif isinstance(spec, UpstreamSpec):
        try:
            distro, _ = project.distro_version(spec.upstream_distro)
            if not distro.dist_git_base_uri:
                what = f"component {component.name} comes from a distro without dist-git-base-uri"
                yield Fault(component.file, (*key, "spec"), what, "name another in spec.upstream-distro")
        except NotFoundError as error:
            yield Fault(
                component.file, (*key, "spec"), f"component {component.name}: {error.problems[0].what}", error.hint
            )
    elif isinstance(spec, DebSpec):
        try:
            project.seed_of(component)
        except NotFoundError as error:
            yield Fault(component.file, (*key, "spec"), error.problems[0].what, error.hint)
    for number, overlay in enumerate(component.overlays):
        if isinstance(overlay, FileAdd | PatchAdd) and not overlay.source.is_file():
            what = f"invalid overlay {number + 1} for component {component.name}: there is no file {overlay.source}"
            yield Fault(component.file, (*key, "overlays", number), what, "correct `source`")
    folder = spec.path.parent if isinstance(spec, LocalSpec) else component.file.parent
    for number, source in enumerate(component.source_files):
        if isinstance(source.origin, CustomOrigin) and not (folder / source.origin.script).is_file():
            what = f"there is no script {folder / source.origin.script}"
            yield Fault(component.file, (*key, "source-files", number, "origin", "script"), what)


def _image_faults(project: Project) -> Iterator[Fault]:
    natives = project.native_images
    for name, image in project.images.items():
        file = project.merged.files["images", name]
        path = image.definition.path
        if path is not None and not path.is_file():
            yield Fault(file, ("images", name, "definition", "path"), f"there is no file {path}", "correct the path")
        if name not in natives:
            continue
        try:
            channels = resolve(name, natives).channels
        except ConfigError as error:
            yield Fault(file, ("images", name, "native"), error.problems[0].what, error.hint)
            continue
        for channel in channels:
            if channel not in project.channels:
                hint = did_you_mean(channel, project.channels) or f"add [channels.{channel}]"
                yield Fault(file, ("images", name, "native", "channels"), f"undefined channel {channel!r}", hint)


def _channel_faults(project: Project) -> Iterator[Fault]:
    """Projects that declare channels publish to no other."""
    if not project.channels:
        return
    known = {"", "none", *project.channels}
    for component in project.components.values():
        for key, channel in (
            ("rpm-channel", component.publish.rpm_channel),
            ("srpm-channel", component.publish.srpm_channel),
            ("debuginfo-channel", component.publish.debuginfo_channel),
        ):
            if channel not in known:
                place = ("components", component.name, "publish", key)
                yield Fault(component.file, place, f"undefined channel {channel!r}", did_you_mean(channel, known))
    for name, group in project.package_groups.items():
        publish = group.default_package_config.publish
        for channel in (publish.rpm_channel, publish.channel, publish.debuginfo_channel):
            if channel not in known:
                place = ("package-groups", name, "default-package-config", "publish")
                file = project.merged.files["package-groups", name]
                yield Fault(file, place, f"undefined channel {channel!r}", did_you_mean(channel, known))
