"""The composition root: settings in, wired rooms out. Nothing below knows of anything above it.

Its names are read from their modules when they are first asked for (PEP 562): a command that finds a server at work
needs the lock's file and the settings, not the parsers, the engine and the interface.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vestige.access import (
        BEGUN_SECONDS,
        DEFAULT_SLUG,
        EVERYTHING,
        LONGEST_SECONDS,
        ROLES,
        SCOPES,
        SESSION_SECONDS,
        Admitted,
        Buckets,
        Guests,
        Person,
        Session,
        WantedKey,
        refuse_source,
    )
    from vestige.anchors import Witness
    from vestige.anchors.witness import MOST_BYTES as WITNESS_BYTES
    from vestige.app.anchoring import Anchors, anchor_due, read_log_keys, super_log
    from vestige.app.anchoring import run_all as anchor_all
    from vestige.app.assisting import CALLED, Assisting
    from vestige.app.assisting import MOST_EVENTS as ASSISTANT_EVENTS
    from vestige.app.assisting import MOST_ITEMS as ASSISTANT_ITEMS
    from vestige.app.assisting import MOST_RESULTS as ASSISTANT_RESULTS
    from vestige.app.attesting import ENVELOPE_BYTES
    from vestige.app.attesting import opened as opened_attestation
    from vestige.app.bundling import stream as stream_bundle
    from vestige.app.cases import KINDS, STATUSES
    from vestige.app.cases import SHAPES as CASE_SHAPES
    from vestige.app.datadir import DataDirLock, refuse_foreign, require_installation, short_path
    from vestige.app.demonstration import admit_guests, fill, look, retell, seal_told
    from vestige.app.exporting import export_header
    from vestige.app.figures import Figures
    from vestige.app.installation import Installation
    from vestige.app.ledgerview import LedgerView
    from vestige.app.line_sums import LINES_BY, Commits
    from vestige.app.logs import set_up as set_up_logs
    from vestige.app.metrics import metrics_text
    from vestige.app.offline import judge as judge_offline
    from vestige.app.offline import opened as opened_bundle
    from vestige.app.policies import POLICY_BYTES, POLICY_FORMATS, policy_schema
    from vestige.app.policy_decisions import asked_of
    from vestige.app.policy_results import AskedDecisions
    from vestige.app.prices import NOTE_BYTES as PRICE_NOTE_BYTES
    from vestige.app.prices import sign_list
    from vestige.app.reporting import REPORT_SHAPES
    from vestige.app.restoring import restore
    from vestige.app.rooms import Raw, Rooms
    from vestige.app.sequences import MOST_DETECTIONS
    from vestige.app.session_sums import SUMS_BY
    from vestige.app.sessions import Asked
    from vestige.app.sources import try_sample
    from vestige.app.stories import STORY_FORMS, AskedStory
    from vestige.app.tracing import RequestSpan
    from vestige.app.uploads import PIECE_BYTES, Upload
    from vestige.app.verifying import BROUGHT_BYTES, verify_brought, verify_bundle
    from vestige.app.views import View
    from vestige.archive import verify as verify_archive
    from vestige.attribution.exchange import MOST_TEXT as CLAIM_TEXT
    from vestige.attribution.exchange import Claim, Form
    from vestige.correlate import Reach
    from vestige.correlate.entity_store import Sift
    from vestige.correlate.pattern_file import LONGEST as PATTERN_BYTES
    from vestige.correlate.together import Wanted
    from vestige.custody.remarking import check_reason
    from vestige.custody.rule_store import Rule
    from vestige.custody.two_persons import ERASE, LIFT, MAY_LOWER, PURGE, REDACT, RELEASE, RETENTION, RULE
    from vestige.declared import DETAILS, MOST_DETAILS, Acknowledged, of_category, of_detail, quoted
    from vestige.declared.contracts import MOST_BYTES as SCHEMA_BYTES
    from vestige.index import ASKER, Asker
    from vestige.ingest.arrivals import Stream, Taken
    from vestige.ingest.importer import ImportOptions
    from vestige.ingest.runs import PARSE_LIMIT
    from vestige.ingest.source_settings import KEY, Change, Offset
    from vestige.ledger import act_entry
    from vestige.receivers import Receivers
    from vestige.settings import DEMO_EVENTS, Settings
    from vestige.settings import KEY_LENGTH as MODEL_KEY_BYTES
    from vestige.settings import load as load_settings
    from vestige.sources import GROUP_TAG, Context, split_json
    from vestige.sources.cloud.git_webhook import KINDS as GIT_KINDS
    from vestige.sources.mapping import LONGEST as MAPPING_BYTES
    from vestige.sources.recognise import ANY, form_of_object, form_of_text
    from vestige.timeline import (
        BY,
        DEFAULT_FACETS,
        DENSITY_TYPE,
        MAX_GAP,
        MAX_LIMIT,
        MAX_MARKS,
        MAX_SPEED,
        MAX_STACKS,
        MAX_VALUES,
        SHAPES,
        Density,
        Pace,
        Player,
        Told,
        Window,
        known_shape,
        packed,
    )

_HOMES = {
    "vestige.access": (
        "BEGUN_SECONDS",
        "DEFAULT_SLUG",
        "EVERYTHING",
        "LONGEST_SECONDS",
        "ROLES",
        "SCOPES",
        "SESSION_SECONDS",
        "Admitted",
        "Buckets",
        "Guests",
        "Person",
        "Session",
        "WantedKey",
        "refuse_source",
    ),
    "vestige.anchors": ("Witness",),
    "vestige.app.anchoring": ("Anchors", "anchor_due", "read_log_keys", "super_log"),
    "vestige.app.assisting": ("CALLED", "Assisting"),
    "vestige.app.cases": ("KINDS", "STATUSES"),
    "vestige.custody.remarking": ("check_reason",),
    "vestige.custody.rule_store": ("Rule",),
    "vestige.custody.two_persons": ("ERASE", "LIFT", "MAY_LOWER", "PURGE", "REDACT", "RELEASE", "RETENTION", "RULE"),
    "vestige.app.datadir": ("DataDirLock", "refuse_foreign", "require_installation", "short_path"),
    "vestige.app.demonstration": ("admit_guests", "fill", "look", "retell", "seal_told"),
    "vestige.app.exporting": ("export_header",),
    "vestige.app.figures": ("Figures",),
    "vestige.app.installation": ("Installation",),
    "vestige.app.ledgerview": ("LedgerView",),
    "vestige.app.policies": ("POLICY_BYTES", "POLICY_FORMATS", "policy_schema"),
    "vestige.app.policy_decisions": ("asked_of",),
    "vestige.app.policy_results": ("AskedDecisions",),
    "vestige.app.line_sums": ("LINES_BY", "Commits"),
    "vestige.app.reporting": ("REPORT_SHAPES",),
    "vestige.app.metrics": ("metrics_text",),
    "vestige.app.prices": ("sign_list",),
    "vestige.app.restoring": ("restore",),
    "vestige.app.rooms": ("Raw", "Rooms"),
    "vestige.app.sequences": ("MOST_DETECTIONS",),
    "vestige.app.session_sums": ("SUMS_BY",),
    "vestige.app.sessions": ("Asked",),
    "vestige.app.sources": ("try_sample",),
    "vestige.app.stories": ("STORY_FORMS", "AskedStory"),
    "vestige.app.tracing": ("RequestSpan",),
    "vestige.app.uploads": ("PIECE_BYTES", "Upload"),
    "vestige.app.verifying": ("BROUGHT_BYTES", "verify_bundle", "verify_brought"),
    "vestige.app.views": ("View",),
    "vestige.attribution.exchange": ("Claim", "Form"),
    "vestige.correlate": ("Reach",),
    "vestige.correlate.entity_store": ("Sift",),
    "vestige.correlate.together": ("Wanted",),
    "vestige.declared": ("DETAILS", "MOST_DETAILS", "Acknowledged", "of_category", "of_detail", "quoted"),
    "vestige.index": ("ASKER", "Asker"),
    "vestige.ingest.arrivals": ("Stream", "Taken"),
    "vestige.ingest.importer": ("ImportOptions",),
    "vestige.ingest.runs": ("PARSE_LIMIT",),
    "vestige.ingest.source_settings": ("KEY", "Change", "Offset"),
    "vestige.ledger": ("act_entry",),
    "vestige.receivers": ("Receivers",),
    "vestige.settings": ("DEMO_EVENTS", "Settings"),
    "vestige.sources": ("GROUP_TAG", "Context", "split_json"),
    "vestige.sources.recognise": ("ANY", "form_of_object", "form_of_text"),
    "vestige.timeline": (
        *(
            "BY",
            "DEFAULT_FACETS",
            "DENSITY_TYPE",
            "MAX_GAP",
            "MAX_LIMIT",
            "MAX_MARKS",
            "MAX_SPEED",
            "MAX_STACKS",
            "MAX_VALUES",
        ),
        *("SHAPES", "Density", "Pace", "Player", "Told", "Window", "known_shape", "packed"),
    ),
}
_HOME_OF = {name: (home, name) for home, names in _HOMES.items() for name in names} | {
    "ASSISTANT_EVENTS": ("vestige.app.assisting", "MOST_EVENTS"),
    "ASSISTANT_ITEMS": ("vestige.app.assisting", "MOST_ITEMS"),
    "ASSISTANT_RESULTS": ("vestige.app.assisting", "MOST_RESULTS"),
    "CASE_SHAPES": ("vestige.app.cases", "SHAPES"),
    "ENVELOPE_BYTES": ("vestige.app.attesting", "ENVELOPE_BYTES"),
    "CLAIM_TEXT": ("vestige.attribution.exchange", "MOST_TEXT"),
    "WITNESS_BYTES": ("vestige.anchors.witness", "MOST_BYTES"),
    "anchor_all": ("vestige.app.anchoring", "run_all"),
    "judge_offline": ("vestige.app.offline", "judge"),
    "opened_attestation": ("vestige.app.attesting", "opened"),
    "opened_bundle": ("vestige.app.offline", "opened"),
    "GIT_KINDS": ("vestige.sources.cloud.git_webhook", "KINDS"),
    "MAPPING_BYTES": ("vestige.sources.mapping", "LONGEST"),
    "PATTERN_BYTES": ("vestige.correlate.pattern_file", "LONGEST"),
    "MODEL_KEY_BYTES": ("vestige.settings", "KEY_LENGTH"),
    "PRICE_NOTE_BYTES": ("vestige.app.prices", "NOTE_BYTES"),
    "SCHEMA_BYTES": ("vestige.declared.contracts", "MOST_BYTES"),
    "load_settings": ("vestige.settings", "load"),
    "set_up_logs": ("vestige.app.logs", "set_up"),
    "stream_bundle": ("vestige.app.bundling", "stream"),
    "verify_archive": ("vestige.archive.offline", "verify"),
}

__all__ = [
    "ANY",
    "ASKER",
    "ASSISTANT_EVENTS",
    "ASSISTANT_ITEMS",
    "ASSISTANT_RESULTS",
    "BEGUN_SECONDS",
    "BROUGHT_BYTES",
    "BY",
    "CALLED",
    "CASE_SHAPES",
    "CLAIM_TEXT",
    "DEFAULT_FACETS",
    "DEFAULT_SLUG",
    "DEMO_EVENTS",
    "DENSITY_TYPE",
    "DETAILS",
    "ENVELOPE_BYTES",
    "ERASE",
    "EVERYTHING",
    "GIT_KINDS",
    "GROUP_TAG",
    "KEY",
    "KINDS",
    "LIFT",
    "LINES_BY",
    "LONGEST_SECONDS",
    "MAPPING_BYTES",
    "MAX_GAP",
    "MAX_LIMIT",
    "MAX_MARKS",
    "MAX_SPEED",
    "MAX_STACKS",
    "MAX_VALUES",
    "MAY_LOWER",
    "MODEL_KEY_BYTES",
    "MOST_DETAILS",
    "MOST_DETECTIONS",
    "PARSE_LIMIT",
    "PATTERN_BYTES",
    "PIECE_BYTES",
    "POLICY_BYTES",
    "POLICY_FORMATS",
    "PRICE_NOTE_BYTES",
    "PURGE",
    "REDACT",
    "RELEASE",
    "REPORT_SHAPES",
    "RETENTION",
    "ROLES",
    "RULE",
    "SCHEMA_BYTES",
    "SCOPES",
    "SESSION_SECONDS",
    "SHAPES",
    "STATUSES",
    "STORY_FORMS",
    "SUMS_BY",
    "WITNESS_BYTES",
    "Acknowledged",
    "Admitted",
    "Anchors",
    "Asked",
    "AskedDecisions",
    "AskedStory",
    "Asker",
    "Assisting",
    "Buckets",
    "Change",
    "Claim",
    "Commits",
    "Context",
    "DataDirLock",
    "Density",
    "Figures",
    "Form",
    "Guests",
    "ImportOptions",
    "Installation",
    "LedgerView",
    "Offset",
    "Pace",
    "Person",
    "Player",
    "Raw",
    "Reach",
    "Receivers",
    "RequestSpan",
    "Rooms",
    "Rule",
    "Session",
    "Settings",
    "Sift",
    "Stream",
    "Taken",
    "Told",
    "Upload",
    "View",
    "Wanted",
    "WantedKey",
    "Window",
    "Witness",
    "act_entry",
    "admit_guests",
    "anchor_all",
    "anchor_due",
    "asked_of",
    "check_reason",
    "export_header",
    "fill",
    "form_of_object",
    "form_of_text",
    "judge_offline",
    "known_shape",
    "load_settings",
    "look",
    "metrics_text",
    "of_category",
    "of_detail",
    "opened_attestation",
    "opened_bundle",
    "packed",
    "policy_schema",
    "quoted",
    "read_log_keys",
    "refuse_foreign",
    "refuse_source",
    "require_installation",
    "restore",
    "retell",
    "seal_told",
    "set_up_logs",
    "short_path",
    "sign_list",
    "split_json",
    "stream_bundle",
    "super_log",
    "try_sample",
    "verify_archive",
    "verify_brought",
    "verify_bundle",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home, own = _HOME_OF[name]
    value = globals()[name] = getattr(import_module(home), own)
    return value
