"""What lies in deploy/, as it is read by the programs it is for."""

from __future__ import annotations

import functools
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import hcl2
import yaml
from compose_spec import PyCompose

from vestige.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
SECRETS = {item.name.upper() for item in fields(Settings) if not item.repr}
"""Names of settings that are secret."""
PLAIN = {item.name.upper() for item in fields(Settings) if item.repr}
"""Names of those that are not."""
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^{}]*))?\}")
"""One in which there is no other."""


def unknown_settings(text: str) -> set[str]:
    """Names in a text that look like settings of Vestige, and are none: at a server's start each would be an error."""
    named = set(re.findall(r"\bVESTIGE_([A-Z][A-Z_]*[A-Z])\b", text))
    return named - SECRETS - PLAIN - {f"{name}_FILE" for name in SECRETS}


@functools.cache
def routes() -> set[str]:
    """The paths that a server answers: the page of permissions is made from its routes, and a test holds them together.

    The server itself would take seconds to be read.
    """
    page = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `(?:GET|POST|PUT|PATCH|DELETE)` \| `(/[^`]*)` \|", page, re.MULTILINE))


class ComposeError(Exception):
    """A compose file that Compose would refuse, or that names what is not there."""


class _Loader(yaml.SafeLoader):
    """YAML with the one tag of Compose's that is used here."""


class _Instead(list[Any]):
    """A list that stands in the place of the one below it."""


def _instead(loader: _Loader, node: Any) -> list[Any]:
    return _Instead(loader.construct_sequence(node))


_Loader.add_constructor("!override", _instead)


def stack(*names: str, text: str | None = None, **environ: str) -> dict[str, Any]:
    """Compose files of deploy/ as one project: joined, variables filled in, references looked at.

    Args:
        names: of the files, each over those before it.
        text: what stands in the last of them instead.
        environ: the environment Compose is called in.

    Raises:
        ComposeError: some of it is no compose file, a variable is missing, or a reference leads nowhere.
    """
    merged: dict[str, Any] = {}
    for name in names:
        body = (DEPLOY / name).read_text(encoding="utf-8") if text is None or name != names[-1] else text
        while _VARIABLE.search(body):
            body = _VARIABLE.sub(lambda match: _filled(match, environ), body)
        try:
            PyCompose.from_yaml(body.replace("!override ", ""))
        except ValueError as error:
            raise ComposeError(f"{name}: {error}") from None
        merged = _over(merged, yaml.load(body, _Loader))  # noqa: S506 - a safe loader with one more tag
    for name, service in merged["services"].items():
        _look(merged, name, service)
    return merged


def _filled(match: re.Match[str], environ: dict[str, str]) -> str:
    name, sign, rest = match.groups()
    if environ.get(name):
        return environ[name]
    if sign != "-":
        raise ComposeError(f"{name} is not set: {rest}")
    return str(rest)


def _over(under: Any, over: Any, name: str = "") -> Any:
    """One value over another as Compose merges them: lists add up, but commands, and where ``!override`` says so."""
    if isinstance(under, dict) and isinstance(over, dict):
        return under | {name: _over(under.get(name), value, name) for name, value in over.items()}
    adds = isinstance(under, list) and isinstance(over, list) and not isinstance(over, _Instead)
    return [*under, *over] if adds and name not in {"command", "entrypoint", "test"} else over


def _look(merged: dict[str, Any], name: str, service: dict[str, Any]) -> None:
    for kind in ("secrets", "networks"):
        lacking = set(service.get(kind, [])) - set(merged.get(kind, {}))
        if lacking:
            raise ComposeError(f"{name}: no such {kind}: {sorted(lacking)}")
    for mount in service.get("volumes", []):
        source = mount.split(":")[0]
        there = (DEPLOY / source).exists() if source.startswith(".") else source in merged["volumes"]
        if not there:
            raise ComposeError(f"{name}: no such volume: {source}")
    if set(service.get("depends_on", {})) - set(merged["services"]):
        raise ComposeError(f"{name}: depends on a service that is not there")


@functools.cache
def terraform(folder: Path) -> dict[str, Any]:
    """A module of Terraform, its files as one: kinds of blocks, each a list."""
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.tf")):
        with path.open(encoding="utf-8") as file:
            for kind, blocks in hcl2.load(file).items():
                found.setdefault(kind, []).extend(blocks)
    return found


def blocks(module: dict[str, Any], kind: str) -> dict[str, Any]:
    """A module's blocks of one kind by their labels, joined with points."""
    found: dict[str, Any] = {}
    for block in module.get(kind, []):
        for first, body in block.items():
            label = first.strip('"')
            inner = [name for name in body if name.startswith('"')] if isinstance(body, dict) else []
            if inner:
                found |= {f"{label}.{name.strip(chr(34))}": body[name] for name in inner}
            elif isinstance(body, dict):
                found[label] = body
    return found
