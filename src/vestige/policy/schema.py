"""Policies as people write them: TOML or YAML, each policy checked by itself, every fault with its line.

Nothing that is not understood is let by: a type, a parameter or a value that is not known refuses the whole document.
The same as JSON is what the ledger keeps. The JSON Schema is made from the same classes.
"""

from __future__ import annotations

import contextlib
import json
import re
import tomllib
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, get_args

import orjson
import yaml
from pydantic import TypeAdapter, ValidationError

from vestige.model.errors import UsageError
from vestige.policy.conditions import AnyPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.policy.condition import Policy

VERSION: Final = 1
LONGEST: Final = 256 << 10
"""Bytes of a document."""
MOST: Final = 200
"""Policies in one."""
DEEPEST: Final = 10
MOST_PARTS: Final = 50_000
FORMATS: Final = ("toml", "yaml")
TYPES: Final[dict[str, type[Policy]]] = {
    get_args(one.model_fields["type"].annotation)[0]: one for one in get_args(get_args(AnyPolicy)[0])
}
"""Every condition there is."""
SCHEMA_ID: Final = "urn:vestige:policies:1"

_ADAPTER: Final[TypeAdapter[Policy]] = TypeAdapter(AnyPolicy)
_TABLE: Final = re.compile(r"\s*\[\[\s*(?:policy|\"policy\"|'policy')\s*\]\]")
_TOML: Final = re.compile(r"\s*(?:\[|[A-Za-z0-9_\"'-]+\s*=)")


class Unreadable(NamedTuple):
    """A policy that the ledger has and this program does not understand: it is in force, and nobody can pass it."""

    name: str
    body: dict[str, Any]
    why: str


def read_document(text: str, form: str = "") -> list[Policy]:
    """The policies of a document.

    Args:
        text: it.
        form: ``toml`` or ``yaml``; empty: what it looks like.

    Raises:
        UsageError: it is none, with the line.
    """
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST:
        raise UsageError("the policies are too long", expected=f"at most {LONGEST} bytes", got="more")
    if form not in ("", *FORMATS):
        raise UsageError("policies are not read in that form", expected=" or ".join(FORMATS), got=form[:20])
    reader = _Toml(text) if (form or _looks(text)) == "toml" else _Yaml(text)
    return reader.policies()


def read_policy(body: Mapping[str, Any]) -> Policy:
    """A policy from its JSON, as :func:`body_of` made it.

    Raises:
        UsageError: it is none.
    """
    return _read(body, lambda _: "")


def held(body: dict[str, Any]) -> Policy | Unreadable:
    """The same, if it can be read; an earlier or later version of the program may have read what this one does not."""
    try:
        return read_policy(body)
    except UsageError as error:
        return Unreadable(str(body.get("name", "")), body, str(error))


def body_of(policy: Policy) -> dict[str, Any]:
    """A policy as JSON with everything it says, what it leaves to defaults with it; numbers with a point as text."""
    found: dict[str, Any] = policy.model_dump(mode="json", exclude_none=True)
    return found


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a document."""
    found = TypeAdapter(list[AnyPolicy]).json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "Vestige policies",
        "type": "object",
        "additionalProperties": False,
        "required": ["version", "policy"],
        "properties": {"version": {"const": VERSION}, "policy": {**_inner(found), "minItems": 1, "maxItems": MOST}},
        "$defs": found["$defs"],
    }


def _inner(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name != "$defs"}


def _looks(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    return "toml" if _TOML.match(first) and not first.lstrip().startswith("{") else "yaml"


class _Document:
    """A document that is being read; its form knows where things stand."""

    form = ""

    def __init__(self, text: str) -> None:
        self._text = text

    def policies(self) -> list[Policy]:
        """All of it, checked."""
        root = self.read()
        if not isinstance(root, dict):
            self.refuse("these are no policies", 1, "version and policy", type(root).__name__)
        for name in root:
            if name not in {"version", "policy"}:
                self.refuse(
                    f"{str(name)[:60]!r} is not known here",
                    self.line(None, str(name)),
                    "version, policy",
                    str(name)[:60],
                )
        if type(root.get("version")) is not int or root["version"] != VERSION:
            self.refuse("the version is not one that is read", self.line(None, "version"), f"version = {VERSION}",
                        str(root.get("version", "none"))[:40])  # fmt: skip
        found = root.get("policy")
        if not isinstance(found, list) or not 1 <= len(found) <= MOST:
            self.refuse("a list of policies is needed", self.line(None, "policy"), f"1 to {MOST} of them",
                        str(len(found)) if isinstance(found, list) else type(found).__name__)  # fmt: skip
        policies: dict[str, Policy] = {}
        for number, body in enumerate(found):
            if not isinstance(body, dict):
                self.refuse("a policy is a table", self.line(number, ""), "name, type, …", type(body).__name__)
            policy = _read(body, lambda name, number=number: f"line {self.line(number, name)}: ")
            if policy.name in policies:
                self.refuse("two policies have one name", self.line(number, "name"), "each its own", policy.name)
            policies[policy.name] = policy
        return list(policies.values())

    def read(self) -> object:
        """What the text says."""
        raise NotImplementedError

    def line(self, number: int | None, name: str) -> int:
        """Where a field of the document, or of one of its policies, stands; where that is not known, what holds it."""
        raise NotImplementedError

    def refuse(self, what: str, line: int, expected: str, got: str) -> NoReturn:
        """Say what is wrong, and where."""
        raise UsageError(f"line {line}: {what}", expected=expected, got=got, hint="docs/policies.md", field="policies")


class _Toml(_Document):
    form = "toml"

    def read(self) -> object:
        try:
            return tomllib.loads(self._text, parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            place = re.search(r"\(at line (\d+)", str(error))
            self.refuse(f"this is no TOML: {str(error)[:120]}", int(place[1]) if place else 1, "TOML", "")
        except RecursionError:
            self.refuse("this is nested too deeply", 1, f"at most {DEEPEST} levels", "more")

    def line(self, number: int | None, name: str) -> int:
        lines = self._text.split("\n")
        if number is None and name != "policy":
            table = re.compile(rf"\s*\[+\s*[\"']?{re.escape(name)}\b")
            found = next((at for at, line in enumerate(lines) if table.match(line)), None)
            if found is not None:
                return found + 1
        tables = [at for at, line in enumerate(lines) if _TABLE.match(line)]
        if number is None:
            first, last = 0, tables[0] if tables and name != "policy" else len(lines)
        elif number < len(tables):
            first = tables[number]
            last = tables[number + 1] if number + 1 < len(tables) else len(lines)
        else:
            first, last = 0, len(lines)
        key = re.compile(rf"\s*[\"']?{re.escape(name)}[\"']?\s*[=.]") if name else None
        return next((at for at in range(first, last) if key and key.match(lines[at])), first) + 1


class _Yaml(_Document):
    form = "yaml"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._root: yaml.Node | None = None

    def read(self) -> object:
        if self._text.lstrip().startswith("{"):
            # YAML takes JSON for its own, but for characters that JSON escapes in pairs.
            with contextlib.suppress(ValueError, RecursionError):
                return json.loads(self._text, parse_float=Decimal, object_pairs_hook=self._once)
        try:
            self._bound()
            loader = yaml.SafeLoader(self._text)
            try:
                self._root = loader.get_single_node()
                return self._value(loader, self._root) if self._root is not None else None
            finally:
                loader.dispose()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            self.refuse(f"this is no YAML: {error.problem}", mark.line + 1 if mark else 1, "YAML", "")
        except (yaml.YAMLError, ValueError) as error:
            self.refuse("this is no YAML", 1, "text without control characters", str(error).splitlines()[0][:80])

    def _once(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            self.refuse("a name stands there twice", 1, "each name once", "")
        return found

    def _bound(self) -> None:
        """Refuse what would grow or nest beyond the bounds, before any of it is built."""
        depth = 0
        for parts, event in enumerate(yaml.parse(self._text, Loader=yaml.SafeLoader), 1):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            at = event.start_mark.line + 1 if event.start_mark is not None else 1
            if depth > DEEPEST or parts > MOST_PARTS:
                self.refuse("this is nested too deeply or has too many parts", at, f"at most {DEEPEST} levels", "more")
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
                self.refuse("anchors and aliases are not read", at, "each value written out", "")
            if (tag := getattr(event, "tag", None)) is not None:
                self.refuse("tags are not read", at, "a plain value", str(tag)[:40])

    def _value(self, loader: yaml.SafeLoader, node: yaml.Node) -> object:
        if isinstance(node, yaml.SequenceNode):
            return [self._value(loader, one) for one in node.value]
        if not isinstance(node, yaml.MappingNode):
            return loader.construct_object(node)
        found: dict[str, object] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if name in found:
                self.refuse(f"{name[:60]!r} stands there twice", key.start_mark.line + 1, "each name once", name[:60])
            found[name] = self._value(loader, value)
        return found

    def line(self, number: int | None, name: str) -> int:
        node = self._field(self._root, "policy") if number is not None else self._root
        if number is not None and isinstance(node, yaml.SequenceNode) and number < len(node.value):
            node = node.value[number]
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if key.value == name:
                return int(key.start_mark.line) + 1
        return int(node.start_mark.line) + 1 if node is not None else 1

    @staticmethod
    def _field(node: yaml.Node | None, name: str) -> yaml.Node | None:
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        return next((value for key, value in pairs if key.value == name), None)


def _read(body: Mapping[str, Any], at: Any) -> Policy:  # noqa: ANN401 - a function of a name
    """A policy; ``at`` says where one of its fields stands.

    Raises:
        UsageError: it is none; with what is known instead.
    """
    kind = body.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        raise UsageError(
            f"{at('type')}{_called(body)} has no type that is known", expected=", ".join(TYPES),
            got=str(kind)[:60] if "type" in body else "none", hint="docs/policies.md", field="type",
        )  # fmt: skip
    try:
        return _ADAPTER.validate_json(orjson.dumps(dict(body), default=str), strict=True)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        # A name that is not known is likelier the cause of one that is missing than the other way about.
        fault = next((one for one in faults if one["type"] == "extra_forbidden"), faults[0])
        place = [part for part in fault["loc"][1:] if isinstance(part, str)]
        name = place[0] if place else ""
        fields = TYPES[kind].model_fields
        unknown = fault["type"] == "extra_forbidden"
        what = f"{name[:60]!r} is no parameter of {kind}" if unknown else f"{name or kind}: {fault['msg']}"
        raise UsageError(
            f"{at(name)}{_called(body)}: {what}"[:400],
            expected=", ".join(fields) if unknown else str(fault.get("ctx", {}).get("expected", ""))[:200],
            got=name[:60] if unknown else repr(fault.get("input"))[:80], hint="docs/policies.md",
            field=name or "policy",
        ) from None  # fmt: skip
    except (orjson.JSONEncodeError, RecursionError):
        raise UsageError(f"{at('')}{_called(body)} has values that JSON has not", hint="docs/policies.md") from None


def _called(body: Mapping[str, Any]) -> str:
    name = body.get("name")
    return f"the policy {name[:64]!r}" if isinstance(name, str) and name else "a policy"
