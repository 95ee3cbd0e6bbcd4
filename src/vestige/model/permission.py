"""What a caller may be allowed to do. Each route names the one it needs; roles and scopes of keys are sets of these.

A permission is about one tenant. There are few, and each is a decision somebody would want to make by itself: reading
what is known is apart from fetching the exact bytes, and both from taking a copy of everything away.
"""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """A name as it stands in routes, in ``docs/permissions.md`` and in the entry of a refusal."""

    EVIDENCE_READ = "evidence.read"
    """Events and every view of them: lists, counts, chains, entities, detections, saved views."""
    EVIDENCE_READ_OWN = "evidence.read_own"
    """The same of one's own agent sessions and their seals, and of nothing else."""
    EVIDENCE_REVEAL = "evidence.reveal"
    """The exact bytes of records. Each time is an entry."""
    EVIDENCE_EXPORT = "evidence.export"
    """A copy of many events at once. Each time is an entry."""
    EVIDENCE_WRITE = "evidence.write"
    """Taking evidence in."""
    EVIDENCE_ERASE = "evidence.erase"
    """Erasing evidence for good."""
    EVIDENCE_REDACT = "evidence.redact"
    """Hiding what records say, and showing it again."""
    EVIDENCE_AMEND = "evidence.amend"
    """Saying beside a record what it should say."""
    CUSTODY_APPROVE = "custody.approve"
    """Agreeing to what another person proposed: an erasure, a redaction, the release of a hold."""
    SOURCES_MANAGE = "sources.manage"
    """What is said of sources: zones, clocks, formats, mappings."""
    SEQUENCES_MANAGE = "sequences.manage"
    """Patterns and rules, and scans that record what they find."""
    VIEWS_WRITE = "views.write"
    """Saving, changing and removing saved views."""
    CODE_READ = "code.read"
    """Source code that is kept here, its history, and who wrote its lines."""
    CODE_MANAGE = "code.manage"
    """Letting the server fetch repositories from a URL, with a key or without; removing repositories."""
    CASES_READ = "cases.read"
    CASES_WRITE = "cases.write"
    HOLDS_WRITE = "holds.write"
    """Setting and releasing holds."""
    POLICIES_READ = "policies.read"
    POLICIES_WRITE = "policies.write"
    LEDGER_READ = "ledger.read"
    """Tiles, proofs, checkpoints and verification of the tenant's log."""
    LEDGER_MANAGE = "ledger.manage"
    """Signing on demand, the log's keys, a new epoch."""
    STATUS_READ = "status.read"
    """How the installation does: checks, listeners."""
    INDEX_MANAGE = "index.manage"
    """Computing the index anew."""
    AUDIT_READ = "audit.read"
    """Who did what: the tenant's own acts, logins and refusals."""
    PEOPLE_MANAGE = "people.manage"
    """Inviting, changing and removing people."""
    KEYS_MANAGE = "keys.manage"
    """Making, rotating and revoking API keys."""
    TENANT_MANAGE = "tenant.manage"
    """Making tenants, and making or unmaking owners."""
