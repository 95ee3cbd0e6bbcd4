"""A tenant is made whole, or what was begun opens nothing and is gone on with: a crash at any step loses none."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from support.world import World, world_in
from vestige.access import Access
from vestige.ledger import Ledger
from vestige.model.errors import ConflictError, NotFoundError
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BY = Principal("local:0")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("new") / "data") as made:
        yield made


class CrashError(Exception):
    """The process ends here."""


def crashing(*_: Any, **__: Any) -> Any:
    raise CrashError


def made_twice(world: World, slug: str) -> list[str]:
    """The tenant's own acts, by what they are."""
    entries = world.client("here").get("/v1/audit", headers={"X-Vestige-Tenant": slug}).json()["entries"]
    return [one["action"] for one in entries][::-1]


def brought(folder: Path, name: str) -> Path:
    file = folder / name
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(file)], check=True, capture_output=True)
    file.chmod(0o600)
    return file


@pytest.mark.parametrize("step", ["create_log", "transact"])
def test_what_was_begun_is_gone_on_with(world: World, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    access, slug = world.installation.access, f"crash-{step.replace('_', '-')}"
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, step, crashing)
        with pytest.raises(CrashError):
            access.new_tenant(slug, BY)
    with world.installation.db.read() as connection:
        keys = sa.text("SELECT count(*) FROM access_keys WHERE tenant = :tenant")
        assert connection.scalar(keys, {"tenant": access.tenant(slug).id}) == 0
    made = access.new_tenant(slug, BY)
    with world.as_token(made["token"]) as owner:
        assert owner.get("/v1/whoami").json()["tenant"] == slug
    acts = [act for act in made_twice(world, slug) if act in {"tenant.created", "key.created"}]
    assert acts == ["tenant.created", "key.created"]
    with pytest.raises(ConflictError, match="of that name"):
        access.new_tenant(slug, BY)


def test_the_key_that_is_brought_is_the_key_or_nothing_is_made(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    access, one, other = world.installation.access, brought(tmp_path, "one"), brought(tmp_path, "other")
    with monkeypatch.context() as patch:
        patch.setattr(Access, "first_owner_token", crashing)
        with pytest.raises(CrashError):
            access.new_tenant("brought", BY, one)
    with pytest.raises(ConflictError, match="another signing key"):
        access.new_tenant("brought", BY, other)
    assert access.new_tenant("brought", BY, one)["token"].startswith("vst_")
    with pytest.raises(NotFoundError):
        access.tenant("never-made")


def test_of_two_who_make_it_at_once_one_does(world: World) -> None:
    def make(_: int) -> str:
        try:
            return str(world.installation.access.new_tenant("raced", BY)["token"])
        except ConflictError:
            return ""

    with ThreadPoolExecutor(4) as pool:
        tokens = [one for one in pool.map(make, range(4)) if one]
    assert len(tokens) == 1
    assert made_twice(world, "raced").count("tenant.created") == 1
