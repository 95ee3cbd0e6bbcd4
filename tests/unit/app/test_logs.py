"""What a server says of its requests: everything that helps, and nothing that anybody brought along."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.world import world_in
from vestige.app.logs import JsonLines, TextLines, set_up
from vestige.model.errors import SettingsError, UsageError
from vestige.settings import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.world import World

PLANTED = "vst_planted0secret0that0must0never0be0in0a0line"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data = tmp_path_factory.mktemp("logs") / "data"
    with world_in(data, log_level="debug", log_format="json") as made:
        yield made
    set_up("warning", "text")


@contextlib.contextmanager
def said() -> Iterator[io.StringIO]:
    """What goes to standard error meanwhile."""
    text = io.StringIO()
    with contextlib.redirect_stderr(text):
        yield text


def lines(text: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.getvalue().splitlines()]


def test_a_request_is_a_line_with_what_helps(world: World) -> None:
    with said() as text:
        answer = world.client("owner").get("/v1/search", params={"q": "type:a.b"})
    assert answer.status_code == 200
    (line,) = [one for one in lines(text) if one["logger"] == "vestige.http"]
    assert line["request"] == answer.headers["x-request-id"]
    wanted = {"level": "info", "tenant": "default", "route": "/v1/search", "method": "GET", "status": 200}
    assert {name: line[name] for name in wanted} == wanted
    assert line["message"] == "GET /v1/search 200"
    assert line["ms"] > 0
    assert line["time"].endswith("Z")


def test_a_refusal_says_its_code(world: World) -> None:
    with said() as text:
        assert world.client("owner").get("/v1/search", params={"q": "type:"}).status_code == 422
    assert [one["code"] for one in lines(text) if "code" in one] == ["query"]


@pytest.mark.parametrize("form", ["json", "text"])
def test_nothing_that_is_brought_along_is_in_a_line(world: World, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up("debug", form)
    owner = world.client("owner")

    def fails(*_: object) -> None:
        raise ValueError(f"could not make sense of {PLANTED}")

    with said() as text:
        with world.as_token(PLANTED) as nobody:
            nobody.get(f"/v1/events/{PLANTED}")
        owner.get(f"/v1/events/{PLANTED}", headers={"X-Source-Id": PLANTED, "User-Agent": PLANTED})
        owner.get("/v1/search", params={"q": f'"{PLANTED}', PLANTED: PLANTED})
        owner.post("/v1/ingest/events", json={"event_type": PLANTED, "message": PLANTED})
        owner.post("/v1/ingest/events", content=f'{{"{PLANTED}'.encode(), headers={"Content-Type": "application/json"})
        owner.get(f"/nowhere/{PLANTED}?{PLANTED}")
        monkeypatch.setattr(world.installation.access, "authenticate", fails)
        assert owner.get("/v1/search").status_code == 500
        monkeypatch.undo()
        # What failed is told once it has been answered.
        until = time.monotonic() + 30
        while "ValueError" not in text.getvalue() and time.monotonic() < until:
            time.sleep(0.01)
    found = text.getvalue()
    assert PLANTED not in found
    assert "ValueError" in found, "what failed is told by its kind"
    assert "test_logs.py" in found, "and by where it came from"
    assert found.count("/v1/") >= 6
    set_up("debug", "json")


def test_our_own_errors_say_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("vestige.made"), "disabled", False)
    for form, first in ((JsonLines(), '{"time":'), (TextLines(), "error: vestige.made: it failed route=/a")):
        try:
            raise UsageError("no such thing", got="x")  # noqa: TRY301 - it is what is told
        except UsageError as error:
            info = (type(error), error, error.__traceback__)
        record = logging.LogRecord("vestige.made", logging.ERROR, __file__, 1, "it %s", ("failed",), info)
        record.route = "/a"
        line = form.format(record)
        assert line.startswith(first)
        assert "no such thing" in line


def test_forms_that_there_are_not_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="log_format"):
        load({"VESTIGE_LOG_FORMAT": "xml"}, data=tmp_path)
    assert load({"VESTIGE_LOG_FORMAT": "json"}, data=tmp_path).log_format == "json"


@pytest.mark.parametrize(
    "text", ["a\nerror: forged", "a\rb", "\x1b[2Jgone", "caf\udce9", "a\u202eb", "a\u2028b", "plain é"]
)
def test_whatever_a_message_quotes_is_one_line(text: str) -> None:
    """A file's name, or what another server said, forges no line, steers no terminal, and is never lost."""
    error = UsageError("it is refused", got=text)
    record = logging.LogRecord("vestige", logging.ERROR, "", 0, "said %s", (text,), (UsageError, error, None))
    line = TextLines().format(record)
    assert line.isprintable()
    assert line.count("forged") == text.count("forged") * 2
    assert ("é" in line) == ("é" in text)
    body = json.loads(JsonLines().format(record))
    assert (body["message"] == f"said {text}") == ("\udce9" not in text)
    assert "it is refused" in body["error"]
