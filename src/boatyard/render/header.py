"""The note at the top of every rendered spec."""

from boatyard.config.model.overlay import PrependLines

NOTE = PrependLines(
    lines=(
        "# This spec file has been modified by azldev to include build configuration overlays.",
        "# Do not edit manually; changes may be overwritten.",
        "",
    )
)
