"""The Terraform module: read by a reader of its language. Its resources no test makes: docs/deployment.md."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from support.deploying import DEPLOY, PLAIN, SECRETS, blocks, terraform

if TYPE_CHECKING:
    from pathlib import Path

MODULE = DEPLOY / "terraform"
EXAMPLE = MODULE / "examples" / "private"
TEXT = "".join(path.read_text(encoding="utf-8") for path in sorted(MODULE.glob("*.tf")))


def references(text: str) -> set[str]:
    """Addresses of what an expression speaks of: variables, locals, data and resources."""
    code = re.sub(r"#.*", "", text)
    found = set(re.findall(r"\b(var\.\w+|local\.\w+|data\.\w+\.\w+|(?:aws|random)_\w+\.\w+)", code))
    return {one for one in found if not re.match(r"(aws|random)_\w+\.(tf|result)$", one)}


def declared(folder: Path) -> set[str]:
    """Addresses that may be spoken of in a module."""
    module = terraform(folder)
    names = {f"var.{name}" for name in blocks(module, "variable")}
    names |= {f"local.{name}" for block in module.get("locals", []) for name in block}
    names |= set(blocks(module, "resource")) | {f"data.{name}" for name in blocks(module, "data")}
    return names


def test_nothing_is_spoken_of_that_is_not_there_and_every_variable_is_used() -> None:
    spoken = {re.sub(r"^data\.", "data.", one) for one in references(TEXT)}
    there = declared(MODULE)
    bare = {one for one in spoken if f"data.{one}" not in there}
    assert bare - there == set()
    assert {one for one in there if one.startswith("var.")} - spoken == set()
    assert references("x = var.no_such") - there == {"var.no_such"}


@pytest.mark.parametrize("folder", [MODULE, EXAMPLE], ids=["module", "example"])
def test_every_variable_and_output_says_what_it_is(folder: Path) -> None:
    module = terraform(folder)
    for kind in ("variable", "output"):
        found = blocks(module, kind)
        assert found
        assert [name for name, body in found.items() if len(body.get("description", "")) < 10] == []
    assert [name for name, body in blocks(module, "variable").items() if "type" not in body] == []


def test_every_variable_that_can_be_wrong_is_looked_at() -> None:
    variables = blocks(terraform(MODULE), "variable")
    unchecked = {name for name, body in variables.items() if "validation" not in body}
    assert unchecked == {"database_multi_az", "database_deletion_protection", "tags"}
    messages = [one["error_message"] for body in variables.values() for one in body.get("validation", [])]
    assert [text for text in messages if not text.strip('"').startswith("Expected ")] == []


def test_what_it_gives_out_are_the_products_settings() -> None:
    text = (MODULE / "outputs.tf").read_text()
    secret, rest = text[text.index("secrets = merge(") :].split("settings = merge(")
    given = {name.removeprefix("VESTIGE_") for name in re.findall(r"(VESTIGE_\w+) +=", rest)}
    assert given == {"ARCHIVE_URL", "ARCHIVE_LOCK_DAYS", "BLOBS_URL"}
    assert given <= PLAIN
    hidden = {name.removeprefix("VESTIGE_") for name in re.findall(r"(VESTIGE_\w+) +=", secret)}
    assert hidden == {"DATABASE_URL", "DATABASE_OWNER_URL", "INDEX_URL"}
    assert hidden <= SECRETS
    outputs = blocks(terraform(MODULE), "output")
    assert {name for name, body in outputs.items() if body.get("sensitive") is True} == {
        "settings",
        "database_owner_password",
        "database_app_password",
    }


def test_the_stores_are_closed_and_kept() -> None:
    resources = blocks(terraform(MODULE), "resource")
    database = resources["aws_db_instance.ledger"]
    assert database["storage_encrypted"] is True
    assert database["publicly_accessible"] is False
    assert database["skip_final_snapshot"] is False
    assert database["manage_master_user_password"] is True
    assert resources["aws_s3_bucket.archive"]["object_lock_enabled"] is True
    assert resources["aws_s3_bucket.archive"]["force_destroy"] is False
    for name in ("archive", "files"):
        block = resources[f"aws_s3_bucket_public_access_block.{name}"]
        assert {value for key, value in block.items() if key.startswith(("block_", "ignore_", "restrict_"))} == {True}
        assert f"aws_s3_bucket_server_side_encryption_configuration.{name}" in resources
    # Versions keep what is to be erased: of archives until their lock is over, of files for ever.
    assert [name for name in resources if name.startswith("aws_s3_bucket_versioning.")] == [
        "aws_s3_bucket_versioning.archive"
    ]
    assert resources["aws_s3_bucket.files"].get("object_lock_enabled") is None
    assert "cidr" not in TEXT


def test_the_example_gives_what_is_asked_for_and_nothing_else() -> None:
    variables = blocks(terraform(MODULE), "variable")
    call = blocks(terraform(EXAMPLE), "module")["vestige"]
    given = {name for name in call if not name.startswith("__")} - {"source"}
    assert given <= set(variables)
    assert {name for name, body in variables.items() if "default" not in body} <= given
    assert (EXAMPLE / call["source"].strip('"')).resolve() == MODULE
    spoken = references((EXAMPLE / "main.tf").read_text())
    assert spoken <= declared(EXAMPLE)


GOOD = {
    "vpc_id": '"vpc-0a"',
    "subnet_ids": '["subnet-0a", "subnet-0b"]',
    "client_security_group_ids": '["sg-0a"]',
    "archive_bucket": '"evidence.example.org"',
}


@pytest.mark.skipif(shutil.which("terraform") is None, reason="Terraform is not here: its own reading is left out")
def test_terraform_itself_finds_it_formatted_and_refuses_wrong_values(tmp_path: Path) -> None:
    def run(*words: str, folder: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["terraform", *words], cwd=folder, capture_output=True, text=True, check=False)

    assert run("fmt", "-check", "-recursive", folder=MODULE).returncode == 0
    shutil.copy(MODULE / "variables.tf", tmp_path)
    # Without resources it needs no provider, of which there may be none to fetch.
    values = tmp_path / "terraform.tfvars"
    values.write_text("".join(f"{name} = {value}\n" for name, value in GOOD.items()))
    plan = ("plan", "-input=false", "-no-color", "-lock=false", "-refresh=false")
    assert run(*plan).returncode == 0
    wrong = {
        "vpc_id": '"vpc"',
        "subnet_ids": '["subnet-0a"]',
        "client_security_group_ids": "[]",
        "archive_bucket": '"Evidence"',
        "name": '"V"',
        "database_version": '"14"',
        "database_instance_class": '"m7g.large"',
        "database_storage_gib": "19",
        "database_storage_most_gib": "70000",
        "database_backup_days": "0",
        "database_ca_file": '"relative.pem"',
        "kms_key_arn": '"key"',
        "archive_lock_days": "0.5",
        "files_bucket": '"-"',
        "index_url": '"http://clickhouse"',
    }
    values.write_text("".join(f"{name} = {value}\n" for name, value in wrong.items()))
    refused = run(*plan)
    assert refused.returncode == 1
    assert {name for name in wrong if f"var.{name}" in refused.stderr} == set(wrong)
