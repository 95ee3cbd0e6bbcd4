"""Keys of SSH, by their fingerprints: what may be shown of a key that repositories are fetched with, and of hosts' own.

Reference: ssh-keygen(1) ``-l``; sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT".
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

from vestige.model.errors import InputError

KEY_BYTES: Final = 16 << 10
"""Longest private key that is taken."""


def key_of(text: str) -> str:
    """The fingerprint of a private key's public half, as ``ssh-keygen -l`` has it.

    Raises:
        InputError: it is no private key in OpenSSH's form, or one with a passphrase.
    """
    try:
        key = load_ssh_private_key(text.encode(), None)
        public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InputError(
            "no deploy key", expected="a private key in OpenSSH's form, without a passphrase", got="something else",
            hint="ssh-keygen -t ed25519 -N '' -f FILE", field="deploy_key",
        ) from None  # fmt: skip
    return fingerprint(public.decode())


def fingerprint(line: str) -> str:
    """A public key's kind and digest, from ``KIND BASE64``."""
    kind, _, rest = line.partition(" ")
    digest = hashlib.sha256(base64.b64decode(rest.split()[0])).digest()
    return f"{kind} SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def host_keys(hosts: str) -> list[str]:
    """The fingerprints of pinned keys, from lines of known_hosts."""
    return [fingerprint(line.partition(" ")[2]) for line in hosts.splitlines() if line.count(" ") >= 2]
