r"""Rules as data: TOML files beside this one, and files of an installation's own.

::

    [allow]                      # lists of expressions that rules of the same and of later files name
    placeholder = ['^<[^>]*>$']

    [[rule]]
    id = "acme-token"            # what the marker and the report say
    title = "Token of Acme"
    keywords = ["acme_"]         # the rule is tried only where one of them is; 'token\b': and no letter after it
    pattern = 'acme_[a-z]{20,}'  # RE2; its first group, where it has one, is the secret
    entropy = 3.0                # bits a byte below which a match is no secret
    allow = ["@placeholder"]     # what a secret never looks like; @NAME is a list from [allow]
    finds = ["acme_«lower:24»"]  # examples, with slots that are filled by chance (``chance``)
    lives = ["acme_client"]      # near misses

Every rule has at least one example and one near miss. Those of a file of one's own are tried when it is loaded.
"""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

import re2

from vestige.model.errors import SettingsError
from vestige.secrets.chance import fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LONGEST: Final = 256 << 10
"""Bytes of a rule file."""
MOST_RULES: Final = 1000
_ID: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_KNOWN: Final = frozenset({"id", "title", "keywords", "pattern", "entropy", "allow", "finds", "lives"})
_LONGEST_KEYWORD: Final = 40
_SHORTEST_KEYWORD: Final = 3
_ENDS: Final = r"\b"
_NO_LETTER: Final = rb"(?:[^A-Za-z]|\z)"
_SHIPPED: Final = ("keys", "cloud", "forges", "services", "carriers", "assigned")
"""In this order: of two rules that find the same, the first gives its name, so those of one service come first."""


class Keyword(NamedTuple):
    """What has to be in a text for a rule to be tried."""

    text: str
    ends: bool
    """Whether no letter may follow: ``token`` is no keyword of ``input_tokens``."""

    def pattern(self, *, folded: bool) -> bytes:
        """The expression of RE2 that looks for it."""
        text: bytes = re2.escape((self.text.lower() if folded else self.text).encode())
        return (b"(?i)" if folded else b"") + text + (_NO_LETTER if self.ends else b"")


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of secret looks like."""

    id: str
    title: str
    keywords: tuple[Keyword, ...]
    pattern: re2._Regexp
    group: int
    """Of the pattern: 1 where it has a group, else 0."""
    folded: bool
    """Whether the case of keywords does not count: it does not for some of the pattern (``(?i)``)."""
    entropy: float
    allow: re2._Regexp | None
    finds: tuple[str, ...]
    lives: tuple[str, ...]

    def accepts(self, secret: bytes) -> bool:
        """Whether what the pattern found is a secret: mixed enough, and nothing the rule lets live."""
        if self.entropy and entropy(secret) < self.entropy:
            return False
        return self.allow is None or self.allow.search(secret) is None


def entropy(text: bytes) -> float:
    """Shannon's, in bits a byte, from how often each byte is in the text."""
    length = len(text)
    counts = map(text.count, {text[i : i + 1] for i in range(length)})
    return -sum(count / length * math.log2(count / length) for count in counts)


def compiled(pattern: str) -> re2._Regexp:
    """An expression over bytes; a byte is a character, so whatever comes has a length.

    Raises:
        ValueError: it is none, or none that RE2 knows.
    """
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    try:
        return re2.compile(pattern.encode("ascii"), options)
    except (re2.error, UnicodeEncodeError) as error:
        text = error.args[0] if isinstance(error, re2.error) else error
        raise ValueError(text.decode("ascii", "replace") if isinstance(text, bytes) else str(text)) from None


def load_rules(paths: Iterable[Path] = ()) -> tuple[Rule, ...]:
    """The rules that come with Vestige, and those of the files named.

    Raises:
        SettingsError: a file is no rule file, or a rule does not do what its examples say; it names file and rule.
    """
    loader = _Loader()
    folder = resources.files(__package__) / "rules"
    for name in _SHIPPED:
        loader.read((folder / f"{name}.toml").read_bytes(), f"rules/{name}.toml")
    shipped = len(loader.rules)
    for path in paths:
        try:
            with Path(path).open("rb") as file:
                data = file.read(LONGEST + 1)
        except OSError as error:
            raise SettingsError(
                "a rule file cannot be read", expected="a TOML file", got=f"{path}: {error.strerror}"
            ) from None
        loader.read(data, str(path))
    rules = tuple(loader.rules)
    for rule in rules[shipped:]:
        faults = check(rule)
        if faults:
            raise SettingsError(
                f"the secret rule {rule.id} does not do what its examples say",
                expected="each of finds is found, none of lives",
                got="; ".join(faults),
                hint="see docs/secrets.md",
            )
    return rules


def check(rule: Rule) -> list[str]:
    """Which of the rule's own examples it gets wrong; what is said of one is its number, for it may be a secret."""
    random = Random(rule.id)  # noqa: S311 - the same examples at every start
    wrong = []
    for name, texts, expected in (("finds", rule.finds, True), ("lives", rule.lives, False)):
        for number, shape in enumerate(texts, 1):
            text = fill(shape, random).encode()
            keyed = has_keyword(rule, text)
            if (keyed and any(True for _ in matches(rule, text))) is not expected:
                fault = "is found" if not expected else "is not found" if keyed else "holds no keyword"
                wrong.append(f"{name} {number} {fault}")
    return wrong


def has_keyword(rule: Rule, text: bytes) -> bool:
    """Whether the rule is tried on the text at all."""
    return any(re2.search(keyword.pattern(folded=rule.folded), text) for keyword in rule.keywords)


def matches(rule: Rule, text: bytes) -> Iterable[tuple[int, int, int, int]]:
    """What the rule finds: start and end of the secret, and of the whole match.

    The search goes on at the last byte of a match: what closes one secret may open the next. No byte is gone over
    again for more than that.
    """
    search = rule.pattern.search
    position = 0
    while position <= len(text):
        match = search(text, position)
        if match is None:
            return
        start, end = match.span(rule.group)
        if start < end and rule.accepts(text[start:end]):
            yield start, end, *match.span()
        position = max(end, match.end() - 1, match.start() + 1)


class _Loader:
    """Rule files being read, one after the other."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._lists: dict[str, list[str]] = {}
        self._where = ""
        self._rule = ""

    def read(self, data: bytes, where: str) -> None:
        self._where, self._rule = where, ""
        if len(data) > LONGEST:
            self._fail("the file", f"at most {LONGEST} bytes", "more")
        try:
            tree = tomllib.loads(data.decode())
        except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
            self._fail("the file", "UTF-8 text after toml.io", str(error)[:200])
        self._only(tree, {"allow", "rule"})
        lists = tree.get("allow", {})
        if not isinstance(lists, dict):
            self._fail("allow", "a table of lists", type(lists).__name__)
        for name in lists:
            self._lists[name] = self._allowed(self._texts(lists, name))
        rules = tree.get("rule", [])
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
            self._fail("rule", "[[rule]] tables", "something else")
        for rule in rules:
            self.rules.append(self._one(rule))
        if len(self.rules) > MOST_RULES:
            self._fail("rule", f"at most {MOST_RULES} rules", str(len(self.rules)))

    def _one(self, table: Mapping[str, object]) -> Rule:
        self._rule = ""
        name = self._text(table, "id")
        if not _ID.fullmatch(name) or len(name) > 48:
            self._fail("id", "at most 48 of a-z, 0-9 and -", name[:80])
        self._rule = name
        if any(rule.id == name for rule in self.rules):
            self._fail("id", "a name no other rule has", name)
        self._only(table, _KNOWN)
        keywords = [Keyword(text.removesuffix(_ENDS), text.endswith(_ENDS)) for text in self._texts(table, "keywords")]
        for keyword in keywords:
            fits = keyword.text.isascii() and _SHORTEST_KEYWORD <= len(keyword.text) <= _LONGEST_KEYWORD
            if not fits or set(keyword.text) & set("\\\"'"):
                self._fail("keywords", "3 to 40 characters of ASCII each, no quotes or backslashes", keyword.text[:80])
        text = self._text(table, "pattern")
        pattern = self._regex("pattern", text)
        if pattern.groups > 1:
            self._fail("pattern", "one group at most, the secret; (?:...) for others", f"{pattern.groups}")
        floor = table.get("entropy", 0)
        if isinstance(floor, bool) or not isinstance(floor, int | float) or not 0 <= floor <= 8:
            self._fail("entropy", "0 to 8 bits a byte", str(floor)[:80])
        allowed = self._allowed(self._texts(table, "allow", least=0))
        return Rule(
            id=name,
            title=self._text(table, "title"),
            keywords=tuple(keywords),
            pattern=pattern,
            group=pattern.groups,
            folded="(?i" in text,
            entropy=float(floor),
            allow=self._regex("allow", "|".join(f"(?:{item})" for item in allowed)) if allowed else None,
            finds=tuple(self._texts(table, "finds")),
            lives=tuple(self._texts(table, "lives")),
        )

    def _allowed(self, items: list[str]) -> list[str]:
        """Expressions, with the lists they name in the place of the names."""
        result = []
        for item in items:
            if item.startswith("@"):
                if item[1:] not in self._lists:
                    self._fail("allow", f"one of @{', @'.join(self._lists)}", item[:80])
                result += self._lists[item[1:]]
            else:
                self._regex("allow", item)
                result.append(item)
        return result

    def _regex(self, field: str, text: str) -> re2._Regexp:
        try:
            return compiled(text)
        except ValueError as error:
            self._fail(field, "an expression of RE2 in ASCII", str(error)[:200])

    def _text(self, table: Mapping[str, object], field: str) -> str:
        value = table.get(field)
        if not isinstance(value, str) or not value:
            self._fail(field, "a text", "nothing" if value is None else type(value).__name__)
        return value

    def _texts(self, table: Mapping[str, object], field: str, least: int = 1) -> list[str]:
        value = table.get(field, [])
        if not isinstance(value, list) or len(value) < least or not all(isinstance(x, str) and x for x in value):
            self._fail(field, f"a list of texts, {least} or more", type(value).__name__)
        return value

    def _only(self, table: Mapping[str, object], known: Iterable[str]) -> None:
        for field in table:
            if field not in known:
                self._fail(field[:80], f"only {', '.join(sorted(known))}", "a name nobody knows")

    def _fail(self, field: str, expected: str, got: str) -> NoReturn:
        where = f"{self._where}, rule {self._rule}" if self._rule else self._where
        raise SettingsError(f"{where}: {field} is wrong", expected=expected, got=got, hint="see docs/secrets.md")
