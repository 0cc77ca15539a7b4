"""`boatyard completion`: a script that completes the command line, made from the parsers themselves.

boatyard completion bash > /etc/bash_completion.d/boatyard
boatyard completion zsh  > /usr/local/share/zsh/site-functions/_boatyard
boatyard completion fish > ~/.config/fish/completions/boatyard.fish
"""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING, NamedTuple

from boatyard.cli.parser import PlainFormatter

if TYPE_CHECKING:
    from collections.abc import Iterator

SHELLS = ("bash", "zsh", "fish")


class Word(NamedTuple):
    """What may be written at a place. `values`: what may follow an option; None when nothing does, () for a file."""

    names: tuple[str, ...]
    help: str
    values: tuple[str, ...] | None = None


Words = dict[str, list[Word]]  # by place: "", "component", "component list"


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the noun; the shells take the place of verbs."""
    parser = nouns.add_parser(
        "completion",
        help="completion of command lines",
        description=__doc__,
        formatter_class=PlainFormatter,
    )
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")
    parser.set_defaults(run=print_completion)


def print_completion(args: argparse.Namespace) -> int:
    """Prints the script for a shell."""
    words = all_words()
    print(fish_script(words) if args.shell == "fish" else bash_script(words, zsh=args.shell == "zsh"), end="")
    return 0


def all_words() -> Words:
    """What may be written at every place of a command line."""
    from boatyard.cli.main import ALIASES, NOUNS, make_parser

    words: Words = {}
    _collect(make_parser(None), "", words)
    for noun in NOUNS:
        _collect(make_parser(noun), "", words, only=noun)
    for alias, noun in ALIASES.items():
        words |= {alias + place[len(noun) :]: words[place] for place in list(words) if place.split()[:1] == [noun]}
    return words


def _collect(parser: argparse.ArgumentParser, place: str, words: Words, only: str = "") -> None:
    if not only:
        words[place] = list(_words_of(parser))
    for name, below in _below(parser).items():
        if only in ("", name) and (place or only):
            _collect(below, f"{place} {name}".strip(), words)


def _below(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= action.choices
    return found


def _words_of(parser: argparse.ArgumentParser) -> Iterator[Word]:
    for action in parser._actions:
        if action.help == argparse.SUPPRESS:
            continue
        if isinstance(action, argparse._SubParsersAction):
            told = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name in action.choices:
                yield Word((name,), told.get(name, ""))
        elif action.option_strings:
            values = None if action.nargs == 0 else tuple(map(str, action.choices or ()))
            yield Word(tuple(action.option_strings), (action.help or "").replace("%%", "%"), values)
        elif action.choices:
            for choice in action.choices:
                yield Word((str(choice),), "")


BASH = """\
# Completion of boatyard for bash, made by `boatyard completion`.
_boatyard() {
    local word place="" before="" depth=0 i
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case "$before" in
            %(valued)s) before=""; continue ;;
        esac
        case "$word" in
            -*) before=$word ;;
            *) before=""; if ((depth < 2)); then place="${place:+$place }$word"; ((depth += 1)); fi ;;
        esac
    done
    local here=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD - 1]} words=""
    case "$place $last" in
%(values)s
        *) case "$last" in
            %(valued)s) COMPREPLY=($(compgen -f -- "$here")); return ;;
        esac ;;
    esac
    if [ -z "$words" ]; then
        case "$place" in
%(places)s
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$here"))
}
"""


def bash_script(words: Words, *, zsh: bool = False) -> str:
    """The script for bash; zsh reads it too, with its own emulation of bash's completion."""
    values = [
        f'        {_either([f"{place} {name}" for name in word.names])}) words="{" ".join(word.values)}" ;;'
        for place, found in words.items()
        for word in found
        if word.values
    ]
    places = [
        f'            {shlex.quote(place)}) words="{" ".join(name for word in found for name in word.names)}" ;;'
        for place, found in words.items()
    ]
    valued = sorted(
        {name for found in words.values() for word in found if word.values is not None for name in word.names}
    )
    body = BASH % {"values": "\n".join(values), "places": "\n".join(places), "valued": "|".join(valued)}
    end = "complete -o default -F _boatyard boatyard\n"
    return f"#compdef boatyard\nautoload -U +X bashcompinit && bashcompinit\n{body}{end}" if zsh else body + end


def _either(texts: list[str]) -> str:
    return "|".join(shlex.quote(text) for text in texts)


FISH = """\
# Completion of boatyard for fish, made by `boatyard completion`.
function __boatyard_at
    set -l place
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word %(valued)s
            set skip 1
        else if not string match -q -- '-*' $word; and test (count $place) -lt 2
            set -a place $word
        end
    end
    test "$place" = "$argv"
end
"""


def fish_script(words: Words) -> str:
    """The script for fish, which shows the help of each word beside it."""
    valued = sorted(
        {name for found in words.values() for word in found if word.values is not None for name in word.names}
    )
    lines = [FISH % {"valued": " ".join(valued)}]
    for place, found in words.items():
        condition = f"-n {_fish('__boatyard_at ' + place)}"
        for word in found:
            line = f"complete -c boatyard {condition} {' '.join(_fish_name(name) for name in word.names)}"
            if word.values:
                line += f" -x -a {_fish(' '.join(word.values))}"
            elif word.values == ():
                line += " -r"
            lines.append(f"{line} -d {_fish(word.help)}" if word.help else line)
    return "\n".join(lines) + "\n"


def _fish_name(name: str) -> str:
    if not name.startswith("-"):
        return f"-f -a {_fish(name)}"
    return f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"


def _fish(text: str) -> str:
    """A word of fish, whose quoting knows only the quote and the backslash."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
