"""What a package provides and asks for, and the scriptlets it brings, in words that can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.digest import fingerprint

if TYPE_CHECKING:
    from boatyard.rpm.tag import Tags

EPOCH, VERSION, RELEASE = 1003, 1001, 1002
# name, flags, version of each kind (rpmtag.h)
RELATIONS = {
    "provides": (1047, 1112, 1113),
    "requires": (1049, 1048, 1050),
    "conflicts": (1054, 1053, 1055),
    "obsoletes": (1090, 1114, 1115),
    "recommends": (5046, 5048, 5047),
    "suggests": (5049, 5051, 5050),
    "supplements": (5052, 5054, 5053),
    "enhances": (5055, 5057, 5056),
    "orders after": (5035, 5037, 5036),
}
SIGNS = {2: "<", 4: ">", 8: "=", 10: "<=", 12: ">="}  # RPMSENSE_LESS, _GREATER, _EQUAL
SCRIPTLETS = {
    "pretrans": (1151, 1153, 5024),
    "pre": (1023, 1085, 5020),
    "post": (1024, 1086, 5021),
    "preun": (1025, 1087, 5022),
    "postun": (1026, 1088, 5023),
    "posttrans": (1152, 1154, 5025),
    "preuntrans": (5103, 5105, 5107),
    "postuntrans": (5104, 5106, 5108),
    "verifyscript": (1079, 1091, 5026),
    "triggers": (1065, 1066, 1067, 1068, 1069, 1092, 5027),
    "file triggers": (*range(5066, 5073), 5084),
    "transaction file triggers": (*range(5076, 5083), 5085),
}


def capabilities(tags: Tags, *, exact: bool) -> dict[str, str]:
    """Everything that decides where the package is installed: `requires libc.so.6()(64bit)` and the like, sorted.

    What rpm itself must be able to do (`rpmlib(…)`) is left out: it tells how the file is packed. Unless `exact` is
    asked for, a version that is the package's own loses its release, which every build may count up.
    """
    own = "-".join((tags.text(VERSION), tags.text(RELEASE)))
    owns = (own, f"{tags.number(EPOCH)}:{own}")
    found = set()
    for relation, (names, flags, versions) in RELATIONS.items():
        signs, values = tags.numbers(flags), tags.strings(versions)
        for place, name in enumerate(tags.strings(names)):
            if name.startswith("rpmlib("):
                continue
            sign = SIGNS.get(signs[place] & 14, "") if place < len(signs) else ""
            version = values[place] if place < len(values) else ""
            if not exact and version in owns:
                version = version.removesuffix(f"-{tags.text(RELEASE)}")
            found.add(" ".join(word for word in (relation, name, sign, version) if word))
    return dict.fromkeys(sorted(found), "")


def scriptlets(tags: Tags) -> dict[str, str]:
    """The digest of each scriptlet with its interpreter and flags, and of all triggers of a kind."""
    found = {}
    for name, numbers in SCRIPTLETS.items():
        values = [tags.value(number) for number in numbers]
        if any(values):
            found[f"scriptlet {name}"] = fingerprint(values)
    return found
