from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from vestige.model.errors import SettingsError
from vestige.secrets import Redactor, Rule, load_rules
from vestige.secrets.chance import fill
from vestige.secrets.rules import check, entropy

if TYPE_CHECKING:
    from pathlib import Path

RULES = load_rules()
REDACTOR = Redactor(RULES, b"k" * 32)
OWN = """
[allow]
words = ['^[a-z]+$']

[[rule]]
id = "acme-token"
title = "Token of Acme"
keywords = ["acme_"]
pattern = '''\\bacme_([a-z0-9]{20,})'''
entropy = 3.0
allow = ["@words"]
finds = ["acme_«lower:12»7«lower:12»"]
lives = ["acme_client", "acme_abcdefghijklmnopqrstuv"]
"""


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_rule_finds_its_examples_and_lets_its_near_misses_live(rule: Rule) -> None:
    assert check(rule) == []


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_no_example_is_left_whole_whatever_rule_takes_it(rule: Rule) -> None:
    random = Random(7)
    for shape in rule.finds:
        text = fill(shape, random)
        redacted, report = REDACTOR.text(f"before {text} after")
        assert redacted != f"before {text} after"
        assert report


def test_every_identifier_is_one_of_a_kind() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "own.toml"


def test_a_rule_of_ones_own_is_used(own: Path) -> None:
    own.write_text(OWN, encoding="utf-8")
    rules = load_rules([own])
    planted = "acme_k7x2m9q4w8e1r5t3y6u0"
    assert rules[-1].id == "acme-token"
    redacted, report = Redactor(rules, b"k" * 32).text(f"use {planted} here")
    assert redacted.startswith("use acme_[redacted:acme-token:")
    assert [found.rule for found in report.found] == ["acme-token"]
    assert REDACTOR.text(f"use {planted} here")[0] == f"use {planted} here"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("acme_«lower:12»7«lower:12»", "acme_short", "finds 1 is not found"),
        ("acme_«lower:12»7«lower:12»", "other_«lower:30»", "finds 1 holds no keyword"),
        ("acme_client", "acme_k7x2m9q4w8e1r5t3y6u0", "lives 1 is found"),
        ("{20,})'''", "{20,}'''", "pattern is wrong"),
        ("acme_([a-z0-9]", "(?=x)acme_([a-z0-9]", "pattern is wrong"),
        ("acme_([a-z0-9]", "(acme)_([a-z0-9]", "pattern is wrong"),
        ('"@words"', '"@none"', "allow is wrong"),
        ('"acme-token"', '"github-token"', "id is wrong"),
        ('"acme-token"', '"Acme Token"', "id is wrong"),
        ('["acme_"]', '["a"]', "keywords is wrong"),
        ('["acme_"]', '["a\'cme"]', "keywords is wrong"),
        ('["acme_"]', f'["{"a" * 41}"]', "keywords is wrong"),
        ("entropy = 3.0", "entropy = 9", "entropy is wrong"),
        ("entropy = 3.0", "entropi = 3", "entropi is wrong"),
        ('title = "Token of Acme"', "", "title is wrong"),
        ('lives = ["acme_client", "acme_abcdefghijklmnopqrstuv"]', "", "lives is wrong"),
        ("[[rule]]", "[[rule]", "the file is wrong"),
    ],
)
def test_a_rule_file_that_is_wrong_is_refused_with_what_is_wrong(own: Path, old: str, new: str, said: str) -> None:
    assert old in OWN
    own.write_text(OWN.replace(old, new), encoding="utf-8")
    with pytest.raises(SettingsError, match=said):
        load_rules([own])


def test_a_rule_file_has_a_bound(own: Path) -> None:
    own.write_text(OWN + "#" * (256 << 10), encoding="utf-8")
    with pytest.raises(SettingsError, match="the file is wrong"):
        load_rules([own])
    own.write_text(OWN + "#" * ((256 << 10) - len(OWN.encode())), encoding="utf-8")
    assert load_rules([own])[-1].id == "acme-token"


def test_a_file_that_is_not_there_is_named(own: Path) -> None:
    with pytest.raises(SettingsError, match=r"own\.toml"):
        load_rules([own])


def test_what_is_said_of_a_wrong_example_is_not_the_example(own: Path) -> None:
    own.write_text(OWN.replace("acme_client", "acme_k7x2m9q4w8e1r5t3y6u0"), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_rules([own])
    assert "k7x2m9" not in caught.value.explain()


def test_entropy_is_shannons() -> None:
    assert entropy(b"aaaa") == 0
    assert entropy(b"ab") == 1
    assert entropy(bytes(range(256))) == 8
