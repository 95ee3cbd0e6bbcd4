from __future__ import annotations

import base64
import gc
import json
import re
from dataclasses import replace
from random import Random
from time import process_time
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.model.errors import InputError, SettingsError, TooLargeError
from vestige.secrets import Found, Redactor, Report, load_rules
from vestige.secrets.chance import fill
from vestige.secrets.rules import compiled
from vestige.secrets.selftest import CANARIES, FORMS, LIVING, Canary

RULES = load_rules()
REDACTOR = Redactor(RULES, b"k" * 32)
MARKER = re.compile(r"\[redacted:[a-z0-9-]+:[0-9a-f]{16}\]")
TOKEN = fill("ghp_«alnum:36»", Random(1))
BODY = [fill("«base64:64»", Random(n)) for n in range(3)]
PEM = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *BODY, "-----END RSA PRIVATE KEY-----"])


def message(*blocks: str) -> bytes:
    return orjson.dumps({"message": {"content": [{"type": "text", "text": block} for block in blocks]}})


VECTORS = {
    "AWS's example of a key id": "AKIA" + "IOSFODNN7EXAMPLE",
    "GitHub": TOKEN,
    "JSON Web Token": fill("eyJhbGciOiJIUzI1NiJ9.eyJ«url:40».«url:43»", Random(2)),
    "Slack": fill("xoxb-«digit:12»-«alnum:24»", Random(3)),
    "Bearer": fill("Bearer «alnum:16»4«alnum:16»", Random(4)),
    "private key": PEM,
    "Anthropic": fill("sk-ant-api03-«url:90»", Random(5)),
}


@pytest.mark.parametrize("secret", VECTORS.values(), ids=list(VECTORS))
@pytest.mark.parametrize("form", [form for form in FORMS if form != "plain"])
def test_no_vector_remains_in_any_form(secret: str, form: str) -> None:
    canary = Canary("", secret, Random(0))
    canary._chance = [(m.start(), m.end()) for m in re.finditer(r"[A-Za-z0-9+/]{16,}", secret)]
    planted = FORMS[form](canary)
    assert any(trace in record.decode() for record in planted.records for trace in planted.traces)
    left = b"".join(record for record, _ in REDACTOR.records(planted.records)).decode()
    assert [trace for trace in planted.traces if trace in left] == []


@pytest.mark.parametrize(
    "text",
    [
        *(fill(shape, Random(9)) for shape in LIVING),
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "variable_name another_variable_name_2",
        "/home/me/.config/project/settings.local.json:12",
        "src/vestige/secrets/tokens/test_password_reset_token_generator.py",
        "input_tokens: 1234567890, output_tokens: 98765",
        "The password must have 12 characters, the token expires in 3600 seconds.",
        "curl -H 'Authorization: Bearer $TOKEN' https://api.example.com/v1/tokens",
        "git push https://github.com/example/repository.git",
        "class PasswordResetTokenGenerator2: pass",
    ],
)
def test_ids_digests_paths_and_code_live(text: str) -> None:
    assert REDACTOR.text(text) == (text, Report())
    for record in (message(text), message(json.dumps({"a": text})), message(text, text)):
        assert REDACTOR.json_line(record) == (record, Report())


def test_what_is_around_a_secret_stays_byte_for_byte() -> None:
    line = b'{ "a" :1.50,"text":"se\\u00e9 \\"' + TOKEN.encode() + b'\\" \xc3\xa9\\n", "n":null }\r\n'
    redacted, report = REDACTOR.json_line(line)
    (found,) = report.found
    marker = f"[redacted:github-token:{found.digest}]"
    assert redacted == line.replace(TOKEN.encode(), marker.encode())
    assert found == Found("github-token", found.digest, 1)


def test_one_secret_has_one_marker_per_key_wherever_it_stands() -> None:
    texts = [TOKEN, f"a {TOKEN} b", base64.b64encode(f"x={TOKEN}\n".encode()).decode(), quote(f"?t={TOKEN}", safe="")]
    marks = {MARKER.findall(REDACTOR.text(text)[0])[0] for text in texts}
    assert len(marks) == 1
    assert MARKER.findall(Redactor(RULES, b"l" * 32).text(TOKEN)[0])[0] not in marks
    assert MARKER.findall(REDACTOR.text(TOKEN[:-1] + "~")[0]) != list(marks)


def test_a_report_counts_markers_and_adds_up() -> None:
    _, once = REDACTOR.text(TOKEN)
    _, twice = REDACTOR.text(f"{TOKEN} {TOKEN}")
    assert [found.count for found in twice.found] == [2]
    assert [found.count for found in (once + twice).found] == [3]
    assert Report() + once == once
    assert not Report()


def test_a_secret_in_a_key_of_an_object_is_taken_out() -> None:
    redacted, _ = REDACTOR.json_line(orjson.dumps({"users": {TOKEN: 1}}))
    assert TOKEN not in redacted.decode()
    (key,) = orjson.loads(redacted)["users"]
    assert MARKER.fullmatch(key)


def test_a_number_that_is_a_password_becomes_a_text() -> None:
    rule = replace(RULES[-1], id="pin", keywords=RULES[-1].keywords[:1], pattern=compiled('secret_pin": ?([0-9]+)'))
    rule = replace(rule, group=1, entropy=0.0, allow=None)
    redacted, _ = Redactor([rule], b"k" * 16).json_line(b'{"secret_pin": 493817, "n": 493817}')
    answer = orjson.loads(redacted)
    assert MARKER.fullmatch(answer["secret_pin"])
    assert answer["n"] == 493817


@pytest.mark.parametrize("cut", range(4, len(TOKEN) - 4, 5))
def test_both_parts_of_a_secret_over_two_blocks_go(cut: int) -> None:
    for records in (
        [message("it is " + TOKEN[:cut], TOKEN[cut:] + " now")],
        [message("it is " + TOKEN[:cut]), message(TOKEN[cut:] + " now")],
    ):
        answers = list(REDACTOR.records(records))
        texts = [block["text"] for record, _ in answers for block in orjson.loads(record)["message"]["content"]]
        assert [MARKER.sub("*", text) for text in texts] == ["it is *", "* now"]
        assert len({mark for text in texts for mark in MARKER.findall(text)}) == 1


def test_a_secret_that_comes_in_chunks_of_a_stream_goes() -> None:
    chunks = [TOKEN[i : i + 4] for i in range(0, len(TOKEN), 4)]
    records = [orjson.dumps({"type": "delta", "delta": {"text": text}}) for text in ["it is ", *chunks, " now"]]
    answers = [orjson.loads(record)["delta"]["text"] for record, _ in REDACTOR.records(records)]
    assert "".join(MARKER.sub("", text) for text in answers) == "it is  now"


def test_strings_of_different_places_are_not_joined() -> None:
    record = orjson.dumps({"a": [TOKEN[:20]], "b": [TOKEN[20:]]})
    assert REDACTOR.json_line(record) == (record, Report())


@pytest.mark.parametrize(
    "text",
    [
        PEM,
        PEM.replace("\n", "\\n"),
        "\n".join(PEM.splitlines()[:-1]),
        "\n".join(PEM.splitlines()[:-2]) + "\n" + BODY[2][:20],
        "\n".join(f"{n:>6}→{line}" for n, line in enumerate(PEM.splitlines(), 1)),
        "\n".join(f"+{line}" for line in PEM.splitlines()),
        json.dumps(PEM.splitlines()),
        PEM.replace("\n", "\r\n"),
        json.dumps({"key": json.dumps({"pem": PEM})}),
    ],
    ids=["plain", "escaped", "no end", "torn", "numbered", "patch", "list", "crlf", "nested"],
)
def test_the_whole_body_of_a_private_key_goes(text: str) -> None:
    for left in (REDACTOR.text(text)[0], REDACTOR.json_line(message(text))[0].decode()):
        assert [part for line in BODY for part in (line[:16], line[16:32], line[-16:]) if part in left] == []


def test_encodings_in_one_another_are_looked_into() -> None:
    inner = base64.b64encode(json.dumps({"t": TOKEN}).encode()).decode()
    twice = base64.b64encode(f"data: {inner}".encode()).decode()
    wrapped = base64.encodebytes(("x" * 50 + f" {TOKEN} " + "y" * 90).encode()).decode()
    for text in (inner, twice, wrapped, TOKEN.encode().hex(), TOKEN.encode().hex().upper(), f"path/to/{inner}"):
        redacted, report = REDACTOR.text(f"a {text} b")
        assert MARKER.sub("*", redacted) in {"a * b", "a *\n b"}
        assert [found.rule for found in report.found] == ["github-token"]


def test_two_secrets_in_one_run_are_both_told() -> None:
    other = fill("glpat-«alnum:20»", Random(3))
    redacted, report = REDACTOR.text(base64.b64encode(f"{TOKEN} {other}".encode()).decode())
    assert sorted(found.rule for found in report.found) == ["github-token", "gitlab-token"]
    assert MARKER.sub("", redacted) == ""


def test_a_line_that_only_should_be_json_is_redacted_all_the_same() -> None:
    for line in (
        b'{"type":"assistant","text":"' + TOKEN.encode(),
        TOKEN.encode(),
        b"\xff\xfe" + TOKEN.encode(),
        b'{"a":"\\',
    ):
        redacted, _ = REDACTOR.json_line(line)
        assert TOKEN.encode() not in redacted
    assert REDACTOR.json_line(b"") == (b"", Report())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def planted(draw: st.DrawFn) -> tuple[Any, str]:
    rule = draw(st.sampled_from(sorted(CANARIES)))
    canary = Canary(*CANARIES[rule], Random(draw(st.integers(0, 1 << 30))))
    text = canary.before + canary.secret
    for _ in range(draw(st.integers(0, 2))):
        text = json.dumps({draw(st.sampled_from(["a", "text"])): text}, ensure_ascii=draw(st.booleans()))
    tree = {
        draw(st.text(max_size=5)): draw(JSON),
        "content": [{"text": draw(st.text(max_size=9)) + " " + text}, draw(JSON)],
    }
    return tree, canary.traces()[0]


@given(planted(), st.booleans())
def test_json_stays_json_and_redacting_twice_changes_nothing(case: tuple[Any, str], spaced: bool) -> None:
    tree, trace = case
    line = json.dumps(tree, indent=1 if spaced else None).encode()
    redacted, report = REDACTOR.json_line(line)
    again = json.loads(redacted)
    assert report
    assert trace not in redacted.decode()
    assert again.keys() == tree.keys()
    assert REDACTOR.json_line(redacted) == (redacted, Report())


@given(st.text(max_size=200) | st.text("aA1_-=:\"'\\/.@{}[] \nbsk", max_size=200))
def test_redacting_any_text_twice_changes_nothing(text: str) -> None:
    once, _ = REDACTOR.text(f"password = {text} token: {text}")
    assert REDACTOR.text(once) == (once, Report())


HOSTILE = {
    "headers of keys": "-----BEGIN RSA PRIVATE KEY-----\n",
    "quotes": '"',
    "backslashes": "\\",
    "escaped quotes": '\\"',
    "names": "password=",
    "names and quotes": 'password="',
    "addresses": "a://b:c",
    "percents": "%25",
    "base64": base64.b64encode(b"ghp_").decode().rstrip("="),
    "wrapped base64": "A" * 64 + "\n",
    "hexadecimal": b"ghp_".hex(),
    "brackets": "[",
    "objects": '{"a":',
    "cookies": "cookie: sid=",
    "curl": "curl -u a",
    "tokens": TOKEN + " ",
    "markers": "[redacted:a:0123456789abcdef]",
    "sas": "?sv=1&",
    "jwt": "eyJ",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=list(HOSTILE))
def test_the_time_grows_like_the_text(unit: str) -> None:
    def seconds(size: int) -> float:
        text = (unit * (size // len(unit) + 1))[:size]
        best = float("inf")
        for _ in range(3):
            gc.collect()  # else what other tests left is paid for here
            begin = process_time()
            REDACTOR.text(text)
            REDACTOR.json_line(text.encode())
            REDACTOR.json_line(message(text[: len(text) // 2], text[len(text) // 2 :]))
            best = min(best, process_time() - begin)
        return best

    # 16 times the text: linear is 16, quadratic 256. The machine may be several times slower in between.
    small, large = seconds(4 << 10), seconds(64 << 10)
    assert large < 16 * 8 * max(small, 0.0005), f"{small:.4f} s for 4 KiB, {large:.4f} s for 64 KiB"


def test_a_record_has_a_bound() -> None:
    redactor = Redactor(RULES, b"k" * 32, longest=1000)
    assert redactor.json_line(b" " * 1000) == (b" " * 1000, Report())
    assert redactor.text("é" * 500)[1] == Report()
    with pytest.raises(TooLargeError, match="at most 1000 bytes"):
        redactor.json_line(b" " * 1001)
    with pytest.raises(TooLargeError):
        redactor.text("é" * 501)


def test_what_waits_has_a_bound() -> None:
    redactor = Redactor(RULES, b"k" * 32, longest=1000)
    taken = 0

    def lines() -> Any:
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield b'{"n": "%d"}' % number

    ahead = 0
    for given_back, _ in enumerate(redactor.records(lines())):
        ahead = max(ahead, taken - given_back)
    assert taken == 1000
    assert 2 < ahead <= 34


def test_a_key_must_be_long_enough() -> None:
    with pytest.raises(SettingsError, match="16 bytes or more"):
        Redactor(RULES, b"k" * 15)
    assert Redactor(RULES, b"k" * 16).text(TOKEN)[1]


def test_a_rule_that_goes_on_for_ever_is_refused_and_not_let_through() -> None:
    rule = replace(RULES[0], id="chain", keywords=RULES[0].keywords[:1], pattern=compiled(r"\bab"), group=0)
    rule = replace(rule, keywords=(rule.keywords[0]._replace(text="aba"),), entropy=0.0, allow=None)
    redactor = Redactor([rule], b"k" * 16)
    assert MARKER.sub("*", redactor.text("ab aba ab")[0]) == "* *a *"
    with pytest.raises(InputError, match="come to an end"):
        redactor.text("ab" * 40)
