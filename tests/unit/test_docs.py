"""The documentation keeps up: every name users meet appears in it, and every command the README shows exists."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import click
import pytest

from vestige.api import create_api
from vestige.cli import cli
from vestige.model import errors
from vestige.model.errors import VestigeError
from vestige.model.vocabulary import VOCABULARY
from vestige.query.fields import ALIASES, FIELDS
from vestige.secrets import load_rules
from vestige.settings import Settings
from vestige.sources import formats

ROOT = Path(__file__).resolve().parents[2]
DOCS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
FORMATS = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "formats").glob("*.md"))


def missing(names: list[str], text: str) -> list[str]:
    return [name for name in names if name not in text]


def test_every_setting_is_documented() -> None:
    names = [f"VESTIGE_{item.name.upper()}" for item in fields(Settings)]
    assert missing([f"`{name}`" for name in names], DOCS["settings.md"]) == []


def test_every_documented_setting_exists() -> None:
    named = set(re.findall(r"`VESTIGE_([A-Z_]+)`", DOCS["settings.md"])) - {"SERVER", "TOKEN"}
    assert named - {item.name.upper() for item in fields(Settings)} == set()


def test_every_error_code_is_documented() -> None:
    codes = [cls.code for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, VestigeError)]
    assert missing([f"| `{code}` |" for code in codes], DOCS["errors.md"]) == []


def test_every_event_type_is_documented_with_its_meaning() -> None:
    rows = [f"| `{name}` | {info.category} | {info.meaning}" for name, info in VOCABULARY.items()]
    assert missing(rows, DOCS["events.md"]) == []


def test_every_format_is_documented() -> None:
    assert missing([f"| `{name}` |" for name in formats()], FORMATS) == []


def test_every_secret_rule_is_documented() -> None:
    assert missing([f"| `{rule.id}` | {rule.title} |" for rule in load_rules()], DOCS["secrets.md"]) == []


def commands(group: click.Group, prefix: str = "vestige") -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        found.append((f"{prefix} {name}", command))
        if isinstance(command, click.Group):
            found += commands(command, f"{prefix} {name}")
    return found


@pytest.mark.parametrize(("name", "command"), commands(cli), ids=[name for name, _ in commands(cli)])
def test_every_command_and_option_is_documented(name: str, command: click.Command) -> None:
    text = DOCS["commands.md"]
    short = name.removeprefix("vestige ")
    assert f"`{name}" in text or f"`{short}" in text
    options = [option for param in command.params if isinstance(param, click.Option) for option in param.opts]
    assert [option for option in options if not re.search(rf"{re.escape(option)}\b(?!-)", text)] == []


def test_every_command_the_readme_shows_exists() -> None:
    known = {name for name, _ in commands(cli)}
    shown = re.findall(
        r"^vestige ([a-z]+(?: [a-z]+)?)", (ROOT / "README.md").read_text() + DOCS["quickstart.md"], re.MULTILINE
    )
    assert len(shown) >= 10
    for words in shown:
        assert {f"vestige {words}", f"vestige {words.split()[0]}"} & known, words
    targets = re.findall(r"^make ([a-z-]+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text()
    assert targets
    assert all(f"\n{target}:" in makefile for target in targets)


def test_every_path_is_documented() -> None:
    class Nothing:
        settings = Settings()

    paths = create_api(Nothing()).openapi()["paths"]  # type: ignore[arg-type]
    assert missing([f"`{path}`" for path in paths], DOCS["http.md"]) == []


def test_every_adr_and_page_is_reachable_from_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert missing([f"({page})" for page in pages if page != "README.md"], index) == []


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")), ids=lambda p: p.name
)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_name_a_query_may_use_is_documented() -> None:
    assert missing([f"`{name}`" for name in ALIASES], DOCS["query.md"]) == []
    unlisted = [name for name in FIELDS if "." not in name and f"`{name}`" not in DOCS["query.md"]]
    assert unlisted == []
