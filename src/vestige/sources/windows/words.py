"""Codes in Windows events as words: logon types, status codes, Kerberos results, and the placeholders of tables.

References: MS-ERREF section 2.3.1 (NTSTATUS); RFC 4120 section 7.5.9 (Kerberos error codes);
learn.microsoft.com: events 4624, 4625, 4768, 4771, 4776.
"""

from __future__ import annotations

from functools import lru_cache

LOGON_TYPES = {
    "0": "system",
    "2": "interactive",
    "3": "network",
    "4": "batch",
    "5": "service",
    "7": "unlock",
    "8": "network, clear text",
    "9": "new credentials",
    "10": "remote interactive",
    "11": "cached interactive",
    "12": "cached remote interactive",
    "13": "cached unlock",
}

_STATUS = {
    0xC000005E: "no logon servers",
    0xC0000022: "access denied",
    0xC0000064: "no such user",
    0xC000006A: "wrong password",
    0xC000006C: "password policy not met",
    0xC000006D: "wrong user name or password",
    0xC000006E: "account restriction",
    0xC000006F: "outside the permitted hours",
    0xC0000070: "from a machine not permitted",
    0xC0000071: "password expired",
    0xC0000072: "account disabled",
    0xC000009A: "not enough resources",
    0xC00000DC: "security server in the wrong state",
    0xC0000133: "clocks too far apart",
    0xC000015B: "logon type not granted",
    0xC000018C: "trust relationship failed",
    0xC000018D: "trusted relationship failed",
    0xC0000192: "netlogon not started",
    0xC0000193: "account expired",
    0xC00000CC: "no such share",
    0xC0000224: "password must be changed first",
    0xC0000225: "not found",
    0xC0000234: "account locked out",
    0xC00002EE: "an error during the logon",
    0xC0000413: "authentication firewall",
}
_KERBEROS = {
    0x01: "client entry expired",
    0x02: "server entry expired",
    0x03: "protocol version not supported",
    0x06: "no such client",
    0x07: "no such server",
    0x08: "several entries of one name",
    0x09: "client or server has no key",
    0x0C: "policy refuses it",
    0x0D: "option not possible",
    0x0E: "encryption type not supported",
    0x0F: "checksum type not supported",
    0x10: "pre-authentication type not supported",
    0x12: "account disabled, expired or locked out",
    0x17: "password expired",
    0x18: "wrong password",
    0x19: "pre-authentication required",
    0x1B: "server needs user-to-user",
    0x1D: "service not available",
    0x1F: "integrity check failed",
    0x20: "ticket expired",
    0x21: "ticket not yet valid",
    0x22: "request is a replay",
    0x23: "ticket is not for this server",
    0x25: "clocks too far apart",
    0x28: "message type not valid",
    0x29: "message modified",
    0x3C: "generic error",
    0x44: "user-to-user ticket missing",
}
_SYMBOLS = {
    "%%1537": "delete",
    "%%1538": "read control",
    "%%1539": "write permissions",
    "%%1540": "take ownership",
    "%%1541": "synchronise",
    "%%1904": "new value",
    "%%1905": "value changed",
    "%%1906": "value deleted",
    "%%2304": "an error during the logon",
    "%%2305": "account expired",
    "%%2307": "account locked out",
    "%%2308": "logon type not granted",
    "%%2309": "password expired",
    "%%2310": "account disabled",
    "%%2311": "outside the permitted hours",
    "%%2312": "from a machine not permitted",
    "%%2313": "wrong user name or password",
    "%%2480": "open key",
    "%%2481": "create key",
    "%%2482": "delete key",
    "%%2458": "read persisted key",
    "%%2459": "write persisted key",
    "%%2457": "delete key file",
    "%%8448": "success removed",
    "%%8449": "success added",
    "%%8450": "failure removed",
    "%%8451": "failure added",
    "%%14592": "inbound",
    "%%14593": "outbound",
    "%%14674": "value added",
    "%%14675": "value deleted",
}
_PROTOCOLS = {"1": "icmp", "2": "igmp", "6": "tcp", "17": "udp", "47": "gre", "50": "esp", "58": "ipv6-icmp"}
_KERBEROS_EVENTS = frozenset({4768, 4769, 4770, 4771, 4772, 4773, 4820, 4821, 4824})
_CODES = frozenset({"Status", "SubStatus", "ErrorCode", "ResultCode", "ReturnCode", "hr"})


@lru_cache(maxsize=8192)
def number_in(text: str) -> int | None:
    """The number a field states in decimal or with ``0x``; none if it states none."""
    text = text.strip()
    if len(text) > 24 or not text.isascii():
        return None
    try:
        return int(text, 16) if text[:2] in {"0x", "0X"} else int(text)
    except ValueError:
        return None


def code_words(text: str, event: int) -> str:
    """What a status code says, or an empty string for one that is not known."""
    value = number_in(text)
    if value is None:
        return ""
    if value < 0:
        value += 1 << 32
    return _KERBEROS.get(value, "") if event in _KERBEROS_EVENTS and value else _STATUS.get(value, "")


def protocol_word(text: str) -> str:
    """A protocol's name from its number or name."""
    return _PROTOCOLS.get(text, "" if text.isdigit() and text == "0" else text.lower())


def readable(name: str, text: str, event: int) -> str:
    """A detail as a person reads it: logon types and codes as words, the rest on one line."""
    if name == "LogonType":
        return f"{LOGON_TYPES.get(text, '')} logon (type {text})".lstrip()
    if name in _CODES:
        value = number_in(text)
        words = code_words(text, event)
        if value == 0:
            return ""
        return f"{words} ({text})" if words else f"{name} {text}"
    if text.startswith("%%"):
        return ", ".join(said for word in text.split()[:8] if (said := _SYMBOLS.get(word.rstrip(","), "")))
    if text[:1].isdigit() and number_in(text) is not None:
        return f"{name} {text}"
    if len(text) > 300:
        text = text[:300] + "…"
    return " ".join(text.split())
