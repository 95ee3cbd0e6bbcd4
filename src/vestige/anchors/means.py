"""Whom the ledger is shown to, and how they are called: what the settings name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vestige.anchors.entries import COSIGNATURE, GIT, RFC3161
from vestige.model.errors import ConflictError, SettingsError

if TYPE_CHECKING:
    from cryptography import x509

    from vestige.anchors.git import GitRemote
    from vestige.anchors.witnesses import WitnessAt
    from vestige.outgoing import Outgoing

NETWORKS: Final = "VESTIGE_ANCHOR_NETWORKS"
"""The setting that names where authorities and witnesses may be besides the open internet."""


@dataclass(frozen=True, slots=True)
class Means:
    """Who is asked, and how."""

    outgoing: Outgoing
    authorities: tuple[str, ...] = ()
    """URLs of RFC 3161 authorities."""
    roots: tuple[x509.Certificate, ...] = ()
    """Certificates that their stamps must lead to."""
    witnesses: tuple[WitnessAt, ...] = ()
    git: GitRemote | None = None
    """Where checkpoints are committed to as well."""
    seconds: int = 3600
    """After so many seconds a log that changed is due again."""

    def __post_init__(self) -> None:
        if self.authorities and not self.roots:
            raise SettingsError(
                "time-stamp authorities are named, and no certificate their stamps must lead to",
                expected="tsa_roots beside tsa_urls",
                got="none",
                hint="ask the authority for its root certificate, and give a PEM file: VESTIGE_TSA_ROOTS",
                field="tsa_roots",
            )

    @property
    def parties(self) -> tuple[str, ...]:
        """Whoever is asked, by what entries name them: URLs of authorities, keys of witnesses."""
        git = () if self.git is None else (self.git.remote,)
        return (*(str(one.key) for one in self.witnesses), *self.authorities, *git)

    def type_of(self, name: str) -> str:
        """Which kind of anchor somebody gives."""
        if name in self.authorities:
            return RFC3161
        return GIT if self.git is not None and name == self.git.remote else COSIGNATURE


def nobody() -> ConflictError:
    """The refusal where nobody is named."""
    return ConflictError(
        "nobody is named whom the ledger could be shown to",
        expected="time-stamp authorities, or witnesses",
        got="neither",
        hint="set VESTIGE_TSA_URLS with VESTIGE_TSA_ROOTS, or VESTIGE_WITNESSES: docs/anchors.md",
    )
