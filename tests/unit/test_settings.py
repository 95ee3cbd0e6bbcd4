from __future__ import annotations

from pathlib import Path

import pytest

from vestige.model.errors import SettingsError
from vestige.settings import load


def test_defaults_lie_under_the_data_directory(tmp_path: Path) -> None:
    settings = load({}, data=tmp_path)
    assert settings.database == f"sqlite:///{tmp_path / 'vestige.sqlite'}"
    assert settings.index == f"chdb:///{tmp_path / 'index'}"
    assert settings.signer == tmp_path / "signer"


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    (tmp_path / "vestige.toml").write_text("port = 1\nlimit_ratio = 5\n")
    settings = load({"VESTIGE_PORT": "2", "VESTIGE_DATA": str(tmp_path), "VESTIGE_LIMIT_IDLE_SECONDS": "1"})
    assert (settings.port, settings.limit_ratio, settings.limit_idle_seconds) == (2, 5, 1)


@pytest.mark.parametrize(
    ("environ", "toml", "said"),
    [
        ({"VESTIGE_LIMIT_RATOI": "5"}, "", "limit_ratoi"),
        ({}, "prot = 80", "prot"),
        ({"VESTIGE_PORT": "eighty"}, "", "eighty"),
        ({"VESTIGE_PORT": "-1"}, "", "-1"),
        ({"VESTIGE_LIMIT_IDLE_SECONDS": "0"}, "", "1 or more"),
        ({}, "host = 5", "5"),
        ({}, "signer_dir = 5", "5"),
        ({}, "port = 80.9", "80.9"),
        ({}, "port = true", "True"),
        ({}, "port = ", "TOML"),
    ],
)
def test_a_wrong_setting_is_an_error_at_start(environ: dict[str, str], toml: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "vestige.toml").write_text(toml)
    with pytest.raises(SettingsError) as caught:
        load(environ, data=tmp_path)
    assert said in caught.value.explain()


def test_the_test_suites_own_variables_are_not_settings(tmp_path: Path) -> None:
    assert load({"VESTIGE_TEST_CORPUS": "/x", "VESTIGE_TOKEN": "t", "VESTIGE_SERVER": "s"}, data=tmp_path).port == 8080


def test_the_key_is_not_shown(tmp_path: Path) -> None:
    assert "c2VjcmV0" not in repr(load({"VESTIGE_KEY_ENCRYPTION_KEY": "c2VjcmV0"}, data=tmp_path))


@pytest.mark.parametrize("method", ["is_file", "read_text"])
def test_a_directory_that_may_not_be_looked_into_is_an_error_that_says_so(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "vestige.toml").touch()
    monkeypatch.setattr(Path, method, denied)
    with pytest.raises(SettingsError, match="Permission denied"):
        load({}, data=tmp_path)


def test_the_index_gets_the_memory_it_needs(tmp_path: Path) -> None:
    assert load({"VESTIGE_LIMIT_INDEX_MEMORY_MIB": "512"}, data=tmp_path).limit_index_memory_mib == 512
    with pytest.raises(SettingsError, match="too small"):
        load({"VESTIGE_LIMIT_INDEX_MEMORY_MIB": "511"}, data=tmp_path)


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://app:p%40ss@database/vestige\n")
    environ = {"VESTIGE_DATABASE_URL_FILE": str(tmp_path / "url"), "VESTIGE_PORT": "81"}
    settings = load(environ, data=tmp_path / "data")
    assert (settings.database_url, settings.port) == ("postgresql://app:p%40ss@database/vestige", 81)


@pytest.mark.parametrize(
    ("body", "extra", "said"),
    [
        (None, {}, "No such file"),
        (b"", {}, "one line"),
        (b"\n \n", {}, "one line"),
        (b"a\nb\n", {}, "one line"),
        (b"\xff", {}, "one line"),
        (b"x" * 65537, {}, "one line"),
        (b"x", {"VESTIGE_DATABASE_URL": "sqlite:///x"}, "both"),
    ],
)
def test_a_file_that_holds_no_secret_is_an_error_at_start(
    body: bytes | None, extra: dict[str, str], said: str, tmp_path: Path
) -> None:
    if body is not None:
        (tmp_path / "url").write_bytes(body)
    with pytest.raises(SettingsError) as caught:
        load({"VESTIGE_DATABASE_URL_FILE": str(tmp_path / "url"), **extra}, data=tmp_path / "data")
    assert said in caught.value.explain()


def test_what_is_no_secret_is_not_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("81")
    with pytest.raises(SettingsError, match="unknown setting port_file"):
        load({"VESTIGE_PORT_FILE": str(tmp_path / "port")}, data=tmp_path)
