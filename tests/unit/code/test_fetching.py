"""Where a URL leads, and what git and ssh are told of it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from vestige.code.fetching import Place, _way, place_of
from vestige.code.keys import fingerprint, host_keys
from vestige.model.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

# ssh-keygen -lf of this line: 256 SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU (ED25519)
GITHUB = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("ssh://git@h.example/o/n.git", Place("ssh", "h.example", 22, "ssh://git@h.example/o/n.git")),
        ("ssh://h.example:2222/o/n", Place("ssh", "h.example", 2222, "ssh://h.example:2222/o/n")),
        ("git@h.example:o/n.git", Place("ssh", "h.example", 22, "ssh://git@h.example/o/n.git")),
        ("https://h.example/o/n", Place("https", "h.example", 443, "https://h.example/o/n")),
    ],
)
def test_a_url_leads_to_a_host(url: str, place: Place) -> None:
    assert place_of(url, lambda _: None) == place


@pytest.mark.parametrize(
    "url",
    ["ssh://-oX/x", "ssh://h/-x", "git@-h:x", "git@h:-x", "ssh://h:0/x", "ssh://h:99999/x", "file:///x", "ext::x",
     "ssh://h/x y", "ssh://h/x\n", "ssh://u:p@h/x", "git+ssh://h/x", "", "x"],
)  # fmt: skip
def test_a_hostile_url_leads_nowhere(url: str) -> None:
    with pytest.raises(InputError):
        place_of(url, lambda _: None)


def test_ssh_goes_to_the_address_that_was_looked_at_with_keys_that_are_pinned(tmp_path: Path) -> None:
    place = place_of("git@h.example:o/n.git", lambda _: None)
    config, also = _way(place, ["203.0.113.9"], tmp_path, "KEY", None, pinned=True)
    words = shlex.split(also["GIT_SSH_COMMAND"])
    assert config == ("protocol.ssh.allow=always",)
    assert also["GIT_ALLOW_PROTOCOL"] == "ssh"
    for word in ("HostName=203.0.113.9", "HostKeyAlias=h.example", "StrictHostKeyChecking=yes", "BatchMode=yes",
                 "ProxyCommand=none", "IdentitiesOnly=yes", f"IdentityFile={tmp_path / 'key'}"):  # fmt: skip
        assert word in words
    assert words[:3] == ["ssh", "-F", "/dev/null"]
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "key").unlink()
    _, first = _way(place, ["203.0.113.9"], tmp_path, "", None, pinned=False)
    assert "StrictHostKeyChecking=accept-new" in shlex.split(first["GIT_SSH_COMMAND"])


def test_https_goes_to_no_other_address_and_follows_nobody(tmp_path: Path) -> None:
    place = place_of("https://h.example/o/n", lambda _: None)
    config, also = _way(place, ["203.0.113.9", "2001:db8::1"], tmp_path, "", None, pinned=False)
    assert "http.curloptResolve=h.example:443:203.0.113.9,[2001:db8::1]" in config
    assert "http.followRedirects=false" in config
    assert also["GIT_ALLOW_PROTOCOL"] == "https"


def test_keys_are_shown_as_ssh_keygen_shows_them() -> None:
    wanted = "ssh-ed25519 SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"
    assert fingerprint(GITHUB) == wanted
    assert host_keys(f"h.example {GITHUB}\n") == [wanted]
    assert host_keys("") == []
