"""What takes secrets out, made at its first use: the rules of this installation, and their self-test before that."""

from __future__ import annotations

import secrets
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from vestige.ingest.redacting import Redaction
from vestige.secrets import Redactor, load_rules, selftest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vestige.secrets import Rule


class Redactions:
    """The rules, read and tried once for a process.

    Args:
        files: rule files beside those that come with Vestige, parted by commas.
    """

    def __init__(self, files: str) -> None:
        self._files = tuple(Path(one.strip()) for one in files.split(",") if one.strip())
        self._lock = threading.Lock()
        self._rules: Sequence[Rule] | None = None

    def rules(self) -> Sequence[Rule]:
        """The rules, once they have passed.

        Raises:
            SettingsError: a rule file is none.
            RedactionError: a secret that was made for the test came through; nothing that needs redaction is taken in.
        """
        with self._lock:
            if self._rules is None:
                rules = load_rules(self._files)
                selftest(Redactor(rules, secrets.token_bytes(32)))
                self._rules = rules
            return self._rules

    def of(self, keyed: Callable[[bytes, bytes], bytes]) -> Redaction:
        """What redacts for the tenant whose keyed digest this is."""
        return Redaction(self.rules, keyed)
