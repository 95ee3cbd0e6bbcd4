"""Changes a document of JSON where it has to be changed, and leaves every other byte as it is.

Settings are written by people: their order, spaces and line ends are theirs. So a member is put in, or taken out, in
the text itself; :func:`added` also says how to undo it exactly.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vestige.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_STRING: Final = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_SCALAR: Final = re.compile(r"[^\s,:\[\]{}\"]+")
_INDENT: Final = re.compile(r"\n([ \t]+)\S")
_DEEP: Final = 100


@dataclass(slots=True)
class Node:
    """A value, and where it stands."""

    start: int
    end: int
    value: Any = None
    """Of what is no object and no list."""
    members: dict[str, Node] | None = None
    names: dict[str, int] = field(default_factory=dict)
    """Where the name of each member begins."""
    items: list[Node] | None = None

    def plain(self) -> Any:  # noqa: ANN401 - JSON
        """The value itself."""
        if self.members is not None:
            return {name: one.plain() for name, one in self.members.items()}
        return self.value if self.items is None else [one.plain() for one in self.items]


def parse(text: str) -> Node:
    """A document with the places of its parts.

    Raises:
        InputError: it is no JSON, or names something twice in one object.
    """
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("the file is no JSON", expected="an object", got=str(error)[:100]) from None
    node, _ = _value(text, _after(text, 0), 0)
    if node.members is None:
        raise InputError("the file holds no JSON object", expected="{…}", got=text.strip()[:20])
    return node


def _after(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int, depth: int) -> tuple[Node, int]:
    if depth > _DEEP:
        raise InputError("the file is nested too deep", expected=f"{_DEEP} levels")
    if text[at] == "{":
        return _object(text, at, depth)
    if text[at] == "[":
        items: list[Node] = []
        here = _after(text, at + 1)
        while text[here] != "]":
            one, here = _value(text, here, depth + 1)
            items.append(one)
            here = _after(text, here)
            here = _after(text, here + 1) if text[here] == "," else here
        return Node(at, here + 1, items=items), here + 1
    found = _STRING.match(text, at) or _SCALAR.match(text, at)
    if found is None:
        raise InputError("the file is no JSON", got=text[at : at + 20])
    return Node(at, found.end(), json.loads(found[0])), found.end()


def _object(text: str, at: int, depth: int) -> tuple[Node, int]:
    node = Node(at, at, members={})
    members: dict[str, Node] = {}
    here = _after(text, at + 1)
    while text[here] != "}":
        found = _STRING.match(text, here)
        if found is None:
            raise InputError("the file is no JSON", got=text[here : here + 20])
        name = json.loads(found[0])
        if name in members:
            raise InputError("the file names something twice", expected="each name once in an object", got=name[:60])
        node.names[name] = here
        one, here = _value(text, _after(text, _after(text, found.end()) + 1), depth + 1)
        members[name] = one
        here = _after(text, here)
        here = _after(text, here + 1) if text[here] == "," else here
    node.members, node.end = members, here + 1
    return node, here + 1


def _style(text: str) -> tuple[str, str]:
    """How the document is indented, and its line ends."""
    found = _INDENT.search(text.replace("\r\n", "\n"))
    return (found[1] if found else "  "), ("\r\n" if "\r\n" in text else "\n")


def _depth(node: Node, target: Node) -> int:
    """How deep a part stands: 1 in the document itself."""
    for one in (node.members or {}).values() if node.members is not None else node.items or []:
        if one.start <= target.start and target.end <= one.end:
            return 1 + _depth(one, target)
    return 1


def added(text: str, path: Sequence[str], value: object) -> str:
    """The document with a value behind all others of the list at a path; what is not there of the path is made.

    Raises:
        InputError: something on the path is no object, or its end no list.
    """
    node = parse(text)
    root = node
    for number, name in enumerate(path):
        if node.members is None:
            raise InputError("the file has another form than its agent reads", expected=f"an object at {path[:number]}")
        if name not in node.members:
            made: object = [value]
            for later in reversed(path[number + 1 :]):
                made = {later: made}
            return _put(text, root, node, name, made)
        node = node.members[name]
    if node.items is None:
        raise InputError("the file has another form than its agent reads", expected=f"a list at {'/'.join(path)}")
    return _put(text, root, node, None, value)


def _put(text: str, root: Node, into: Node, name: str | None, value: object) -> str:
    unit, line = _style(text)
    depth = 0 if into is root else _depth(root, into) - 1
    inner = line + unit * (depth + 1)
    said = json.dumps(value, indent=unit, ensure_ascii=False).replace("\n", inner)
    if name is not None:
        said = f"{json.dumps(name)}: {said}"
    children = list((into.members or {}).values()) if into.members is not None else into.items or []
    if children:
        at = children[-1].end
        return f"{text[:at]},{inner}{said}{text[at:]}"
    return f"{text[: into.start + 1]}{inner}{said}{line}{unit * depth}{text[into.end - 1 :]}"


def without(text: str, path: Sequence[str | int]) -> str:
    """The document without the part at a path, and without the comma that parted it from its neighbours."""
    node = parse(text)
    for step in path[:-1]:
        node = (node.members or {})[step] if isinstance(step, str) else (node.items or [])[step]
    last = path[-1]
    if isinstance(last, str):
        names = list(node.members or {})
        index = names.index(last)
        starts = [node.names[name] for name in names]
        ends = [one.end for one in (node.members or {}).values()]
    else:
        index = last
        starts = [one.start for one in node.items or []]
        ends = [one.end for one in node.items or []]
    if index:
        return text[: ends[index - 1]] + text[ends[index] :]
    if len(starts) > 1:
        return text[: starts[0]] + text[starts[1] :]
    return text[: node.start + 1] + text[node.end - 1 :]
