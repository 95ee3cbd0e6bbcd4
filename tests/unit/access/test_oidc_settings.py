"""The file of OpenID providers: what it may say, and that everything else is an error at start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vestige.access.oidc_settings import read
from vestige.access.roles import Role
from vestige.model.errors import SettingsError
from vestige.settings import load

if TYPE_CHECKING:
    from pathlib import Path

LEAST = 'issuer = "https://login.example.org"\nclient_id = "vestige"\n'
GOOD = LEAST + 'domains = ["Example.org"]\n'


def written(folder: Path, text: str) -> Path:
    file = folder / "oidc.toml"
    file.write_text(text)
    return file


def test_a_table_for_each_tenant(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "secret").chmod(0o600)
    text = f'[default]\n{GOOD}client_secret_file = "secret"\nrole = "auditor"\nname = "Work"\n'
    text += f'[other]\n{LEAST}client_secret_env = "OTHER_SECRET"\nsubjects = {{ "s-1" = "Ann@example.org" }}\n'
    found = read(written(tmp_path, text), {"OTHER_SECRET": "hidden"})
    assert set(found) == {"default", "other"}
    one, two = found["default"], found["other"]
    assert (one.client_secret, one.role, one.name, one.domains) == (
        "s3cret", Role.AUDITOR, "Work", frozenset({"example.org"}),
    )  # fmt: skip
    assert (two.client_secret, two.role, dict(two.subjects)) == ("hidden", None, {"s-1": "ann@example.org"})
    assert "s3cret" not in repr(one)
    assert "hidden" not in repr(two)
    assert read(written(tmp_path, f"[default]\n{GOOD}"))["default"].client_secret == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no provider"), ("x", "not valid TOML"), ("default = 1", "a table"),
        (f"[default]\n{LEAST}", "who may sign in"), (f"[default]\n{GOOD}domain = 1", "domain"),
        ('[default]\nclient_id = "x"\ndomains = ["a.org"]', "issuer"),
        ('[default]\nissuer = "https://a.org"\ndomains = ["a.org"]', "client_id"),
        (f"[default]\n{GOOD}".replace("https", "http"), "issuer"),
        (f"[default]\n{GOOD}".replace("example.org", "a.org/?x=1", 1), "without a query"),
        (f'[default]\n{LEAST}domains = ["*.org"]', "domains"), (f"[default]\n{LEAST}domains = 7", "domains"),
        (f'[default]\n{GOOD}role = "owner"', "role"), (f'[default]\n{GOOD}role = "admin"', "role"),
        (f'[default]\n{GOOD}role = "king"', "role"), (f'[default]\n{GOOD}networks = ["x"]', "network"),
        (f'[default]\n{LEAST}subjects = {{ a = "b" }}', "subjects"), (f"[default]\n{LEAST}subjects = 7", "subjects"),
        (f'[default]\n{GOOD}client_secret_file = "none"', "none"),
        (f'[default]\n{GOOD}client_secret_env = "NONE"', "NONE"),
        (f'[default]\n{GOOD}client_secret_env = "A"\nclient_secret_file = "b"', "both"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_an_error(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(written(tmp_path, text), {})
    assert said in refused.value.explain()


def test_a_secret_others_may_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    (tmp_path / "secret").chmod(0o644)
    file = written(tmp_path, f'[default]\n{GOOD}client_secret_file = "secret"')
    with pytest.raises(SettingsError) as refused:
        read(file)
    assert "0600" in refused.value.explain()
    assert "s3cret" not in refused.value.explain()
    with pytest.raises(SettingsError, match="cannot be read"):
        read(tmp_path / "none.toml")


def test_providers_need_to_know_where_to_send_people_back_to(tmp_path: Path) -> None:
    named = {"VESTIGE_OIDC_FILE": str(tmp_path / "oidc.toml")}
    with pytest.raises(SettingsError, match="where to send people back"):
        load(named, data=tmp_path)
    assert load(named | {"VESTIGE_PUBLIC_URL": "https://vestige.example.org:8443"}, data=tmp_path).oidc_file is not None
    for url in ("vestige.example.org", "https://a.org/path", "https://a.org/", "ftp://a.org", "https://a b"):
        with pytest.raises(SettingsError, match="public_url"):
            load({"VESTIGE_PUBLIC_URL": url}, data=tmp_path)
