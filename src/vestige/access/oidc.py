"""OpenID Connect with one provider, as its client: where a browser is sent, and whom what it brings back stands for.

The authorization code flow with PKCE. What the browser carries is a ``state`` and a code; what must stay between us and
that browser (the verifier of PKCE and the ``nonce`` the provider signs) is made from a secret in its cookie, so nothing
of it is kept here. An ID Token counts if a key of the provider signed it, by an algorithm with two keys, for this
client, in this flow, and lately; nothing it does not state is assumed.

References: OpenID Connect Core 1.0, sections 3.1 and 5.1; Discovery 1.0; RFC 6749; RFC 7636 (PKCE); RFC 9207 (``iss``).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import threading
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwk, jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jws import JWSRegistry

from vestige.access.oidc_settings import NETWORKS
from vestige.model.errors import BusyError, OutgoingError, UnauthenticatedError, VestigeError
from vestige.model.instant import NANOS
from vestige.outgoing import Outgoing, check_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.access.oidc_settings import Provider

SCOPE: Final = "openid email profile"
KEPT_SECONDS: Final = 3600.0
"""How long what a provider says of itself, and its keys, hold before they are asked for again."""
AGAIN_SECONDS: Final = 60.0
"""How often at most keys are asked for because a token names one that is not known."""
LEEWAY_SECONDS: Final = 60
"""How far the provider's clock may be off."""
PROOF_SECONDS: Final = 12 * 3600
"""How long ago at most somebody proved to the provider who they are: as long as a session of ours lasts."""
AT_ONCE: Final = 8
"""Sign-ins that wait for one provider's answers at the same time."""
MOST_KEYS: Final = 100
SUBJECT_LENGTH: Final = 255
ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""Those with two keys: with ``none`` or a shared secret anybody, or any client, could sign."""

_METHODS: Final = "token_endpoint_auth_methods_supported"
_SIGNS: Final = "id_token_signing_alg_values_supported"
_STATES_ISSUER: Final = "authorization_response_iss_parameter_supported"


class VouchedForNobodyError(UnauthenticatedError):
    """The provider did not vouch for anybody, or not so that it holds.

    Args:
        reason: names the check, and no secret.
        answered: whether the provider took the code, and it is what it then said that does not hold. That nobody can
            bring about who has no account with it.
    """

    def __init__(self, reason: str, *, answered: bool = True) -> None:
        super().__init__(
            "the sign-in provider vouches for nobody here", expected="a fresh ID Token of its own, for this sign-in",
            got=reason, hint="begin the sign-in again; if it goes on, whoever runs the provider must look",
        )  # fmt: skip
        self.reason = reason
        self.answered = answered


class Vouched(NamedTuple):
    """Whom a provider vouches for."""

    subject: str
    """Its own id of the person; never given to another."""
    email: str
    """As it states it; empty: none."""
    verified: bool
    """Whether it says that the address was verified."""
    name: str
    proved_at: int
    """When they proved to it who they are, nanoseconds: long ago, perhaps, if it knew their browser still."""


class OpenIdClient:
    """One provider's client. Safe to share between threads."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._outgoing = Outgoing(provider.networks, provider.authority, NETWORKS)
        self._lock = threading.Lock()
        self._asking = threading.BoundedSemaphore(AT_ONCE)
        self._metadata: dict[str, Any] = {}
        self._metadata_until = 0.0
        self._keys = jwk.KeySet([])
        self._keys_at = 0.0

    def where_to(self, redirect_uri: str, state: str, secret: str, *, again: bool = False) -> str:
        """The URL a browser is sent to.

        Args:
            redirect_uri: where the provider sends it back.
            state: what ties what comes back to what was begun.
            secret: the browser's own, from its cookie.
            again: whether the person must prove anew who they are, even if the provider knows them still.

        Raises:
            OutgoingError: the provider does not answer, or is not the one it should be.
            BusyError: too many ask it already.
        """
        with self._turn():
            found = self._described()
        asked = {
            "nonce": _made(secret, state, "nonce"),
            "code_challenge": create_s256_code_challenge(_made(secret, state, "verifier")),
            "code_challenge_method": "S256",
        }
        # Core 1.0, section 3.1.2.1: whoever is asked for an age of the proof must state when it was.
        asked |= {"prompt": "login", "max_age": "0"} if again else {"max_age": str(PROOF_SECONDS)}
        url: str = prepare_grant_uri(
            found["authorization_endpoint"], self.provider.client_id, "code", redirect_uri, SCOPE, state, **asked
        )
        return url

    def states_issuer(self) -> bool:
        """Whether the provider says that it names itself in whatever a browser brings back (RFC 9207, section 3).

        Raises:
            OutgoingError: it does not answer, or is not the one it should be.
            BusyError: too many ask it already.
        """
        with self._turn():
            return bool(self._described().get(_STATES_ISSUER, False))

    def check(self) -> None:
        """Ask the provider anew for what it says of itself, and for its keys.

        Raises:
            OutgoingError: it may not be called, does not answer, or is not the one it should be.
            BusyError: too many ask it already.
        """
        with self._turn():
            self._key_set(self._described(anew=True), older_than=0.0)

    def vouched(self, code: str, redirect_uri: str, state: str, secret: str) -> Vouched:
        """Whom a code stands for.

        Args:
            code: what the browser brought back.
            redirect_uri: as in :meth:`where_to`; likewise the other two.
            state: the state it was begun with.
            secret: the browser's own.

        Raises:
            VouchedForNobodyError: the provider does not know the code, or what it says of it does not hold.
            OutgoingError: the provider does not answer, or not in its protocol.
            BusyError: too many ask it already.
        """
        with self._turn():
            return self._vouched(code, redirect_uri, state, secret)

    def _vouched(self, code: str, redirect_uri: str, state: str, secret: str) -> Vouched:
        found = self._described()
        body = prepare_token_request(
            "authorization_code", code=code, redirect_uri=redirect_uri, code_verifier=_made(secret, state, "verifier")
        )
        methods = found.get(_METHODS, ["client_secret_basic"])
        method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        auth = ClientAuth(self.provider.client_id, self.provider.client_secret, method if self._secret else "none")
        url, headers, body = auth.prepare("POST", found["token_endpoint"], {}, body)
        answer = self._outgoing.post(url, body, headers)
        if answer.status != 200:
            raise VouchedForNobodyError("the provider does not take the code", answered=False)
        token = answer.json()
        given, access = token.get("id_token"), token.get("access_token")
        if not isinstance(given, str) or not isinstance(access, str):
            raise VouchedForNobodyError("no ID Token came")
        claims = self._checked(given, access, _made(secret, state, "nonce"), found)
        return self._person(claims, access, found)

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """Ask the provider something, or refuse: one that is slow must not hold every thread of ours."""
        if not self._asking.acquire(blocking=False):
            raise BusyError("the sign-in provider is being asked too much", expected=f"at most {AT_ONCE} at once")
        try:
            yield
        finally:
            self._asking.release()

    @property
    def _secret(self) -> bool:
        return bool(self.provider.client_secret)

    def _described(self, *, anew: bool = False) -> dict[str, Any]:
        """What the provider says of itself (Discovery 1.0, section 4)."""
        with self._lock:
            if not anew and self._metadata and time.monotonic() < self._metadata_until:
                return self._metadata
        answer = self._outgoing.get(get_well_known_url(self.provider.issuer, external=True))
        found = answer.json() if answer.status == 200 else {}
        if found.get("issuer") != self.provider.issuer:
            raise OutgoingError(
                "the sign-in provider is not the one that was named",
                expected=self.provider.issuer,
                got=str(found.get("issuer", f"an answer {answer.status}"))[:200],
            )
        # What is stated as null is not stated, as at least one provider has it.
        found = {name: value for name, value in found.items() if value is not None}
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            check_url(str(found.get(name, "")), self.provider.networks, NETWORKS)
        _check_shapes(found)
        with self._lock:
            self._metadata, self._metadata_until = found, time.monotonic() + KEPT_SECONDS
        return found

    def _checked(self, token: str, access: str, nonce: str, found: dict[str, Any]) -> dict[str, Any]:
        """The claims of an ID Token that holds (Core 1.0, section 3.1.3.7)."""
        registry = JWSRegistry(algorithms=sorted(_algorithms(found)), strict_check_header=False)
        try:
            decoded = self._decoded(token, registry, found)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": self.provider.issuer},
                    "aud": {"essential": True, "value": self.provider.client_id},
                },
                {"nonce": nonce, "client_id": self.provider.client_id, "access_token": access},
            )
            claims.validate(leeway=LEEWAY_SECONDS)
        except VestigeError:
            raise
        except (JoseError, ValueError, TypeError, KeyError) as error:
            claim = getattr(error, "claim", None)
            raise VouchedForNobodyError(f"ID Token: {claim or getattr(error, 'error', 'not one')}"[:100]) from None
        return dict(claims)

    def _decoded(self, token: str, registry: JWSRegistry, found: dict[str, Any]) -> jwt.Token:
        try:
            return jwt.decode(token, self._key_set(found), registry=registry)
        except InvalidKeyIdError:
            # The provider may have begun to sign with a new key: looked at again, but not for every token.
            return jwt.decode(token, self._key_set(found, older_than=AGAIN_SECONDS), registry=registry)

    def _key_set(self, found: dict[str, Any], older_than: float = KEPT_SECONDS) -> jwk.KeySet:
        with self._lock:
            if self._keys_at and time.monotonic() - self._keys_at < older_than:
                return self._keys
        answer = self._outgoing.get(found["jwks_uri"])
        listed = answer.json().get("keys") if answer.status == 200 else None
        if not isinstance(listed, list):
            raise OutgoingError("the sign-in provider shows no keys", expected="a set of keys", got=str(answer.status))
        keys = [key for one in listed[:MOST_KEYS] if (key := _key(one)) is not None]
        with self._lock:
            self._keys, self._keys_at = jwk.KeySet(keys), time.monotonic()
            return self._keys

    def _person(self, claims: dict[str, Any], access: str, found: dict[str, Any]) -> Vouched:
        """What is said of the person: by the ID Token, or where that states no address, by the provider when asked."""
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_LENGTH or not subject.isprintable():
            raise VouchedForNobodyError("ID Token: sub")
        said, endpoint = claims, found.get("userinfo_endpoint")
        if "email" not in claims and endpoint:
            answer = self._outgoing.get(str(endpoint), {"Authorization": f"Bearer {access}"})
            said = answer.json() if answer.status == 200 else {}
            # Core 1.0, section 5.3.4: what is said of somebody else counts for nothing.
            if said.get("sub") != subject:
                raise VouchedForNobodyError("UserInfo: sub")
        email, name = said.get("email", ""), said.get("name", "")
        return Vouched(
            subject=subject,
            email=email if isinstance(email, str) else "",
            # A boolean by the standard; a text with at least one large provider.
            verified=said.get("email_verified") is True or said.get("email_verified") == "true",
            name=name if isinstance(name, str) and name.isprintable() else "",
            proved_at=_proved_at(claims.get("auth_time")),
        )


def _proved_at(stated: object) -> int:
    """When somebody proved who they are, nanoseconds; what says nothing of it, or too little, vouches for nobody."""
    at = int(time.time())
    if (
        not isinstance(stated, int)
        or isinstance(stated, bool)
        or not at - PROOF_SECONDS - LEEWAY_SECONDS <= stated <= at + LEEWAY_SECONDS
    ):
        raise VouchedForNobodyError("ID Token: auth_time")
    return stated * NANOS


def _algorithms(found: dict[str, Any]) -> frozenset[str]:
    """Those a provider signs ID Tokens by that have two keys."""
    return ALGORITHMS & frozenset(found.get(_SIGNS, ["RS256"]))


def _check_shapes(found: dict[str, Any]) -> None:
    """Refuse a description that cannot be read as Discovery 1.0, section 3, has it, or that leaves nothing to go by.

    Raises:
        OutgoingError: it cannot.
    """
    wrong = ""
    for name in (_METHODS, _SIGNS):
        stated = found.get(name, [])
        if not isinstance(stated, list) or not all(isinstance(one, str) for one in stated):
            wrong = f"{name}: {type(stated).__name__}"
    if not isinstance(found.get(_STATES_ISSUER, False), bool):
        wrong = f"{_STATES_ISSUER}: {type(found[_STATES_ISSUER]).__name__}"
    if not isinstance(found.get("userinfo_endpoint", ""), str):
        wrong = f"userinfo_endpoint: {type(found['userinfo_endpoint']).__name__}"
    if wrong:
        raise OutgoingError("the sign-in provider's description is none", expected="lists of texts, a bool", got=wrong)
    # With no algorithm at all the library would go by its own, those with a shared secret among them.
    if not _algorithms(found):
        raise OutgoingError(
            "the sign-in provider signs by nothing that counts here",
            expected=f"one of {', '.join(sorted(ALGORITHMS))}",
            got=", ".join(found[_SIGNS])[:200],
        )


def _key(one: object) -> jwk.Key | None:
    """A key of the provider that can check a signature; others it may have are not ours to judge."""
    if not isinstance(one, dict) or one.get("kty") not in {"RSA", "EC", "OKP"} or one.get("use", "sig") != "sig":
        return None
    try:
        return jwk.import_key(one)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _made(secret: str, state: str, what: str) -> str:
    """A value of one flow that only the browser's secret tells: 43 characters, as a verifier of PKCE may be."""
    digest = hmac.new(secret.encode(), f"vestige/oidc/{what}/v1\n{state}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
