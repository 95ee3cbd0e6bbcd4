from __future__ import annotations

import pytest

from vestige.model.vocabulary import VOCABULARY
from vestige.sources.windows.meanings import PROVIDERS, Meaning, meaning_of, short_provider
from vestige.sources.windows.other_ids import OTHER
from vestige.sources.windows.security_ids import SECURITY
from vestige.sources.windows.who import PEOPLE
from vestige.sources.windows.words import code_words, protocol_word, readable

ROWS = [(provider, number, row) for provider, rows in PROVIDERS.items() for number, row in rows.items()]


def of(provider: str, number: int, channel: str = "", task: int = 0, severity: int = 0) -> Meaning:
    return meaning_of(provider, channel, number, task, severity)


def test_every_row_names_types_of_the_vocabulary_and_groups_that_exist() -> None:
    for provider, number, row in ROWS:
        assert {row.kind, row.failed} <= set(VOCABULARY), (provider, number)
        assert not VOCABULARY[row.kind].generic or provider == "openssh", (provider, number)
        assert number == "*" or number.isdecimal()
        assert all(len(spec) > 1 or spec in {*PEOPLE, "X", "C", ""} for spec in (row.actor, row.subject)), (
            provider,
            number,
        )
        assert row.outcome[:1] in {"", "+", "!", "%"}
        assert row.title


def test_no_row_stands_twice_and_no_section_hides_another() -> None:
    lines = [line for line in (SECURITY + OTHER).splitlines() if line and not line.startswith("[")]
    assert len(lines) == len(ROWS)
    sections = [line for line in (SECURITY + OTHER).splitlines() if line.startswith("[")]
    assert len(sections) == len(set(sections)) == len(PROVIDERS)
    assert all(short_provider(name) == name for name in PROVIDERS)


def test_an_event_that_is_a_failure_has_no_type_of_success() -> None:
    told = {row.kind for _, _, row in ROWS if row.outcome == "!"}
    assert not told & {"auth.login", "auth.privilege_used", "access.granted"}


@pytest.mark.parametrize(
    ("provider", "channel", "number", "kind"),
    [
        ("Microsoft-Windows-Security-Auditing", "Security", 4720, "account.created"),
        ("", "Security", 4720, "account.created"),
        ("", "Microsoft-Windows-Sysmon/Operational", 22, "network.dns"),
        ("", "Windows PowerShell", 400, "script.executed"),
        ("", "System", 7045, "service.installed"),
        ("", "System", 6005, "host.started"),
        ("", "System", 1, "host.clock_changed"),
        ("Vendor", "Security", 4720, "event.generic"),
        ("MsiInstaller", "Application", 11707, "software.installed"),
        ("Microsoft-Windows-TerminalServices-LocalSessionManager", "", 21, "auth.login"),
        ("Microsoft-Windows-TerminalServices-LocalSessionManager", "", 4711, "session.locked"),
    ],
)
def test_an_event_is_found_by_provider_or_by_the_channel_named_after_it(
    provider: str, channel: str, number: int, kind: str
) -> None:
    assert of(provider, number, channel).kind == kind


def test_what_no_table_knows_is_told_by_task_or_level() -> None:
    assert of("Microsoft-Windows-Security-Auditing", 9999, task=13568).kind == "logging.changed"
    assert of("Vendor", 1, severity=3).kind == "service.error"
    assert of("Vendor", 1).kind == "event.generic"
    assert of("Vendor", 1).title == "Vendor event 1"


@pytest.mark.parametrize(
    ("name", "text", "event", "expected"),
    [
        ("LogonType", "10", 4624, "remote interactive logon (type 10)"),
        ("LogonType", "77", 4624, "logon (type 77)"),
        ("SubStatus", "0xC0000072", 4625, "account disabled (0xC0000072)"),
        ("Status", "0x18", 4771, "wrong password (0x18)"),
        ("Status", "0x0", 4768, ""),
        ("Status", "0x77", 4625, "Status 0x77"),
        ("Status", "-1073741715", 4625, "wrong user name or password (-1073741715)"),
        ("Direction", "%%14592", 5156, "inbound"),
        ("AuditPolicyChanges", "%%8448, %%8450", 4719, "success removed, failure removed"),
        ("AccessMask", "0x1", 4663, "AccessMask 0x1"),
        ("CommandLine", "a \r\n b" + "c" * 400, 4688, "a b" + "c" * 294 + "…"),
    ],
)
def test_details_are_readable(name: str, text: str, event: int, expected: str) -> None:
    assert readable(name, text, event) == expected


def test_codes_that_are_none_say_nothing() -> None:
    assert [code_words(text, 4625) for text in ("", "x", "0x", "9" * 40, "٣")] == [""] * 5
    assert [protocol_word(text) for text in ("6", "17", "TCP", "0")] == ["tcp", "udp", "tcp", ""]
