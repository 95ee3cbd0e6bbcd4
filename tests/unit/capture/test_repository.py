"""What a repository is called does not depend on how it is reached, nor on who looks."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.capturing import git, person
from vestige.capture.repository import Repository, find, identity, normalised
from vestige.model.errors import NotFoundError


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/Acme/Shop.git",
        "https://github.com/acme/shop",
        "https://github.com/acme/shop/",
        "https://ann:secret@github.com/acme/shop.git",
        "https://ghp_token@github.com:443/acme/shop.git",
        "git@github.com:acme/shop.git",
        "github.com:acme/shop",
        "ssh://git@github.com/acme/shop.git",
        "ssh://git@github.com:22/acme/shop.git",
        "git://github.com/acme/shop.git",
        "git+ssh://git@github.com/acme/shop",
    ],
)
def test_one_repository_has_one_name(remote: str) -> None:
    assert normalised(remote) == "github.com/acme/shop"


@pytest.mark.parametrize(
    ("remote", "name"),
    [
        ("https://gitlab.example.org:8443/group/sub/team/shop.git", "gitlab.example.org:8443/group/sub/team/shop"),
        ("git@git.intern:2222/x.git", "git.intern/2222/x"),
        ("ssh://git@[::1]:2222/x.git", "[::1]:2222/x"),
        ("git@[::1]:x/y", "[::1]/x/y"),
        ("/srv/git/shop.git", ""),
        ("../shop", ""),
        ("file:///srv/git/shop.git", ""),
        ("https://github.com/", ""),
        ("", ""),
    ],
)
def test_other_hosts_have_names_and_paths_have_none(remote: str, name: str) -> None:
    assert normalised(remote) == name


@given(st.text(alphabet="abcXYZ09:@/._-", max_size=30), st.text(alphabet="abc09!", min_size=1, max_size=10))
def test_no_password_becomes_part_of_a_name(path: str, password: str) -> None:
    assert f":{password}@" not in normalised(f"https://ann:{password}@host/{path}").split("/")[0]


def test_without_a_remote_its_first_commit_names_it(tmp_path: Path) -> None:
    with person(tmp_path) as ann:
        folder = ann.repository()
        root = git(folder, "rev-list", "--max-parents=0", "HEAD")
        assert identity(folder) == f"root:{root}"
        git(folder, "commit", "-qm", "more", "--allow-empty")
        assert identity(folder) == f"root:{root}"
        git(folder, "remote", "add", "upstream", "git@gitlab.example.org:a/b.git")
        assert identity(folder) == "gitlab.example.org/a/b"
        git(folder, "remote", "add", "origin", "https://host/c/d")
        assert identity(folder) == "host/c/d"
        git(folder, "remote", "set-url", "origin", "/srv/d")
        assert identity(folder) == f"root:{root}"


def test_working_trees_are_one_repository_in_two_places(tmp_path: Path) -> None:
    with person(tmp_path) as ann:
        folder = ann.repository()
        git(folder, "worktree", "add", "-q", "../beside")
        here, there = find(folder), find(tmp_path / "beside")
        assert here.name == there.name
        assert here.common_dir == there.common_dir
        assert (here.root, there.root) == (folder, tmp_path / "beside")
        assert here.git_dir != there.git_dir


def test_a_name_of_any_letters_is_a_source_and_a_folder() -> None:
    one = Repository(Path(), Path(), Path(), "höst/ä b/c")
    assert one.source == "agent:h%C3%B6st/%C3%A4%20b/c"
    assert one.folder.isalnum()


def test_outside_of_any_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        find(tmp_path)
