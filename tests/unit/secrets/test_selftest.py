from __future__ import annotations

from dataclasses import replace

import pytest

from vestige.model.errors import RedactionError
from vestige.secrets import Redactor, load_rules, selftest
from vestige.secrets.finder import Finder
from vestige.secrets.rules import compiled
from vestige.secrets.selftest import CANARIES, FORMS

RULES = load_rules()
KEY = b"k" * 32


def test_the_rules_that_come_with_vestige_pass() -> None:
    selftest(Redactor(RULES, KEY))


def test_there_is_a_canary_for_every_rule() -> None:
    assert {rule.id for rule in RULES} == set(CANARIES)


@pytest.mark.parametrize("gone", ["github-token", "private-key", "url-password", "jwt", "npm-token", "cookie"])
def test_a_rule_that_is_gone_is_noticed(gone: str) -> None:
    with pytest.raises(RedactionError, match=gone):
        selftest(Redactor([rule for rule in RULES if rule.id != gone], KEY))


def test_a_rule_that_is_broken_is_noticed() -> None:
    rules = [
        replace(rule, pattern=compiled("hg[pousr]_x"), group=0) if rule.id == "github-token" else rule for rule in RULES
    ]
    with pytest.raises(RedactionError, match="github-token"):
        selftest(Redactor(rules, KEY))


def test_a_rule_that_keeps_too_much_is_noticed() -> None:
    rules = [replace(rule, entropy=7.9) if rule.id == "gitlab-token" else rule for rule in RULES]
    with pytest.raises(RedactionError, match="gitlab-token"):
        selftest(Redactor(rules, KEY))


def test_a_rule_that_takes_too_much_is_noticed() -> None:
    (key,) = [rule for rule in RULES if rule.id == "mailgun-key"]
    greedy = replace(
        key, id="greedy", keywords=(key.keywords[0]._replace(text="commit"),), pattern=compiled("[0-9a-f]{40}"), group=0
    )
    with pytest.raises(RedactionError, match="greedy"):
        selftest(Redactor([*RULES, greedy], KEY))


@pytest.mark.parametrize(
    ("form", "broken"),
    [("base64", "_encoded"), ("URL-encoded", "unquoted"), ("plain", "unescaped"), ("split over two", "_across")],
)
def test_a_form_that_is_not_looked_into_is_noticed(form: str, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Blind:
        def __init__(self, text: bytes) -> None:
            self.text = text

        def span(self, start: int, end: int) -> tuple[int, int]:
            return start, end

    if broken == "_across":
        monkeypatch.setattr(Redactor, broken, lambda *_: None)
    elif broken == "_encoded":
        monkeypatch.setattr(Finder, broken, lambda *_: iter(()))
    else:
        monkeypatch.setattr(f"vestige.secrets.finder.{broken}", Blind)
    with pytest.raises(RedactionError, match=form):
        selftest(Redactor(RULES, KEY))


def test_the_error_tells_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CANARIES, "planted", ("", "nobody-knows-«alnum:40»"))
    with pytest.raises(RedactionError) as caught:
        selftest(Redactor(RULES, KEY))
    assert "nobody-knows" not in caught.value.explain()
    assert "planted, plain" in caught.value.explain()


def test_the_forms_are_those_that_transcripts_have() -> None:
    assert {"plain", "JSON-escaped", "JSON-escaped twice", "split over two blocks", "base64", "URL-encoded"} <= set(
        FORMS
    )
