"""A JSON Schema (2020-12) held to bounds, so that what a stranger wrote can be run on every event.

Size, depth and the number of its parts are bounded, the latter with everything counted anew wherever it is referred to.
A ``$ref`` may only be a JSON pointer into the schema itself, and none may lead back to where it came from: nothing is
ever fetched, and nothing grows without end. Patterns are run by an engine whose time is linear in the text (no
look-around, no back-references), so none can be written that never ends.

References: JSON Schema 2020-12 (core and validation).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
import orjson

from vestige.declared.envelope import Fault, shown
from vestige.model.errors import InputError, TooLargeError, VestigeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_BYTES: Final = 64 << 10
MOST_DEPTH: Final = 32
MOST_PARTS: Final = 5_000
MOST_FAULTS: Final = 20
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
MOST_CHAINED: Final = 64
"""References that lead from one to the next."""
MOST_EXPANDED: Final = 20_000
"""Parts of a schema when each reference is replaced by what it refers to."""
_UNREAD: Final = ("$dynamicRef", "$recursiveRef", "$dynamicAnchor", "$recursiveAnchor", "$anchor", "$vocabulary")
_EXPECTED_LENGTH: Final = 300


@dataclass(frozen=True, slots=True)
class Contract:
    """What events of one version of a kind must be."""

    _validator: jsonschema_rs.Draft202012Validator

    @classmethod
    def of(cls, text: bytes) -> Contract:
        """The contract a schema's text states.

        Raises:
            TooLargeError: a bound is broken.
            InputError: it is no schema, or refers to something outside of itself.
        """
        if len(text) > MOST_BYTES:
            raise TooLargeError("the schema is too long", expected=f"at most {MOST_BYTES} bytes", got=str(len(text)))
        schema: Any = orjson.loads(text)
        dialect = schema.get("$schema", DIALECT)
        if dialect not in {DIALECT, DIALECT + "#"}:
            raise _wrong("another dialect of JSON Schema", expected=DIALECT, got=shown(dialect), field="$schema")
        for place, (_, _, depth) in enumerate(_parts(schema)):
            if place >= MOST_PARTS or depth > MOST_DEPTH:
                raise TooLargeError(
                    "the schema has too many parts",
                    expected=f"at most {MOST_PARTS} parts, {MOST_DEPTH} deep",
                    got=f"{place} parts, or {depth} deep",
                    field="schema",
                )
        _Expansion(schema).check()
        try:
            jsonschema_rs.meta.validate(schema)
            return cls(
                jsonschema_rs.Draft202012Validator(
                    schema,
                    validate_formats=True,
                    mask="it",
                    offline=True,
                    pattern_options=jsonschema_rs.RegexOptions(size_limit=1 << 20, dfa_size_limit=1 << 20),
                )
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            message = getattr(error, "message", "") or str(error)
            raise _wrong(
                "that is no JSON Schema", expected="a schema of draft 2020-12", got=message[:_EXPECTED_LENGTH]
            ) from None

    def faults(self, event: Mapping[str, object]) -> list[Fault]:
        """What is wrong with an event, at most :data:`MOST_FAULTS` things of it."""
        found: list[Fault] = []
        for error in self._validator.iter_errors(dict(event)):
            place = [str(part) for part in error.instance_path]
            missing = getattr(error.kind, "property", None)
            if missing is not None:
                place.append(str(missing))
            got = "nothing" if missing is not None else shown(error.instance)
            found.append(Fault(".".join(place)[:200], error.message[:_EXPECTED_LENGTH], got))
            if len(found) == MOST_FAULTS:
                break
        return found


class _Expansion:
    """How many parts a schema has once its references are followed."""

    def __init__(self, schema: Mapping[str, object]) -> None:
        self._schema = schema
        self._known: dict[str, int] = {}
        self._under_way: list[str] = []

    def check(self) -> None:
        """Refuse a schema that reaches outside of itself, comes back to itself, or grows too large.

        Raises:
            InputError: it does.
            TooLargeError: it is.
        """
        self._size("#", self._schema)

    def _size(self, pointer: str, value: object) -> int:
        if pointer in self._known:
            return self._known[pointer]
        if pointer in self._under_way:
            raise _wrong("the schema refers to itself without end", expected="references without a circle", got=pointer)
        if len(self._under_way) >= MOST_CHAINED:
            raise TooLargeError(
                "references of the schema lead to references", expected=f"at most {MOST_CHAINED}", field="schema"
            )
        self._under_way.append(pointer)
        size = 0
        for name, part, depth in _parts(value):
            size += 1
            if name == "$ref" and isinstance(part, str):
                size += self._size(part, self._at(part))
            elif name in _UNREAD and not isinstance(part, dict):
                raise _wrong(f"{name} is not read here", expected="$ref to a place under $defs", got=name)
            elif name == "$id" and isinstance(part, str) and (depth > 1 or value is not self._schema):
                raise _wrong("only the whole schema may have an $id", expected="$id at the top", got=shown(part))
            if size > MOST_EXPANDED:
                raise TooLargeError(
                    "the schema is too large once its references are followed",
                    expected=f"at most {MOST_EXPANDED} parts",
                    field="schema",
                )
        self._under_way.pop()
        self._known[pointer] = size
        return size

    def _at(self, pointer: str) -> object:
        if pointer != "#" and not pointer.startswith("#/"):
            raise _wrong(
                "the schema refers to something outside of itself",
                expected="a $ref that begins with #/",
                got=shown(pointer),
                hint="put the definition under $defs; nothing is fetched from elsewhere",
            )
        if "%" in pointer:
            raise _wrong("the schema refers by an escaped name", expected="a $ref without %", got=shown(pointer))
        here: object = self._schema
        for part in pointer.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(here, dict) and name in here:
                here = here[name]
            else:
                raise _wrong("the schema refers to what it does not have", expected="a place in it", got=shown(pointer))
        return here


def _wrong(message: str, *, expected: str, got: str, hint: str = "", field: str = "schema") -> VestigeError:
    return InputError(message, expected=expected, got=got, hint=hint, field=field)


def _parts(value: object) -> Iterator[tuple[str, object, int]]:
    """Everything within a value: the name it stands under, itself, how deep. Without recursion: depth is foreign."""
    waiting: list[tuple[str, object, int]] = [("", value, 0)]
    while waiting:
        name, one, depth = waiting.pop()
        yield name, one, depth
        if isinstance(one, dict):
            waiting += [(str(inner), part, depth + 1) for inner, part in one.items()]
        elif isinstance(one, list):
            waiting += [("", part, depth + 1) for part in one]
