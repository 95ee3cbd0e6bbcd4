"""A redactor with the rules that are shipped; making one takes a moment."""

from __future__ import annotations

from functools import cache

import pytest

from vestige.secrets import Redactor, load_rules

KEY = b"k" * 32


@cache
def made() -> Redactor:
    return Redactor(load_rules(), KEY)


@pytest.fixture
def redactor() -> Redactor:
    return made()
