"""Which programs a command line runs, and which collection a skill is of.

A shell's grammar is followed as far as needed to tell commands from their words: quotes, separators, redirections,
here-documents, assignments, the words that begin and end blocks. What runs another program (``sudo``, ``env``) is left
out for the program it runs; builtins and programs named by a variable are left out too. What a program runs itself
(``xargs grep``, ``bash -c``) is not looked into, nor what stands in quotes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_COMMAND = 100_000
"""Characters of a command line that are looked at."""
_BUILTINS = """
    . : [ [[ alias bg bind break builtin caller cd compgen complete continue declare dirs disown echo enable eval exit
    export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd pwd read readarray
    readonly return set shift shopt source suspend test times trap true type typeset ulimit umask unalias unset wait
"""
_BUILTIN = frozenset(_BUILTINS.split())
_LEADS = frozenset("if then elif else while until do ! { time".split())  # noqa: SIM905 - as in a shell
_HEADS = frozenset("for case select function fi done esac }".split())  # noqa: SIM905
"""Words whose segment names no program: a loop's list, a block's end."""
_WRAPPERS: dict[str, str] = {
    "sudo": "ughpCDRTU", "doas": "uC", "env": "uCS", "nice": "n", "ionice": "cnp", "nohup": "", "command": "",
    "exec": "a", "time": "fo", "timeout": "sk", "stdbuf": "ioe", "nix-shell": "pI", "setsid": "", "xvfb-run": "nse",
}  # fmt: skip
"""What runs the program named behind it, with the letters of its options that take a word of their own."""
_POSITIONAL = {"timeout": 1}
"""Words of a wrapper before the program."""
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=")
_NAME = re.compile(r"[\w.+@-]+")
_HEREDOC = re.compile(r"<<-?\s*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([\w.-]+))")
_REDIRECTION = re.compile(r"\d*(?:&>>?|>>|>\||>&|<&|<>|<<<|>|<)&?")
_QUOTED = re.compile(r"'[^']*'?|\"(?:\\.|[^\"\\])*\"?|\\.", re.DOTALL)
_PLAIN = re.compile(r"[^\s|&;()<>'\"\\`#]+|#")


def programs_in(command: str) -> tuple[str, ...]:
    """The programs a command line runs, each once, in order; without their paths."""
    found = (_program(words) for words in _segments(command[:MOST_COMMAND]))
    return tuple(dict.fromkeys(filter(None, found)))


def skill_group(skill: str) -> str:
    """The collection of a skill called ``collection:name``; empty for one of none."""
    group, mark, name = skill.partition(":")
    return group if mark and name else ""


def _segments(text: str) -> Iterator[list[str]]:
    """The words of each simple command."""
    words: list[str] = []
    waiting: list[str] = []
    at, word, joined = 0, "", False
    while at < len(text):
        if text[at] == "#" and not joined:
            at = _to(text, "\n", at)
            continue
        heredoc = _HEREDOC.match(text, at) if text.startswith("<<", at) and not text.startswith("<<<", at) else None
        if heredoc:
            waiting.append(next(filter(None, heredoc.groups())))
            at = heredoc.end()
            continue
        found = _QUOTED.match(text, at) or _PLAIN.match(text, at)
        if found and not (found.end() < len(text) and found[0].isdigit() and text[found.end()] in "<>" and not joined):
            word, joined, at = word + _unquoted(found[0]), True, found.end()
            continue
        if joined:
            words.append(word)
            word, joined = "", False
        redirection = _REDIRECTION.match(text, at)
        if redirection:
            at = _over_target(text, redirection.end())
            continue
        if text[at] not in " \t\r":
            yield words
            words = []
        if text[at] == "\n" and waiting:
            at = _over_bodies(text, at, waiting)
            continue
        at += 1
    if joined:
        words.append(word)
    yield words


def _to(text: str, mark: str, at: int) -> int:
    end = text.find(mark, at)
    return len(text) if end < 0 else end


def _unquoted(part: str) -> str:
    if part[:1] == "\\":
        return "" if part == "\\\n" else part[1:]
    return part.strip(part[0]) if part[:1] in {"'", '"'} else part


def _over_target(text: str, at: int) -> int:
    """Behind the word that a redirection names."""
    while at < len(text) and text[at] in " \t":
        at += 1
    while at < len(text) and (found := _QUOTED.match(text, at) or _PLAIN.match(text, at)):
        at = found.end()
    return at


def _over_bodies(text: str, at: int, waiting: list[str]) -> int:
    """Behind the here-documents that begin on the next line."""
    at += 1
    for end in waiting:
        while at < len(text):
            line = text[at : _to(text, "\n", at)]
            at += len(line) + 1
            if line.strip() == end:
                break
    waiting.clear()
    return min(at, len(text))


def _program(words: list[str]) -> str:
    """The program of a simple command, or nothing."""
    at = 0
    while at < len(words):
        word = words[at]
        name = word.rpartition("/")[2]
        if word in _LEADS and name not in _WRAPPERS:
            at += 1
        elif word in _HEADS:
            return ""
        elif _ASSIGNMENT.match(word):
            at += 1
        elif name in _WRAPPERS:
            at = _behind(words, at, name)
        else:
            return name if _NAME.fullmatch(name) and word not in _BUILTIN and "$" not in word else ""
    return ""


def _behind(words: list[str], at: int, wrapper: str) -> int:
    """Where the words of the program begin that a wrapper runs."""
    at += 1
    takes = _WRAPPERS[wrapper]
    while at < len(words) and words[at].startswith("-"):
        option = words[at]
        if wrapper == "command" and option in {"-v", "-V"}:
            return len(words)
        alone = option[1:2] != "-" and option[-1:] in takes and len(option) == len("-x")
        at += 2 if alone else 1
        if option == "--":
            break
    return at + _POSITIONAL.get(wrapper, 0)
