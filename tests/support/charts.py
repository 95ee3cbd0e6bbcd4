"""The chart as an installation gets it: values joined and checked against their schema, templates rendered."""

from __future__ import annotations

import functools
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from support.gotemplates import Templates

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "helm" / "vestige"


class ValuesError(Exception):
    """Values that the chart's schema refuses."""


def defaults() -> dict[str, Any]:
    """values.yaml."""
    found: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    return found


def joined(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Values over values, mapping by mapping, as Helm joins them."""
    out = deepcopy(under)
    for name, value in over.items():
        both = isinstance(value, dict) and isinstance(out.get(name), dict)
        out[name] = joined(out[name], value) if both else deepcopy(value)
    return out


def check(values: dict[str, Any]) -> None:
    """Hold values against the schema that Helm holds them against.

    Raises:
        ValuesError: it refuses them.
    """
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    errors = [f"{'.'.join(map(str, e.instance_path))}: {e.message}" for e in jsonschema_rs.iter_errors(schema, values)]
    if errors:
        raise ValuesError("\n".join(errors))


def templates(changed: dict[str, str]) -> Templates:
    """The chart's templates; some of them with another text."""
    found = Templates()
    for path in sorted((CHART / "templates").iterdir()):
        found.add(path.name, changed.get(path.name, path.read_text(encoding="utf-8")))
    return found


_as_it_is = functools.cache(lambda: templates({}))


def rendered(values: dict[str, Any] | None = None, changed: dict[str, str] | None = None) -> dict[str, str]:
    """What each template gives for these values over the defaults.

    Raises:
        ValuesError: the schema refuses the values.
        TemplateError: a template does.
    """
    merged = joined(defaults(), values or {})
    check(merged)
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    data = {
        "Values": merged,
        "Chart": {"Name": chart["name"], "Version": chart["version"], "AppVersion": chart["appVersion"]},
        "Release": {"Name": "evidence", "Namespace": "forensics", "Service": "Helm"},
    }
    found = templates(changed) if changed else _as_it_is()
    return {name: found.render(name, data) for name in found.files if not name.startswith("_")}


def objects(values: dict[str, Any] | None = None, changed: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """The objects of Kubernetes that come of it. Raises as :func:`rendered` does."""
    texts = rendered(values, changed)
    texts = {name: text for name, text in texts.items() if name.endswith(".yaml")}
    return [one for text in texts.values() for one in yaml.load_all(text, yaml.CSafeLoader) if one]
