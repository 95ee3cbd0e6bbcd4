from __future__ import annotations

import hashlib
import re

import pytest

from vestige.access.tokens import is_well_formed, new_token, token_digest


def test_a_token_has_prefix_length_and_checksum() -> None:
    token = new_token()
    assert re.fullmatch(r"vst_[A-Za-z0-9_-]{49}", token)
    assert is_well_formed(token)
    assert new_token() != token


@pytest.mark.parametrize("place", [4, 20, 46, 50])
def test_one_wrong_character_is_noticed(place: int) -> None:
    token = new_token()
    other = "A" if token[place] != "A" else "B"
    assert not is_well_formed(token[:place] + other + token[place + 1 :])


@pytest.mark.parametrize("text", ["", "vst_", "vst_" + "é" * 49, "x" * 53])
def test_other_texts_are_no_tokens(text: str) -> None:
    assert not is_well_formed(text)


def test_the_digest_is_not_the_token() -> None:
    token = new_token()
    assert token.encode() not in token_digest(token)
    assert token_digest("vst_x").hex() == hashlib.sha256(b"vestige/token/v1\nvst_x").hexdigest()
    assert token_digest(token) != token_digest(new_token())
