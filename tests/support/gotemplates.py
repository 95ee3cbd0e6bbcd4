"""The part of Go's text/template, and of the functions Helm adds to it, that the chart is written in. Nothing else.

A strict reader for tests: whatever it does not know is refused with the place, and so is what Helm would let pass and
nobody means: a value that is not there, nothing printed as a word, a list printed as Go shows it, a whole number of
seven digits, which Helm would print as 1e+06. References: https://pkg.go.dev/text/template,
https://helm.sh/docs/chart_template_guide/function_list/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

_ACTION = re.compile(r"\{\{(-(?=\s))?(.*?)((?<=\s)-)?\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<number>-?\d+)|(?P<variable>\$\w*(?:\.\w+)*)
    |(?P<field>\.\w+(?:\.\w+)*|\.)|(?P<word>[A-Za-z]\w*)|(?P<sign>:=|[|(),]))""",
    re.VERBOSE,
)
_LARGE = 1_000_000


class TemplateError(Exception):
    """A template that this reader does not know, or that came to something nobody means."""


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function or an operand, with what it is given."""

    head: Token | Pipe
    arguments: tuple[Token | Pipe, ...]


@dataclass(frozen=True, slots=True)
class Pipe:
    calls: tuple[Call, ...]


@dataclass(slots=True)
class Block:
    """A run of texts, actions and blocks; of a block that decides, what it decides by, and the block otherwise."""

    word: str
    pipe: Pipe | None = None
    names: tuple[str, ...] = ()
    parts: list[str | Pipe | Block] = field(default_factory=list)
    otherwise: Block | None = None
    name: str = ""


class Templates:
    """Templates that may include each other by the names they are defined under."""

    def __init__(self) -> None:
        self.defined: dict[str, Block] = {}
        self.files: dict[str, Block] = {}

    def add(self, name: str, text: str) -> None:
        """Read a file's templates.

        Raises:
            TemplateError: something in it is not known here.
        """
        try:
            self.files[name] = _Reader(text, self.defined).read()
        except TemplateError as error:
            raise TemplateError(f"{name}: {error}") from None

    def render(self, name: str, data: Mapping[str, Any]) -> str:
        """What a file gives.

        Raises:
            TemplateError: it came to something nobody means, or it says `fail`.
        """
        try:
            return _Run(self.defined, data).block(self.files[name], data)
        except TemplateError as error:
            raise TemplateError(f"{name}: {error}") from None


class _Reader:
    def __init__(self, text: str, defined: dict[str, Block]) -> None:
        self.defined = defined
        self.pieces = list(_pieces(text))

    def read(self) -> Block:
        top = Block("file")
        self._fill(top)
        return top

    def _fill(self, block: Block) -> str:
        """Read into a block until something ends it; what did."""
        while self.pieces:
            is_action, text = self.pieces.pop(0)
            if not is_action:
                block.parts.append(text)
                continue
            tokens = _tokens(text)
            word = tokens[0].text if tokens and tokens[0].kind == "word" else ""
            if word in {"end", "else"}:
                if block.word == "file":
                    raise TemplateError(f"{word} without a beginning")
                return text
            if word in {"if", "with", "range", "define"}:
                block.parts += self._block(word, tokens[1:])
            else:
                block.parts.append(_pipe(tokens))
        if block.word != "file":
            raise TemplateError(f"{block.word} without an end")
        return ""

    def _block(self, word: str, tokens: list[Token]) -> list[str | Pipe | Block]:
        block = Block(word)
        if word == "define":
            if len(tokens) != 1 or tokens[0].kind != "string":
                raise TemplateError("define: expected a name")
            block.name = json.loads(tokens[0].text)
            if self._fill(block) != "end":
                raise TemplateError(f"define {block.name}: expected its end")
            if block.name in self.defined:
                raise TemplateError(f"{block.name} is defined twice")
            self.defined[block.name] = block
            return []
        signs = [token.text for token in tokens]
        if word == "range" and ":=" in signs:
            at = signs.index(":=")
            block.names = tuple(token.text for token in tokens[:at] if token.kind == "variable")
            if len(block.names) != 2 or signs[1] != ",":
                raise TemplateError("range: expected $key, $value :=")
            tokens = tokens[at + 1 :]
        block.pipe = _pipe(tokens)
        ended = self._fill(block)
        if ended == "else":
            block.otherwise = Block("else")
            ended = self._fill(block.otherwise)
        elif ended.startswith("else if ") and word == "if":
            block.otherwise = Block("else")
            block.otherwise.parts += self._block("if", _tokens(ended.removeprefix("else if ")))
            return [block]
        if ended != "end":
            raise TemplateError(f"{word}: expected its end, got {ended!r}")
        return [block]


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """Texts, and actions as they stand between braces, with blanks taken away where a hyphen says so."""
    at, trim = 0, False
    for match in _ACTION.finditer(text):
        before = text[at : match.start()]
        if trim:
            before = before.lstrip()
        if match[1]:
            before = before.rstrip()
        yield False, before
        if not re.fullmatch(r"/\*.*\*/", match[2].strip(), re.DOTALL):
            yield True, match[2].strip()
        at, trim = match.end(), bool(match[3])
    rest = text[at:].lstrip() if trim else text[at:]
    if "{{" in rest or "}}" in rest:
        raise TemplateError("an action that does not end")
    yield False, rest


def _tokens(text: str) -> list[Token]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise TemplateError(f"not known here: {text[at:][:40]!r} in {text[:80]!r}")
        found.append(Token(match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


def _pipe(tokens: list[Token]) -> Pipe:
    rest = list(tokens)
    pipe = _take_pipe(rest)
    if rest:
        raise TemplateError(f"not expected here: {rest[0].text!r}")
    return pipe


def _take_pipe(rest: list[Token]) -> Pipe:
    calls, operands = [], list[Token | Pipe]()
    while rest and rest[0].text != ")":
        token = rest.pop(0)
        if token.text == "|" and token.kind == "sign":
            calls.append(_call(operands))
            operands = []
        elif token.text == "(" and token.kind == "sign":
            operands.append(_take_pipe(rest))
            if not rest:
                raise TemplateError("a parenthesis that does not close")
            rest.pop(0)
        elif token.kind == "sign":
            raise TemplateError(f"not expected here: {token.text!r}")
        else:
            operands.append(token)
    calls.append(_call(operands))
    return Pipe(tuple(calls))


def _call(operands: list[Token | Pipe]) -> Call:
    if not operands:
        raise TemplateError("an empty command")
    head, *arguments = operands
    if isinstance(head, Token) and head.kind == "word":
        if head.text not in _FUNCTIONS and head.text not in {"include", "and", "or"}:
            raise TemplateError(f"no function {head.text!r} is known here")
    elif arguments:
        raise TemplateError("only a function can be given something")
    return Call(head, tuple(arguments))


class _Run:
    """One execution: the data that `$` means, and the variables of ranges."""

    def __init__(self, defined: Mapping[str, Block], root: object) -> None:
        self.defined = defined
        self.root = root
        self.variables: dict[str, object] = {}

    def block(self, block: Block, dot: object) -> str:
        return "".join(self._part(part, dot) for part in block.parts)

    def _part(self, part: str | Pipe | Block, dot: object) -> str:
        if isinstance(part, str):
            return part
        if isinstance(part, Pipe):
            return _printed(self.pipe(part, dot))
        assert part.pipe is not None
        value = self.pipe(part.pipe, dot)
        if not _truth(value):
            return "" if part.otherwise is None else self.block(part.otherwise, dot)
        if part.word == "range":
            return "".join(self._each(part, value))
        return self.block(part, value if part.word == "with" else dot)

    def _each(self, part: Block, value: object) -> Iterator[str]:
        if isinstance(value, dict):
            pairs = sorted(value.items())
        elif isinstance(value, list):
            pairs = list(enumerate(value))
        else:
            raise TemplateError(f"range over {type(value).__name__}")
        before = dict(self.variables)
        for key, one in pairs:
            self.variables |= dict(zip(part.names, (key, one), strict=True)) if part.names else {}
            yield self.block(part, one)
        self.variables = before

    def pipe(self, pipe: Pipe, dot: object) -> object:
        last: tuple[object, ...] = ()
        for call in pipe.calls:
            last = (self._call(call, dot, last),)
        return last[0]

    def _call(self, call: Call, dot: object, last: tuple[object, ...]) -> object:
        if not isinstance(call.head, Token) or call.head.kind != "word":
            if last:
                raise TemplateError("a value at the end of a pipe that leads to no function")
            return self._operand(call.head, dot)
        name = call.head.text
        if name in {"and", "or"}:
            value: object = None
            for one in call.arguments:
                value = self._operand(one, dot)
                if _truth(value) == (name == "or"):
                    return value
            return value
        arguments = (*(self._operand(one, dot) for one in call.arguments), *last)
        if name == "include":
            if len(arguments) != 2 or arguments[0] not in self.defined:
                raise TemplateError(f"include: nothing is defined as {arguments[:1]}")
            return _Run(self.defined, arguments[1]).block(self.defined[str(arguments[0])], arguments[1])
        try:
            return _FUNCTIONS[name](*arguments)
        except TypeError as error:
            raise TemplateError(f"{name}: {error}") from None

    def _operand(self, operand: Token | Pipe, dot: object) -> object:
        if isinstance(operand, Pipe):
            return self.pipe(operand, dot)
        name, *path = operand.text.split(".")
        if operand.kind == "field":
            return _walk(dot, path if operand.text != "." else [], operand.text)
        if operand.kind == "variable":
            if name != "$" and name not in self.variables:
                raise TemplateError(f"no variable {name}")
            return _walk(self.root if name == "$" else self.variables[name], path, operand.text)
        return (
            json.loads(operand.text) if operand.kind in {"string", "number"} else self._call(_call([operand]), dot, ())
        )


def _walk(value: object, path: list[str], said: str) -> object:
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            raise TemplateError(f"{said}: there is no {name}")
        value = value[name]
    return value


def _truth(value: object) -> bool:
    return bool(value)


def _printed(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) < _LARGE:
        return str(value)
    if isinstance(value, str):
        return value
    raise TemplateError(f"{value!r} would be printed as nobody means it: write it as a text, or with toYaml")


def _quote(value: object) -> str:
    return json.dumps(_printed(value), ensure_ascii=False)


def _to_yaml(value: object) -> str:
    return yaml.safe_dump(value, default_flow_style=False, allow_unicode=True).removesuffix("\n").removesuffix("\n...")


def _indent(width: int, text: str) -> str:
    return "\n".join(" " * width + line for line in text.split("\n"))


def _printf(form: str, *values: str) -> str:
    if form.count("%") != form.count("%s") or form.count("%s") != len(values):
        raise TemplateError(f"printf {form!r}: expected as many texts as %s, and nothing else")
    return form.replace("%s", "{}").format(*(_printed(value) for value in values))


def _fail(text: str) -> str:
    raise TemplateError(text)


_FUNCTIONS: dict[str, Callable[..., object]] = {
    "contains": lambda part, text: part in text,
    "default": lambda other, value: value if _truth(value) else other,
    "fail": _fail,
    "hasKey": lambda mapping, key: key in mapping,
    "indent": _indent,
    "lower": lambda text: text.lower(),
    "nindent": lambda width, text: "\n" + _indent(width, text),
    "not": lambda value: not _truth(value),
    "printf": _printf,
    "quote": _quote,
    "replace": lambda old, new, text: text.replace(old, new),
    "toYaml": _to_yaml,
    "trimSuffix": lambda suffix, text: text.removesuffix(suffix),
    "trunc": lambda length, text: text[:length],
}
