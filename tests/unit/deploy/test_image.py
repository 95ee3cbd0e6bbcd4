"""The image's recipe: linted, and true to the product. That it can be built no test shows: docs/deployment.md."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from support.deploying import DEPLOY, ROOT
from vestige.settings import load

DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def lint(text: str) -> str:
    """What the linter of Dockerfiles says."""
    program = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([program, "--no-color", "-"], input=text.encode(), capture_output=True, check=False)
    return (done.stdout + done.stderr).decode()


def test_the_linter_has_nothing_to_say() -> None:
    assert lint(DOCKERFILE) == ""


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("FROM ${PYTHON_IMAGE} AS run", "FROM python AS run", "DL3006"),
        ("COPY src src", "ADD src src", "DL3020"),
        ('ENTRYPOINT ["vestige"]', "ENTRYPOINT vestige", "DL3025"),
        ("STOPSIGNAL SIGTERM", "STOPSIGANL SIGTERM", "unexpected"),
    ],
)
def test_the_linter_sees_what_is_wrong(old: str, new: str, code: str) -> None:
    assert old in DOCKERFILE
    assert code in lint(DOCKERFILE.replace(old, new))


def instructions(text: str) -> list[tuple[str, str]]:
    """Word and rest of each instruction, continued lines joined and comments left out."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return [
        (line.split()[0], line.split(None, 1)[1]) for line in lines.replace("\\\n", " ").splitlines() if line.strip()
    ]


def faults(text: str) -> list[str]:
    """What an image made so would lack of what is promised of it."""
    found = []
    last = text[text.rindex("\nFROM ") :]
    run = instructions(last)
    users = [rest for word, rest in run if word == "USER"]
    if not users or not re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1]):
        found.append("runs as root, or as a name that Kubernetes cannot tell from root")
    words = [word for word, _ in run]
    if "USER" in words and "COPY" in words[words.index("USER") :]:
        found.append("brings files after it gave up root: they would belong to who runs")
    if "--chown" in last:
        found.append("who runs may change the program")
    if "HEALTHCHECK" not in words:
        found.append("nobody looks whether it lives")
    if "--require-hashes" not in text or "--only-binary :all:" not in text:
        found.append("installs what nobody has locked")
    if re.search(r"^ARG \w+_IMAGE=[^:\n]+$", text, re.MULTILINE):
        found.append("a base without a tag: another one at each build")
    if re.search(r"^FROM (?!\$\{)", text, re.MULTILINE):
        found.append("a base that cannot be named by its digest")
    return found


def test_the_image_is_what_is_promised() -> None:
    assert faults(DOCKERFILE) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("USER 10001:10001", "USER root"),
        ("USER 10001:10001", "USER vestige"),
        ("USER 10001:10001", "USER 0:0"),
        ("COPY --from=environment", "COPY --chown=10001 --from=environment"),
        ("HEALTHCHECK", "# HEALTHCHECK"),
        ("--require-hashes ", ""),
        ("--only-binary :all: ", ""),
        ("FROM ${PYTHON_IMAGE} AS run", "FROM python:3.11 AS run"),
        ("WORKDIR /var/lib/vestige", "COPY src /src"),
        ("ARG PYTHON_IMAGE=python:3.11-slim-bookworm", "ARG PYTHON_IMAGE=python"),
    ],
)
def test_an_image_that_is_not_is_noticed(old: str, new: str) -> None:
    assert old in DOCKERFILE
    assert faults(DOCKERFILE.replace(old, new)) != []


def test_its_environment_is_understood_and_lies_in_its_volumes() -> None:
    run = instructions(DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :])
    given = dict(pair.split("=", 1) for word, rest in run if word == "ENV" for pair in rest.split())
    settings = load({name: value for name, value in given.items() if name.startswith("VESTIGE_")})
    volumes = [Path(one) for word, rest in run if word == "VOLUME" for one in re.findall(r'"([^"]+)"', rest)]
    assert len(volumes) == 2
    assert settings.data.parent == volumes[0]
    assert settings.signer.parent == volumes[1]
    assert settings.host == "0.0.0.0"  # noqa: S104 - within a container
    assert f"EXPOSE {settings.port}\n" in DOCKERFILE


def test_its_version_and_python_are_the_products() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"ARG VERSION={project['version']}\n" in DOCKERFILE
    base = re.search(r"ARG PYTHON_IMAGE=(python:(\d\.\d+)-\S+)", DOCKERFILE)
    assert base is not None
    assert base[2] == project["requires-python"].removeprefix(">=")
    assert f'base.name="{base[1]}"' in DOCKERFILE


def test_the_builder_is_given_all_that_is_copied_and_no_more() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    copied = {
        source
        for word, rest in instructions(DOCKERFILE)
        if word == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    }
    assert copied == let_in
    assert all((ROOT / source).exists() for source in copied)
    kept_out = set(lines) - {f"!{one}" for one in let_in}
    assert {"src/vestige/web/static", "ui/node_modules"} <= kept_out
