"""Edits of a list of lines, as people, agents and formatters make them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random

    from support.attributing.truth import Truth

KINDS: Final = ("insert", "append", "replace", "delete", "touch", "copy", "move", "indent", "mixed")
_CALL: Final = re.compile(r"^(\s*)(.*?\w)\((.+,.+)\)(:?)$")


def edit(lines: list[str], kind: str, writer: str, truth: Truth, rng: random.Random) -> list[str]:
    """The lines after an edit of a kind; all that it writes is the writer's."""
    found = list(lines)
    at = rng.randrange(len(found) + 1)
    to = min(len(found), at + rng.randint(1, 3))
    fresh = [truth.write(writer, rng) for _ in range(rng.randint(1, 4))]
    if kind == "append" or not found:
        return [*found, *fresh]
    if kind == "replace":
        found[at:to] = fresh
    elif kind == "delete":
        del found[at:to]
    elif kind == "touch":
        for place in range(at, to):
            if found[place].strip():
                found[place] = truth.touch(found[place], writer, rng)
    elif kind == "copy":
        line = rng.choice(found)
        truth.copy(line, writer)
        found.insert(at, line)
    elif kind == "move":
        block = found[at:to]
        del found[at:to]
        there = rng.randrange(len(found) + 1)
        found[there:there] = block
    elif kind == "indent":
        found[at:to] = [f"    {line}" if line.strip() else line for line in found[at:to]]
        found.insert(at, fresh[0])
    elif kind == "mixed":
        for step in rng.sample(("insert", "replace", "touch", "delete"), 3):
            found = edit(found, step, writer, truth, rng)
    else:
        found[at:at] = fresh
    return found


def reformat(lines: list[str], truth: Truth, rng: random.Random) -> list[str]:
    """The lines as a formatter leaves them: other space and quotes, calls broken up or drawn together."""
    found: list[str] = []
    for line in lines:
        form = rng.random()
        call = _CALL.match(line)
        if form < 0.15 and "'" in line and '"' not in line:
            found.append(truth.form(line.replace("'", '"'), line))
        elif form < 0.3:
            spaced = line.replace(" = ", "  =  ") if " = " in line and "  =" not in line else line.rstrip() + " "
            found.append(truth.form(spaced, line))
        elif form < 0.6 and call and "(" not in call[3] and "'" not in call[3] and '"' not in line:
            space, name, inner, end = call.groups()
            pieces = [
                f"{space}{name}(",
                *(f"{space}    {part.strip()}," for part in inner.split(",")),
                f"{space}){end}",
            ]
            for piece in pieces:
                truth.piece(piece, line)
            found += pieces
        else:
            found.append(line)
    return found
