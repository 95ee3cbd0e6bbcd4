"""Sigma rules as they are given: files of YAML, each with one or more rules, read by pySigma.

A rule that cannot be used is never left out silently: it is *refused*, with the file, its name and the reason.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import yaml
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from vestige.correlate.detections import Detector
from vestige.model.errors import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterable

KIND: Final = "sigma"
MOST_RULES: Final = 20_000
"""Rules of one scan at most."""
LONGEST_RULE: Final = 1 << 20
"""Letters of one file at most."""
LONGEST_CONDITION: Final = 10_000
"""Letters of a rule's condition at most: it is taken apart by a parser that tries every way."""
_SEVERITIES: Final = {"informational": "info"}
_LONGEST_REASON: Final = 300


class RuleFile(NamedTuple):
    """A file of rules as it was given."""

    name: str
    text: str


class Refused(NamedTuple):
    """A rule, or a file, that cannot be used, and why."""

    file: str
    rule: str
    """Its id or title; empty if not even that could be read."""
    reason: str


@dataclass(frozen=True, slots=True)
class EventRule:
    """A rule about single events."""

    detector: Detector
    file: str
    rule: SigmaRule
    output: bool = True
    """Whether its matches are findings of their own, not only part of a correlation's."""


@dataclass(frozen=True, slots=True)
class CorrelationRule:
    """A rule about events that other rules find."""

    detector: Detector
    file: str
    rule: SigmaCorrelationRule
    output: bool = True


@dataclass(slots=True)
class Pack:
    """Rules ready to be compiled, and those that are not."""

    events: list[EventRule] = field(default_factory=list)
    correlations: list[CorrelationRule] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def read_rules(files: Iterable[RuleFile]) -> Pack:
    """Read files of rules. References between rules go across files.

    Raises:
        TooLargeError: there are more than ``MOST_RULES`` rules.
    """
    pack = Pack()
    homes: dict[int, tuple[str, str]] = {}
    collections: list[SigmaCollection] = []
    for file in files:
        if len(file.text) > LONGEST_RULE:
            pack.refused.append(Refused(file.name, "", f"the file is longer than {LONGEST_RULE} letters"))
            continue
        digest = hashlib.sha256(file.text.encode("utf-8", "surrogatepass")).hexdigest()
        try:
            found = SigmaCollection.from_yaml(
                file.text, collect_errors=True, collect_filters=True, resolve_references=False
            )
        except (SigmaError, yaml.YAMLError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            # pySigma lets what it did not expect in a rule out as it comes.
            pack.refused.append(Refused(file.name, "", _no_mapping(file.text) or _reason(error)))
            continue
        collections.append(found)
        told = {id(error) for rule in found.rules for error in rule.errors}
        pack.refused += [Refused(file.name, "", _reason(error)) for error in found.errors if id(error) not in told]
        if not (found.rules or found.filters or found.errors):
            pack.refused.append(Refused(file.name, "", "the file holds no rule"))
        for rule in [*found.rules, *found.filters]:
            homes[id(rule)] = (file.name, digest)
    _place(pack, collections, homes)
    return pack


def _place(pack: Pack, collections: list[SigmaCollection], homes: dict[int, tuple[str, str]]) -> None:
    every = [rule for found in collections for rule in [*found.rules, *found.filters]]
    if len(every) > MOST_RULES:
        raise TooLargeError(
            "too many rules", expected=f"at most {MOST_RULES}", got=str(len(every)), hint="scan in parts"
        )
    sound = []
    for rule in every:
        name, _ = homes[id(rule)]
        if isinstance(rule, SigmaRule) and sum(map(len, rule.detection.condition)) > LONGEST_CONDITION:
            pack.refused.append(
                Refused(name, _called(rule), f"its condition is longer than {LONGEST_CONDITION} letters")
            )
        elif rule.errors:
            pack.refused.append(Refused(name, _called(rule), _reason(rule.errors[0])))
        else:
            sound.append(rule)
    known = [homes[id(rule)] for rule in sound if isinstance(rule, SigmaRule | SigmaCorrelationRule)]
    # Filters change rules in place or give new ones in the same order.
    merged = SigmaCollection(sound, resolve_references=False)
    seen: dict[str, str] = {}
    for rule, (name, digest) in zip(merged.rules, known, strict=True):
        called = _called(rule)
        if called in seen:
            pack.refused.append(Refused(name, called, f"another rule has its id, in {seen[called]}"))
            continue
        seen[called] = name
        if isinstance(rule, SigmaRule):
            pack.events.append(EventRule(_detector(rule, digest), name, rule))
            continue
        try:
            rule.resolve_rule_references(merged)
        except SigmaError as error:
            pack.refused.append(Refused(name, called, _reason(error)))
            continue
        pack.correlations.append(CorrelationRule(_detector(rule, digest), name, rule))
    # Whether a rule's matches are findings of their own is known when all correlations have been read.
    pack.events = [EventRule(one.detector, one.file, one.rule, one.rule._output) for one in pack.events]  # noqa: SLF001
    pack.correlations = [
        CorrelationRule(one.detector, one.file, one.rule, one.rule._output)  # noqa: SLF001 - it has no other name
        for one in pack.correlations
    ]


def _detector(rule: SigmaRule | SigmaCorrelationRule, digest: str) -> Detector:
    level = str(rule.level) if rule.level is not None else "informational"
    version = rule.modified or rule.date
    return Detector(
        name=_called(rule),
        version="" if version is None else version.isoformat()[:10],
        digest=digest,
        kind=KIND,
        title=rule.title[:300],
        severity=_SEVERITIES.get(level, level),
        tags=tuple(str(tag) for tag in rule.tags[:64]),
    )


def _called(rule: object) -> str:
    for name in ("id", "name", "title"):
        value = getattr(rule, name, None)
        if value:
            return str(value)[:200]
    return ""


def _no_mapping(text: str) -> str:
    """Why a file can hold no rule at all, if one of its documents is no mapping; empty if each is one."""
    kinds = {str: "a text", list: "a list", int: "a number", float: "a number"}
    try:
        for number, document in enumerate(yaml.safe_load_all(text), 1):
            if document is not None and not isinstance(document, dict):
                got = kinds.get(type(document), "something else")
                return f"it is no Sigma rule: expected title, logsource and detection, got {got} as document {number}"
    except (yaml.YAMLError, ValueError, RecursionError):
        return ""
    return ""


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"
