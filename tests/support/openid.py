"""A real OpenID provider in a thread (pyop, of Identity Python), and ways to make it answer what it should not."""

from __future__ import annotations

import contextlib
import json
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from Cryptodome.PublicKey import RSA
from jwkest.jwk import RSAKey
from oic.oic.message import IdToken
from pyop.authz_state import AuthorizationState
from pyop.exceptions import (
    InvalidAccessToken,
    InvalidAuthenticationRequest,
    InvalidAuthorizationCode,
    InvalidClientAuthentication,
    InvalidTokenRequest,
)
from pyop.provider import Provider
from pyop.subject_identifier import HashBasedSubjectIdentifierFactory
from pyop.userinfo import Userinfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_Token: Any = IdToken
CLIENT = "vestige"
SECRET = "a secret of the client"  # noqa: S105 - made up
_REFUSALS = (InvalidAuthorizationCode, InvalidTokenRequest, InvalidClientAuthentication, InvalidAuthenticationRequest)


@dataclass
class OpenIdProvider:
    """The provider, and what it does otherwise than it should."""

    url: str
    users: dict[str, dict[str, Any]]
    keys: list[RSAKey]
    provider: Provider = None
    user: str = "ann"
    """Who sits at the browser, and says yes."""
    more: dict[str, Any] = field(default_factory=dict)
    """Claims of ID Tokens, added or put in place of its own."""
    proved_at: int = 0
    """When that one proved who they are, seconds; 0: for each sign-in anew."""
    change: Callable[[dict[str, Any]], dict[str, Any]] = dict
    """What becomes of an answer of the token endpoint."""
    describe: Callable[[dict[str, Any]], dict[str, Any]] = dict
    """What becomes of its description."""
    tell: Callable[[dict[str, Any]], dict[str, Any]] = dict
    """What becomes of what it says of a person."""
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Requests, by path, with their parameters."""

    def turn_key(self) -> None:
        """Sign with another key from now on, and show that one alone."""
        self.provider.signing_key = self.keys[1]

    def signed(self, claims: dict[str, Any], *, alg: str = "RS256", key: RSAKey | None = None) -> str:
        """An ID Token of these claims over what it would state."""
        at = int(time.time())
        whole = {"iss": self.url, "sub": "s", "aud": [CLIENT], "iat": at, "exp": at + 600} | claims
        return str(_Token(**whole).to_jwt([key or self.keys[0]], alg))


class _Handler(BaseHTTPRequestHandler):
    made: OpenIdProvider
    protocol_version = "HTTP/1.0"

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.made.seen.append((parts.path, dict(parse_qsl(parts.query))))
        provider = self.made.provider
        if parts.path == "/.well-known/openid-configuration":
            self._answer(200, self.made.describe(provider.provider_configuration.to_dict()))
        elif parts.path == "/jwks":
            self._answer(200, provider.jwks)
        elif parts.path == "/authorize":
            try:
                request = provider.parse_authentication_request(parts.query)
            except _REFUSALS as error:
                self._answer(400, {"error": str(error)})
                return
            answer = provider.authorize(request, self.made.user)
            self.send_response(303)
            self.send_header("Location", answer.request(request["redirect_uri"]))
            self.end_headers()
        elif parts.path == "/userinfo":
            try:
                found = provider.handle_userinfo_request("", {"Authorization": self.headers["Authorization"]})
                self._answer(200, self.made.tell(found.to_dict()))
            except InvalidAccessToken:
                self._answer(401, {"error": "invalid_token"})
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.made.seen.append((self.path, dict(parse_qsl(body))))
        headers = {"Authorization": self.headers["Authorization"]} if "Authorization" in self.headers else {}
        try:
            stated = {"auth_time": self.made.proved_at or int(time.time())} | self.made.more
            answer = self.made.provider.handle_token_request(body, headers, stated)
        except _REFUSALS:
            self._answer(400, {"error": "invalid_grant"})
            return
        self._answer(200, self.made.change(answer.to_dict()))

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def certificate(folder: Path) -> Path:
    """A certificate of this machine's address, its own authority, with its key beside it."""
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made += [
        "-keyout",
        str(folder / "key.pem"),
        "-out",
        str(folder / "cert.pem"),
        "-days",
        "2",
        "-subj",
        "/CN=provider",
    ]
    subprocess.run([*made, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return folder / "cert.pem"


@contextlib.contextmanager
def openid_provider(folder: Path, redirect_uri: str) -> Iterator[OpenIdProvider]:
    """The provider, over TLS, on a free port of this machine, with one client and three people."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(folder), folder / "key.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    # The handshake is each connection's own: one that fails must not end the listener.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    url = f"https://127.0.0.1:{server.server_port}"
    keys = [RSAKey(key=RSA.generate(2048), kid=f"key {number}", alg="RS256", use="sig") for number in (1, 2)]
    users = {
        "ann": {"sub": "subject-ann", "email": "Ann@Example.org", "email_verified": True, "name": "Ann"},
        "new": {"sub": "subject-new", "email": "new@example.org", "email_verified": True, "name": "New"},
        "far": {"sub": "subject-far", "email": "ann@elsewhere.example", "email_verified": True, "name": "Far"},
    }
    made = OpenIdProvider(url, users, keys)
    made.provider = Provider(
        keys[0],
        {
            "issuer": url,
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{url}/token",
            "userinfo_endpoint": f"{url}/userinfo",
            "jwks_uri": f"{url}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "id_token_signing_alg_values_supported": ["RS256"],
        },
        AuthorizationState(HashBasedSubjectIdentifierFactory("salt")),
        {
            CLIENT: {
                "client_id": CLIENT,
                "client_secret": SECRET,
                "redirect_uris": [redirect_uri],
                "response_types": ["code"],
                "token_endpoint_auth_method": "client_secret_basic",
            }
        },
        Userinfo(users),
    )
    _Handler.made = made
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def settings_file(folder: Path, url: str, **more: Any) -> Path:
    """The file of providers, for the default tenant."""
    (folder / "secret").write_text(SECRET)
    (folder / "secret").chmod(0o600)
    table: dict[str, Any] = {
        "issuer": url,
        "name": "The Provider",
        "client_id": CLIENT,
        "client_secret_file": "secret",
        "domains": ["example.org"],
        "networks": ["127.0.0.0/8"],
        "authority_file": "cert.pem",
    } | more
    file = folder / "oidc.toml"
    file.write_text("[default]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in table.items()))
    return file


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {json.dumps(one)}" for key, one in value.items()) + " }"
    return json.dumps(value)
