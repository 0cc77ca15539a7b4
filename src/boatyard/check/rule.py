"""The rules: their ids, which never change their meaning, and what they say in general."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """`name` is for people and for SARIF; `about` one sentence on what is wrong, `help` what to do."""

    id: str
    name: str
    about: str
    help: str


RULES = {
    rule.id: rule
    for rule in (
        Rule("SP000", "unknown", "Whether this is there cannot be told before it runs.",
             "Give the files that it depends on to the check as well, or write it so that it is known."),
        Rule("SP001", "missing-installable", "The image lacks this, and a package of its repositories has it.",
             "Install the package first, or add it to the image."),
        Rule("SP002", "missing-nowhere", "Neither the image nor any of its repositories has this.",
             "Use something that is there, bring it along, or add a repository that has it."),
        Rule("SP003", "used-before-install", "It is used before the line that installs it.",
             "Move the installation up."),
        Rule("SP004", "wrong-package-manager", "This is the package manager of another distribution.",
             "Use the package manager of the image, with the names that packages have there."),
        Rule("SP005", "unknown-package", "No repository of the image has a package of this name.",
             "Correct the name, or add a repository that has it."),
        Rule("SP006", "asks-a-question", "The command asks a question that nobody answers.",
             "Add -y (or --assumeyes)."),
        Rule("SP007", "network-in-early-boot",
             "This needs the network, and runs on every boot before the network is said to be up.",
             "Move it to runcmd, which runs once, after the network is up."),
        Rule("SP008", "missing-service", "Nothing has a unit of this name.",
             "Correct the name, or install the package that has the unit first."),
        Rule("SP009", "missing-account", "Nothing makes a user or group of this name.",
             "Make the account first."),
        Rule("SP010", "cloud-config-schema", "cloud-init does not take this as it is meant.",
             "Correct the key or the value."),
        Rule("SP011", "not-understood", "Part of the file could not be read.",
             "What is in it was not checked."),
        Rule("SP012", "suppression", "A comment that suppresses findings lacks its reason, or suppresses nothing.",
             "Write the reason after the rule, or remove the comment."),
    )
}  # fmt: skip
