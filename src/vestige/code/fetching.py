"""Fetching a repository from where it is kept, over HTTPS or SSH, and nothing else.

Whoever names a URL to a server may mean what only the server can reach. So the name is looked up once, each address it
stands for must be one that may be called, and the program is told to go to one of these and no other: curl by
``http.curloptResolve``, ssh by ``HostName``. No redirect is followed, no proxy, no configuration of the machine, no
helper for credentials and no other protocol. What comes is put apart first, as a push is (``code/arriving.py``).

An SSH host's keys are taken as they are found the first time, kept, and demanded from then on. A key to fetch with is a
file of this process alone for as long as the fetch takes.

References: git-fetch(1); git-config(1) "http.curloptResolve", "http.followRedirects"; ssh_config(5).
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from vestige.code import program
from vestige.code.arriving import HARMLESS, SECONDS, Bounds, Received, adopt, quarantine
from vestige.code.browsing import Browsing
from vestige.model.errors import InputError, OutgoingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vestige.code.mirrors import Mirrors

URL_LENGTH: Final = 2048
_SSH: Final = re.compile(
    r"ssh://(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.-]*)@)?(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*)(?::(?P<port>[0-9]{1,5}))?"
    r"/(?P<path>[A-Za-z0-9_~.][A-Za-z0-9_~./+@-]*)"
)
_SCP: Final = re.compile(
    r"(?P<user>[A-Za-z0-9_][A-Za-z0-9_.-]*)@(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*):(?P<path>[A-Za-z0-9_~][A-Za-z0-9_~./+@-]*)"
)
_REFS: Final = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")


class Place(NamedTuple):
    """Where a repository is fetched from."""

    scheme: str
    """``https``, ``ssh``, or ``http`` where a caller lets it."""
    host: str
    port: int
    url: str


def place_of(url: str, checked: Callable[[str], object]) -> Place:
    """Where a URL leads, as far as its text tells.

    Args:
        url: ``https://HOST/…``, ``ssh://USER@HOST/…`` or ``USER@HOST:PATH``.
        checked: refuses an HTTP URL that may not be called.

    Raises:
        InputError: it is none of these.
        OutgoingError: it may not be called.
    """
    found = _SSH.fullmatch(url) if len(url) <= URL_LENGTH else None
    if found is not None and int(found["port"] or 22) in range(1, 65536):
        return Place("ssh", found["host"], int(found["port"] or 22), url)
    found = _SCP.fullmatch(url) if len(url) <= URL_LENGTH and "://" not in url else None
    if found is not None:
        return Place("ssh", found["host"], 22, f"ssh://{found['user']}@{found['host']}/{found['path'].lstrip('/')}")
    if url.startswith(("https://", "http://")):
        checked(url)
        parts = urlsplit(url)
        return Place(parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), url)
    raise InputError(
        "a repository is not fetched from there", expected="https://HOST/… or ssh://USER@HOST/… or USER@HOST:PATH",
        got=repr(url[:100]), hint="without a password in it; give a deploy key instead", field="url",
    )  # fmt: skip


class Fetched(NamedTuple):
    """What came, and the host's keys from now on."""

    received: Received
    hosts: str


def fetch(
    mirrors: Mirrors, identity: str, place: Place, addresses: list[str], bounds: Bounds, *, key: str = "",
    authority: Path | None = None,
) -> Fetched:  # fmt: skip
    """Fetch what is new.

    Args:
        mirrors: where the repository is.
        identity: which.
        place: where from.
        addresses: what the host's name stands for, each looked at.
        bounds: what may come.
        key: a private key for SSH; empty: none.
        authority: a PEM file with the authorities of the host's certificate; none: those the machine trusts.

    Raises:
        OutgoingError: it could not be fetched.
        InputError: what came is not what it must be.
        TooLargeError: it is beyond the bounds.
        ConflictError: something else comes into it.
    """
    with mirrors.alone(identity) as mirror, quarantine(mirrors, identity) as apart:
        there = Browsing(mirrors.path(identity))
        secret = apart / "ssh"
        secret.mkdir(mode=0o700)
        known = secret / "known_hosts"
        known.write_text(mirror.hosts, encoding="ascii")
        config, also = _way(place, addresses, secret, key, authority, pinned=bool(mirror.hosts))
        draft = apart / "draft.git"
        done = program.run(apart, ("init", "--quiet", "--bare", "--template=", str(draft)))
        done.sure("init", apart)
        (draft / "objects" / "info").mkdir(exist_ok=True)
        (draft / "objects" / "info" / "alternates").write_text(f"{(there.folder / 'objects').absolute()}\n")
        words = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head",
                 "--no-auto-maintenance", "--end-of-options", place.url, *_REFS)  # fmt: skip
        limits = ("fetch.unpackLimit=1", "fetch.fsckObjects=true")
        done = program.run(
            draft, words, config=(*config, *limits, *_FAULTS), also=also, seconds=SECONDS, largest=bounds.pack
        )
        hosts = known.read_text(encoding="ascii") if place.scheme == "ssh" else ""
        if done.code:
            told = done.told.decode("utf-8", "replace").strip()[-300:]
            raise OutgoingError(
                f"{place.host} cannot be fetched from", expected="a repository of Git, whole and well-formed", got=told,
                hint="see the URL and the deploy key; a changed key of the host is refused until the URL is set anew",
            )  # fmt: skip
        refs = {ref.name: ref.oid for ref in Browsing(draft).refs()}
        head = _head(draft, place, config, also)
        shutil.rmtree(secret)
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(apart / "pack")
        (draft / "objects" / "pack").rename(apart / "pack")
        return Fetched(adopt(there, apart, refs, bounds, head), hosts)


_FAULTS: Final = tuple(f"fetch.fsck.{fault}=ignore" for fault in HARMLESS)


def _way(
    place: Place, addresses: list[str], secret: Path, key: str, authority: Path | None, *, pinned: bool
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The configuration and environment with which the program goes to a place and to no other."""
    if place.scheme == "ssh":
        own = secret / "key"
        handle = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(key if key.endswith("\n") or not key else f"{key}\n")
        told = {
            "BatchMode": "yes", "IdentitiesOnly": "yes", "IdentityFile": str(own) if key else "none",
            "IdentityAgent": "none", "UserKnownHostsFile": str(secret / "known_hosts"), "HashKnownHosts": "no",
            "GlobalKnownHostsFile": "/dev/null", "StrictHostKeyChecking": "yes" if pinned else "accept-new",
            "HostName": addresses[0], "HostKeyAlias": place.host, "CheckHostIP": "no", "ProxyCommand": "none",
            "ProxyJump": "none", "PermitLocalCommand": "no", "ForwardAgent": "no", "ClearAllForwardings": "yes",
            "UpdateHostKeys": "no", "CanonicalizeHostname": "no", "ConnectTimeout": "15",
        }  # fmt: skip
        line = ["ssh", "-F", "/dev/null", *(word for name, value in told.items() for word in ("-o", f"{name}={value}"))]
        return ("protocol.ssh.allow=always",), {
            "GIT_ALLOW_PROTOCOL": "ssh", "GIT_SSH_COMMAND": shlex.join(line), "GIT_SSH_VARIANT": "ssh",
        }  # fmt: skip
    named = ",".join(f"[{one}]" if ":" in one else one for one in addresses)
    config = (
        f"protocol.{place.scheme}.allow=always", f"http.curloptResolve={place.host}:{place.port}:{named}",
        "http.followRedirects=false", "http.proxy=", "http.sslVerify=true", "http.cookieFile=", "credential.helper=",
        "http.lowSpeedLimit=1000", "http.lowSpeedTime=60", "http.emptyAuth=false",
        *(() if authority is None else (f"http.sslCAInfo={authority.absolute()}",)),
    )  # fmt: skip
    return config, {"GIT_ALLOW_PROTOCOL": place.scheme, "no_proxy": "*", "GIT_ASKPASS": "true"}


def _head(draft: Path, place: Place, config: tuple[str, ...], also: dict[str, str]) -> str:
    """The branch that is looked at where it comes from; empty if that cannot be told."""
    words = ("ls-remote", "--symref", "--end-of-options", place.url, "HEAD")
    done = program.run(draft, words, config=config, also=also, seconds=program.SECONDS)
    first = done.out.split(b"\n", 1)[0].decode("utf-8", "replace")
    found = re.fullmatch(r"ref: refs/heads/(\S+)\tHEAD", first)
    return found[1] if found and not done.code else ""
