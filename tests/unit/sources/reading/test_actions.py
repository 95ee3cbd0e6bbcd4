from __future__ import annotations

from collections import Counter

import pytest

from vestige.model.vocabulary import VOCABULARY
from vestige.sources.reading.actions import type_of_act
from vestige.sources.reading.acts_github import GITHUB
from vestige.sources.reading.acts_m365 import M365, M365_SPACED
from vestige.sources.reading.acts_okta import OKTA


@pytest.mark.parametrize(
    ("act", "outcome", "kind"),
    [
        ("user.session.start", "success", "auth.login"),
        ("user.session.start", "failure", "auth.login_failed"),
        ("user.authentication.auth_via_mfa", "failure", "auth.mfa"),
        ("git.push", "", "code.pushed"),
        ("UserLoginFailed", "", "auth.login_failed"),
        ("something.else", "success", ""),
        ("Create", "success", ""),
        ("Send", "", ""),
        (None, "", ""),
        (["user.session.start"], "", ""),
    ],
)
def test_known_acts_have_one_meaning_and_others_none(act: object, outcome: str, kind: str) -> None:
    assert type_of_act(act, outcome) == kind


@pytest.mark.parametrize("by_type", [OKTA, GITHUB, M365], ids=["okta", "github", "m365"])
def test_a_table_speaks_the_vocabulary_and_names_each_act_once(by_type: dict[str, str]) -> None:
    assert set(by_type) <= set(VOCABULARY)
    counted = Counter(act for acts in by_type.values() for act in acts.split())
    assert [act for act, count in counted.items() if count > 1] == []


def test_names_with_spaces_speak_the_vocabulary_too() -> None:
    assert set(M365_SPACED.values()) <= set(VOCABULARY)
