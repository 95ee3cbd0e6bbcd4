"""What deploy/ sets up, with the real programs: PostgreSQL's two roles, secrets from files, the look at its health.

As the containers have it, without the containers: the server is given its environment as the compose file gives it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import make_url

from support.program import Vestige, environment, serving
from vestige.db import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.postgres import Postgres

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
ROLES = ("vestige_owner", "vestige_app")


def make_roles(server: Postgres, database: str, secrets: Path, user: str = "") -> subprocess.CompletedProcess[str]:
    """Run roles.sh as an operator does, by libpq's variables."""
    fields = conninfo_to_dict(server._conninfo)
    given = {"PGHOST": fields["host"], "PGPORT": fields.get("port"), "PGPASSWORD": fields.get("password")}
    env = {name: str(value) for name, value in given.items() if value is not None}
    env |= {"PGUSER": user or str(fields["user"]), "PGDATABASE": database, "SECRETS": str(secrets)}
    return subprocess.run(
        ["sh", DEPLOY / "postgres" / "roles.sh"], env=os.environ | env, capture_output=True, text=True, check=False
    )


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    """A database of its own; the roles are the whole server's, so they go with it."""
    name = postgres.create()
    yield name
    postgres.drop(name)
    for role in (*ROLES, "managed"):
        postgres.run(f"DROP ROLE IF EXISTS {role}")


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    subprocess.run([DEPLOY / "secrets.sh", folder], check=True, capture_output=True)
    return folder


def as_role(postgres: Postgres, database: str, role: str, secrets: Path) -> str:
    """The database's URL for a role, with its password."""
    password = (secrets / f"{role.replace('vestige', 'database')}_password").read_text()
    return make_url(postgres.url(database, role)).set(password=password).render_as_string(hide_password=False)


def test_the_stack_starts_serves_and_is_well(postgres: Postgres, database: str, secrets: Path, tmp_path: Path) -> None:
    made = make_roles(postgres, database, secrets)
    assert (made.returncode, made.stderr) == (0, "")
    urls = {"database_url": "vestige_app", "database_owner_url": "vestige_owner"}
    for name, role in urls.items():
        (secrets / name).write_text(as_role(postgres, database, role, secrets) + "\n")
    data = tmp_path / "volume" / "data"
    (tmp_path / "volume").mkdir()
    given = {f"VESTIGE_{name.upper()}_FILE": str(secrets / name) for name in urls}
    given["VESTIGE_SIGNER_DIR"] = str(tmp_path / "signer-volume" / "signer")
    look = [sys.executable, "-I", str(DEPLOY / "healthcheck.py")]
    env = environment(VESTIGE_DATA=str(data))

    before = subprocess.run(look, env=env, capture_output=True, text=True, check=False)
    assert before.returncode == 1
    assert "vestige.sock: [Errno 2]" in before.stderr
    with serving(data, **given):
        alive = subprocess.run(look, env=env, capture_output=True, text=True, check=False)
        assert (alive.returncode, alive.stderr) == (0, "")
        told = {check["name"]: check for check in Vestige(data).lines("doctor")}
    assert [name for name, check in told.items() if not check["ok"] and name not in {"interface", "backup"}] == []
    assert "vestige_app owns none" in told["roles"]["detail"]
    assert "lies apart" in told["signer"]["detail"]
    after = subprocess.run(look, env=env, capture_output=True, text=True, check=False)
    assert after.returncode == 1


def test_the_first_user_of_a_managed_server_can_make_them_too(postgres: Postgres, database: str, secrets: Path) -> None:
    postgres.run("CREATE ROLE managed LOGIN CREATEROLE NOSUPERUSER")
    postgres.run(f"ALTER DATABASE {database} OWNER TO managed")
    made = make_roles(postgres, database, secrets, "managed")
    assert (made.returncode, made.stderr) == (0, "")
    app, owner = (as_role(postgres, database, role, secrets) for role in ("vestige_app", "vestige_owner"))
    with Database.open(app, owner_url=owner) as db:
        db.migrate()
        assert db.separation().separate
        assert db.server_name("vestige.example") == "vestige.example"
    with Database.open(owner) as db:
        assert not db.separation().separate
    with postgres.connect(database) as connection:
        member = connection.execute("SELECT pg_has_role('managed', 'vestige_owner', 'MEMBER')").fetchone()
        assert member == (False,)


def test_roles_that_would_be_one_and_roles_that_are_there_are_refused(
    postgres: Postgres, database: str, secrets: Path
) -> None:
    app = (secrets / "database_app_password").read_text()
    (secrets / "database_app_password").write_text((secrets / "database_owner_password").read_text())
    same = make_roles(postgres, database, secrets)
    assert same.returncode == 1
    assert "two different passwords" in same.stderr
    (secrets / "database_app_password").write_text(app)
    assert make_roles(postgres, database, secrets).returncode == 0
    again = make_roles(postgres, database, secrets)
    assert again.returncode != 0
    assert "already exists" in again.stderr
    assert app not in again.stderr
