from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from vestige.model.errors import SettingsError, UsageError
from vestige.sources import registry
from vestige.sources.general.json_lines import JsonFormat


class Other(JsonFormat):
    name = "other"


class NoFormat:
    name = "none"


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Any:
    def install(*points: EntryPoint) -> None:
        monkeypatch.setattr(registry, "entry_points", lambda group: points if group == "vestige.sources" else ())
        registry.formats.cache_clear()

    yield install
    registry.formats.cache_clear()


def point(name: str, monkeypatch: pytest.MonkeyPatch, made: Any) -> EntryPoint:
    monkeypatch.setattr(registry, f"plugin_{name}", made, raising=False)
    return EntryPoint(name, f"{registry.__name__}:plugin_{name}", "vestige.sources")


def test_built_in_formats_have_names_of_their_own() -> None:
    names = [form.name for form in registry.built_in()]
    assert len(set(names)) == len(names)
    assert {"cloudtrail", "csv", "json", "syslog", "timesketch"} <= set(names)
    assert registry.format_named("syslog").name == "syslog"


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        registry.format_named("evtz")
    assert caught.value.expected == ", ".join(sorted(registry.formats()))


def test_third_parties_add_a_format_as_object_or_maker(plugins: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins(point("a", monkeypatch, Other()))
    assert registry.format_named("other").version == "1"
    plugins(point("a", monkeypatch, Other))
    assert registry.formats()["other"].detect is not None


@pytest.mark.parametrize("made", [NoFormat(), NoFormat, 5, JsonFormat(), lambda: 1 / 0])
def test_what_is_no_format_of_its_own_stops_the_start(plugins: Any, monkeypatch: pytest.MonkeyPatch, made: Any) -> None:
    plugins(point("a", monkeypatch, made))
    with pytest.raises(SettingsError):
        registry.formats()


def test_a_plugin_that_cannot_be_imported_stops_the_start(plugins: Any) -> None:
    plugins(EntryPoint("a", "no_such_module:thing", "vestige.sources"))
    with pytest.raises(SettingsError, match="does not load"):
        registry.formats()
