"""Small shared readings of single values: addresses, ports, severities, outcomes, text.

Every function here takes whatever a source put in a field and answers with a value the event model allows, or with
the model's "nothing": a wrong address gives an empty field, never an error, and stays to be seen in the attributes.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from vestige.model.event import SEVERITY_WORDS, Event, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

make_event: Callable[[Sequence[object]], Event] = partial(tuple.__new__, Event)
"""An event from all its fields in order, several times cheaper than naming them. Nothing counts them here: the tests
hold every format's events to the model."""

EMPTY: dict[str, object] = {}


@lru_cache(maxsize=65536)
def canonical_ip(text: str) -> str:
    """The canonical text of an IP address, or an empty string.

    Of a chain ``a, b`` the first counts. Understands brackets, a port behind an IPv4 or bracketed address, a zone id
    (``fe80::1%eth0``: dropped, it means something on one machine only), a prefix length of a single host, and IPv4
    mapped into IPv6 (given as IPv4).
    Leading zeros in IPv4 are refused: they read as octal in some programs and as decimal in others.
    """
    text = text.partition(",")[0].strip()
    if text.startswith("["):
        text, bracket, _ = text[1:].partition("]")
        if not bracket:
            return ""
    elif text.count(":") == 1:
        text, _, port = text.partition(":")
        if port and not (port.isascii() and port.isdigit()):
            return ""
    if text.endswith(("/32", "/128")) and ("/32" in text) == (":" not in text):
        text = text.partition("/")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    if address.version == 6 and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


def ip_of(value: object) -> str:
    """The canonical address in a field, or an empty string; of a list or ``a, b`` chain the first."""
    if isinstance(value, str):
        return canonical_ip(value)
    if isinstance(value, list) and value:
        return ip_of(value[0]) if isinstance(value[0], str) else ""
    return ""


@lru_cache(maxsize=4096)
def port_of_text(text: str) -> int:
    """A port number, or 0."""
    if text.isascii() and text.isdigit() and len(text) <= 5:
        number = int(text)
        return number if number <= 65535 else 0
    return 0


def port_of(value: object) -> int:
    """The port in a field, or 0."""
    if isinstance(value, str):
        return port_of_text(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 65535:
        return value
    return 0


@lru_cache(maxsize=1024)
def _severity_word(word: str) -> int:
    word = word.strip().lower()
    if word in SEVERITY_WORDS:
        return SEVERITY_WORDS[word]
    return int(word) if word in {"0", "1", "2", "3", "4"} else 0


def severity_of(value: object) -> int:
    """Our five steps from a source's word. Numbers are read only as our own 0 to 4: every source counts its own way."""
    if isinstance(value, str):
        return _severity_word(value) if len(value) < 24 else 0
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 4:
        return value
    return 0


def severity_known(value: object) -> bool:
    """Whether a value says one of our five steps, rather than being read as the lowest for want of a better."""
    if isinstance(value, str):
        return len(value) < 24 and (value.strip().lower() in SEVERITY_WORDS or value in {"0", "1", "2", "3", "4"})
    return type(value) is int and 0 <= value <= 4


_ENDINGS = {
    Outcome.SUCCESS: """success succeeded successful successfully ok true allow allowed permit permitted passed pass
        accepted granted 0 completed s""",
    Outcome.FAILURE: """failure failed fail error false deny denied refused rejected blocked block forbidden
        unauthorized invalid fraud timeout f""",
    Outcome.UNKNOWN: "unknown pending",
}
_OUTCOMES = {word: str(outcome) for outcome, words in _ENDINGS.items() for word in words.split()}


@lru_cache(maxsize=1024)
def _outcome_word(word: str) -> str:
    return _OUTCOMES.get(word.strip().lower(), "")


def outcome_of(value: object) -> str:
    """Success, failure, unknown, or empty where the word says none of them."""
    if isinstance(value, str):
        return _outcome_word(value) if len(value) < 24 else ""
    if value is True:
        return "success"
    if value is False:
        return "failure"
    return ""


def text_of(value: object) -> str:
    """A scalar as text; empty for nothing and for structures."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def mapping(value: object) -> Mapping[str, object]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else EMPTY


def tags_of(value: object) -> tuple[str, ...]:
    """The tags in a field: a list of scalars, or text with commas."""
    if isinstance(value, list):
        try:
            "".join(value)
        except TypeError:
            value = [text_of(item) for item in value]
        return tuple(value) if "" not in value else tuple(filter(None, value))
    if isinstance(value, str) and value:
        return tuple(word for part in value.split(",") if (word := part.strip()))
    return ()


def keys_of(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Correlation keys without empty values and repetitions, in order."""
    return tuple(dict.fromkeys(pair for pair in pairs if pair[1]))


def host_key(name: str) -> tuple[tuple[str, str], ...]:
    """A machine's name as a correlation key; none for an address, and for names that every machine has."""
    local = name.lower().partition(".")[0] in {"", "localhost", "[local]"}
    return () if local or canonical_ip(name) else (("host", name),)


def decode(payload: bytes) -> tuple[str, bool]:
    """A payload as text for views, and whether bytes that are no UTF-8 had to be replaced."""
    try:
        return payload.decode(), False
    except UnicodeDecodeError:
        return payload.decode("utf-8", "replace"), True


REPLACED = "encoding:replaced"
"""The tag of an event whose payload is no UTF-8: its text is for views, the payload itself is untouched."""
