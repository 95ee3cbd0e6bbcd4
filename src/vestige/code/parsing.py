"""A program of its own that reads a file's text on its standard input and writes what it is made of, as JSON.

``python -m vestige.code.parsing LANGUAGE``. Grammars are C code that others wrote, and the text is a stranger's: here a
fault or a text that never ends costs this process and nothing else. It limits itself in memory and processor time.

Written is ``{"scopes": [[name, kind, start, end], …], "colours": [[line, start, end, kind], …]}``; lines count from 1,
columns from 0 in units of UTF-16, as browsers count them.

Reference: tree-sitter's grammars name their nodes; ``node-types.json`` of each says which there are.
"""

from __future__ import annotations

import importlib
import resource
import sys
from typing import TYPE_CHECKING, Final

import orjson
from tree_sitter import Language, Parser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

MEMORY: Final = 2 << 30
SECONDS: Final = 5
MOST_SCOPES: Final = 5000
MOST_COLOURS: Final = 100_000
NAME_LENGTH: Final = 200

GRAMMARS: Final = {
    "python": ("tree_sitter_python", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "go": ("tree_sitter_go", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "java": ("tree_sitter_java", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "bash": ("tree_sitter_bash", "language"),
}
_KINDS: Final = {
    "function_definition": "function", "function_declaration": "function", "generator_function_declaration": "function",
    "function_item": "function", "local_function_statement": "function", "method_definition": "method",
    "method_declaration": "method", "constructor_declaration": "method", "destructor_declaration": "method",
    "method": "method", "singleton_method": "method", "property_declaration": "",
    "class_definition": "class", "class_declaration": "class", "abstract_class_declaration": "class", "class": "class",
    "class_specifier": "class", "struct_specifier": "struct", "struct_item": "struct", "struct_declaration": "struct",
    "union_specifier": "union", "union_item": "union", "enum_specifier": "enum", "enum_item": "enum",
    "enum_declaration": "enum", "interface_declaration": "interface", "trait_item": "trait",
    "trait_declaration": "trait", "impl_item": "impl", "module": "module", "mod_item": "module",
    "namespace_definition": "namespace", "namespace_declaration": "namespace", "internal_module": "namespace",
    "record_declaration": "class", "annotation_type_declaration": "interface", "type_spec": "type",
    "macro_definition": "function",
}  # fmt: skip
"""Nodes that are scopes, over all grammars. Only those with a name are."""
_FUNCTIONS: Final = {"arrow_function", "function_expression", "generator_function"}
"""Functions that are called as what they are given to."""
_HOLDERS: Final = {"class", "struct", "impl", "trait", "interface", "enum", "union"}
"""A function in one of these is a method."""
_BODIES: Final = {"struct_specifier", "union_specifier", "enum_specifier", "class_specifier"}
"""A name alone is a use of these, and no scope."""
_NAMED: Final = {"identifier", "field_identifier", "type_identifier", "qualified_identifier", "destructor_name",
                 "operator_name", "property_identifier", "name", "constant", "word"}  # fmt: skip


def main() -> int:
    """Read, parse, write."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    home, maker = GRAMMARS[sys.argv[1]]
    text = sys.stdin.buffer.read()
    tree = Parser(Language(getattr(importlib.import_module(home), maker)())).parse(text)
    sys.stdout.buffer.write(orjson.dumps({
        "scopes": sorted(scopes(tree.root_node), key=lambda one: (one[2], -one[3])),
        "colours": colours(tree.root_node, text),
    }))  # fmt: skip
    return 0


def scopes(root: Node) -> list[tuple[str, str, int, int]]:
    """Functions, classes and their like, each with its name within what it is in."""
    found: list[tuple[str, str, int, int]] = []
    waiting: list[tuple[Node, str, str]] = [(root, "", "")]
    while waiting and len(found) < MOST_SCOPES:
        node, above, holder = waiting.pop()
        kind, name = _scope(node)
        if name:
            kind = "method" if kind == "function" and holder in _HOLDERS else kind
            above, holder = f"{above}.{name}"[-NAME_LENGTH:] if above else name, kind
            outer = node.parent if node.parent is not None and node.parent.type in _WRAPPERS else node
            found.append((above, kind, outer.start_point.row + 1, _last(outer)))
        waiting += [(child, above, holder) for child in reversed(node.named_children)]
    return found


_WRAPPERS: Final = {"decorated_definition", "export_statement", "template_declaration", "type_declaration",
                    "variable_declarator"}  # fmt: skip
"""What belongs to the scope in it: its decorators, the word that exports it."""


def _last(node: Node) -> int:
    """The line it ends in; one that ends with a line's end does not reach into the next."""
    return node.end_point.row + (1 if node.end_point.column else 0) or 1


def _scope(node: Node) -> tuple[str, str]:
    if not node.is_named or node.parent is None:
        return "", ""
    if node.type in _FUNCTIONS:
        given = node.parent
        name = (
            given.child_by_field_name("name") or given.child_by_field_name("key") or given.child_by_field_name("left")
        )
        return ("function", _text(name)) if name is not None and name != node else ("", "")
    kind = _KINDS.get(node.type, "")
    if not kind or (node.type in _BODIES and node.child_by_field_name("body") is None):
        return "", ""
    if node.type == "impl_item":
        name = node.child_by_field_name("type")
    else:
        name = node.child_by_field_name("name") or _declared(node.child_by_field_name("declarator"))
    return (kind, _text(name)) if name is not None else ("", "")


def _declared(node: Node | None) -> Node | None:
    """The name within a declarator of C, which may be a pointer to a function that returns an array."""
    for _ in range(50):
        if node is None or node.type in _NAMED:
            return node
        node = node.child_by_field_name("declarator") or next(
            (one for one in node.named_children if one.type in _NAMED or one.type.endswith("declarator")), None
        )
    return None


def _text(node: Node | None) -> str:
    if node is None or node.text is None:
        return ""
    return " ".join(node.text.decode("utf-8", "replace").split())[:NAME_LENGTH]


def colours(root: Node, text: bytes) -> list[tuple[int, int, int, str]]:
    """Comments, strings, numbers and words of the language, line by line: one that spans lines is a range in each."""
    lines = text.split(b"\n")
    found: list[tuple[int, int, int, str]] = []
    for node, kind in _coloured(root):
        for row in range(node.start_point.row, min(node.end_point.row, len(lines) - 1) + 1):
            line = lines[row]
            start = node.start_point.column if row == node.start_point.row else 0
            end = node.end_point.column if row == node.end_point.row else len(line)
            if end > start:
                found.append((row + 1, _units(line[:start]), _units(line[:end]), kind))
        if len(found) >= MOST_COLOURS:
            break
    return found


def _units(data: bytes) -> int:
    """How many units of UTF-16 some bytes are, each that is no UTF-8 being one, as where the text is shown."""
    return len(data) if data.isascii() else len(data.decode("utf-8", "replace").encode("utf-16-le")) // 2


_WORDS: Final = {"true", "false", "none", "nil", "null", "null_literal", "this", "self", "super"}
_STRINGS: Final = {"char_literal", "character_literal", "regex"}
_NUMBERS: Final = ("number", "integer", "float", "int_literal", "real_literal")


def _coloured(root: Node) -> Iterator[tuple[Node, str]]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        colour = _colour(node)
        if colour:
            yield node, colour
        else:
            waiting += reversed(node.children)


def _colour(node: Node) -> str:
    kind = node.type
    if "comment" in kind:
        return "comment"
    if not node.is_named:
        return "keyword" if len(kind) > 1 and kind.isalpha() and kind.isascii() else ""
    if ("string" in kind or kind in _STRINGS) and not _holds_code(node):
        return "string"
    if not node.named_child_count and any(word in kind for word in _NUMBERS):
        return "number"
    return "keyword" if kind in _WORDS else ""


def _holds_code(node: Node) -> bool:
    return any("interpolation" in one.type or "substitution" in one.type or one.type == "embedded_expression"
               for one in node.named_children)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
