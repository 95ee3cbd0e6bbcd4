"""What other languages write and this one does not: refused with what to write instead, never read as something else.

Only what can hardly be meant as it stands is refused. A text that is looked for literally stands in quotes, which
every refusal says.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vestige.model.errors import QueryError
from vestige.query.fields import Field, Type, is_field

if TYPE_CHECKING:
    from vestige.query.terms import Value

LISTED: Final = re.compile(r"\s+(?P<no>(?i:not)\s+)?(?i:in)\s*(?=\()")
"""Behind a field's name: that values in parentheses follow, or must not be."""
LISTED_VALUE: Final = re.compile(r"(?i:in)\s*(?=\()")

_BARE_LIST: Final = re.compile(r"\s+(?:(?i:not)\s+)?(?:IN\s+[^\s(]|(?i:in)\s*\[|(?i:in)\s+[^\s()\",]+\s*,)")
_EQUALS: Final = re.compile(r"(?P<name>@?[A-Za-z_][\w.]*)(?P<sign>!=|==?)(?P<value>[^\s()\"=]*)")
_WIDE_COLON: Final = re.compile(r"(?P<name>@?[A-Za-z_][\w.]*)\uff1a")
_CURLED: Final = "\u201c\u201d\u201e\u201f\uff02"
_UNSEEN: Final = re.compile(r"[^\s()\"]*?([\u200b\u2060\ufeff])")
_REGEX: Final = re.compile(r"/(?=[^/]*(?:\.[*+?]|\[[^\]/]+\]|\\[dDwWsSbB.]|[|^$]))[^/]+/")
_NAME_LIKE: Final = re.compile(r"[\w.@*?-]+")
_FUZZY: Final = re.compile(r"(?P<word>[^\W\d_][\w.-]*)~(?:[0-2]|0?\.\d+)")
_BOOSTED: Final = re.compile(r".+\^\d+(?:\.\d+)?")
_BEHIND_QUOTES: Final = re.compile(r"[~^]\d")
_SHORT_NAME: Final = 6
"""Letters before the ``~1`` of a short name of DOS."""
_PLAIN_NAMES: Final = ("user", "actor", "subject", "host", "device", "type", "category", "outcome", "source", "parser")
"""Fields whose values are names, in which no ``?`` stands between letters."""


def refuse_term(text: str, at: int) -> None:
    """Refuse what stands where a term begins, if it is another language's way to name a field.

    Raises:
        QueryError: it is.
    """
    wide = _WIDE_COLON.match(text, at)
    if wide is not None and is_field(wide["name"]):
        name = wide["name"]
        raise QueryError("the colon is a full-width one", column=wide.end(), expected=f"{name}:value", got=wide[0][:40])
    equals = _EQUALS.match(text, at)
    if equals is None or not is_field(equals["name"]) or equals["name"].endswith("."):
        return
    after = text[equals.end() : equals.end() + 1]
    if equals["name"].startswith("attributes.") and ":" in equals["value"]:
        return  # The name of an attribute may hold the sign.
    value = equals["value"][:40] or (text[equals.end() : equals.end() + 40] if after == '"' else "") or "value"
    raise QueryError(
        f"a field is compared by a colon, not by {equals['sign']}",
        column=equals.start("sign") + 1,
        expected=f"{'-' if equals['sign'] == '!=' else ''}{equals['name'][:40]}:{value}",
        got=equals[0][:60],
        hint="to search for the text itself, quote it",
    )


def refuse_bare_list(text: str, name: re.Match[str]) -> None:
    """Refuse a list of a field's values without parentheses.

    Raises:
        QueryError: one stands behind the name.
    """
    found = _BARE_LIST.match(text, name.end())
    if found is not None:
        raise QueryError(
            "a list of values stands in parentheses",
            column=name.end() + 1 + len(found[0]) - len(found[0].lstrip()),
            expected=f"{name[0]} in (value, value)",
            hint="to search for the words themselves, quote them",
        )


def refuse_word(text: str, at: int) -> None:
    """Refuse signs at the beginning of a word, or unseen ones in it, that an editor or a copy put there.

    Raises:
        QueryError: there is one.
    """
    if text[at : at + 1] and text[at] in _CURLED:
        raise QueryError(
            "a typographic quote is no quote",
            column=at + 1,
            expected='straight quotes: "text"',
            got=text[at : at + 20],
            hint=f'to search for the sign itself, quote it: "{text[at]}"',
        )
    unseen = _UNSEEN.match(text, at)
    if unseen is not None:
        raise QueryError(
            "a character that is not seen stands here",
            column=unseen.start(1) + 1,
            expected="the word without it",
            got=f"U+{ord(unseen[1]):04X}",
            hint="to search for the character itself, quote the word",
        )


def refuse_behind_quotes(text: str, at: int) -> None:
    """Refuse the signs of distance and weight behind a quoted text.

    Raises:
        QueryError: one stands there.
    """
    if _BEHIND_QUOTES.match(text, at):
        raise _unknown("distance" if text[at] == "~" else "weight", at + 1, text[at : at + 20], "the phrase alone")


def refuse_fuzzy(value: Value) -> None:
    """Refuse a word with a distance (``root~2``); ``PROGRA~1`` is a name.

    Raises:
        QueryError: it is one.
    """
    found = _FUZZY.fullmatch(value.text)
    if found is not None and not found["word"].isupper() and len(found["word"]) != _SHORT_NAME:
        raise _unknown("distance", value.at + found.end("word") + 1, value.text, f"{found['word'][:40]}*")


def refuse_value(field: Field, value: Value) -> None:
    """Refuse a field's value that only another language would take: an expression, a sign for one letter, a weight.

    Raises:
        QueryError: it is one.
    """
    if value.quoted or field.type not in {Type.NAME, Type.EXACT, Type.TAGS, Type.MESSAGE, Type.ATTRIBUTE}:
        return
    text = value.text
    if _REGEX.fullmatch(text):
        raise _unknown("regular expression", value.at + 1, text, f"{field.name}:text*, where * stands for any text")
    if field.type is not Type.NAME or not field.name.startswith(_PLAIN_NAMES):
        return
    if "?" in text.rstrip("?") and _NAME_LIKE.fullmatch(text):
        shape = text.replace("?", "*")
        raise _unknown("sign for one letter", value.at + text.index("?") + 1, text, f"{field.name}:{shape[:40]}")
    if _BOOSTED.fullmatch(text):
        sign = text.rindex("^")
        raise _unknown("weight", value.at + sign + 1, text, f"{field.name}:{text[:sign][:40]}")
    refuse_fuzzy(value)


def refuse_comma(field: str, at: int) -> None:
    """Refuse a comma that ends a value outside of a list; it stands at ``at``.

    Raises:
        QueryError: always.
    """
    raise QueryError(
        "a comma stands behind a value",
        column=at + 1,
        expected=f"terms with a space between, or {field[:40]}:(value, value)",
        hint="if the comma is part of the value, quote it",
    )


def _unknown(what: str, column: int, got: str, expected: str) -> QueryError:
    return QueryError(
        f"there is no {what} in this language",
        column=column,
        expected=expected,
        got=got[:40],
        hint="if it is part of the text, quote it",
    )
