from __future__ import annotations

from collections import Counter

import pytest

from vestige.model.vocabulary import VOCABULARY
from vestige.sources.reading.actions import _BY_TYPE, type_of_act


@pytest.mark.parametrize(
    ("act", "outcome", "kind"),
    [
        ("user.session.start", "success", "auth.login"),
        ("user.session.start", "failure", "auth.login_failed"),
        ("user.authentication.auth_via_mfa", "failure", "auth.mfa"),
        ("git.push", "", "code.pushed"),
        ("UserLoginFailed", "", "auth.login_failed"),
        ("something.else", "success", ""),
        (None, "", ""),
        (["user.session.start"], "", ""),
    ],
)
def test_known_acts_have_one_meaning_and_others_none(act: object, outcome: str, kind: str) -> None:
    assert type_of_act(act, outcome) == kind


def test_the_table_speaks_the_vocabulary_and_names_each_act_once() -> None:
    assert set(_BY_TYPE) <= set(VOCABULARY)
    counted = Counter(act for acts in _BY_TYPE.values() for act in acts.split())
    assert [act for act, count in counted.items() if count > 1] == []
