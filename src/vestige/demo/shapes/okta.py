"""An identity provider: JSON lines in the shape of the Okta System Log.

Source: Okta's System Log API, LogEvent object. Fields that carry meaning here: ``eventType``, ``outcome``,
``published`` (milliseconds), ``actor.alternateId``, ``client.ipAddress``, ``authenticationContext.externalSessionId``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.demo.cast import OFFICE, Person
from vestige.demo.chance import ALNUM, stream, table, text, uuid
from vestige.demo.clock import MILLI, MILLIS, rfc3339_millis, rfc3339_minute
from vestige.demo.template import rendered, template
from vestige.demo.writing import Entry, Writing

if TYPE_CHECKING:
    from vestige.demo.cast import Cast

# event type: (legacy type, display message, severity, what a right reading calls it)
_TYPES = {
    "user.session.start": ("core.user_auth.login_success", "User login to Okta", "auth.login"),
    "user.session.end": ("core.user_auth.logout_success", "User logout from Okta", "auth.logout"),
    "user.authentication.auth_via_mfa": (
        "core.user.factor.attempt_success",
        "Authentication of user via MFA",
        "auth.mfa",
    ),
    "user.mfa.okta_verify.deny_push": ("core.user.factor.deny_push", "User rejected Okta push verify", "auth.mfa"),
    "user.authentication.sso": ("core.sso.user.login", "User single sign on to app", "auth.login"),
    "app.oauth2.as.token.grant.access_token": (
        "app.oauth2.as.token.grant.access_token_success",
        "OAuth2 access token is granted",
        "auth.token_issued",
    ),
}
_BACKGROUND = (
    (("user.session.start", "SUCCESS", ""), 26),
    (("user.session.start", "FAILURE", "INVALID_CREDENTIALS"), 3),
    (("user.authentication.auth_via_mfa", "SUCCESS", ""), 22),
    (("user.authentication.sso", "SUCCESS", ""), 32),
    (("app.oauth2.as.token.grant.access_token", "SUCCESS", ""), 8),
    (("user.session.end", "SUCCESS", ""), 9),
)


class Okta:
    """The identity provider of example.com."""

    def __init__(self, cast: Cast, source: str = "okta") -> None:
        self.source = source
        self._rng = stream(cast.seed, source, "planted")
        self._kinds = table(
            [(_template(*kind), weight) for kind, weight in _BACKGROUND],
            64,
        )
        rng = stream(cast.seed, source, "pool")
        places = [
            (
                rendered(_actor(person)),
                rendered(_client(person, ip)),
                rendered(_request(ip)),
                text(rng, 14, ALNUM).encode(),
            )
            for person in cast.people
            for ip in (OFFICE, person.home)
        ]
        self._places = places

    def sign_in(self, person: Person, ip: str, *, session: str = "", refused: str = "") -> Writing:
        """A password was given; ``refused`` is the reason it was not accepted."""
        return self._event("user.session.start", person, ip, session, refused)

    def denied_push(self, person: Person, ip: str, *, session: str) -> Writing:
        """The account's holder rejected a push for a second factor."""
        return self._event("user.mfa.okta_verify.deny_push", person, ip, session, "User rejected Okta push verify")

    def second_factor(self, person: Person, ip: str, *, session: str) -> Writing:
        """The second factor was given."""
        return self._event("user.authentication.auth_via_mfa", person, ip, session, "")

    def token(self, person: Person, ip: str, *, session: str) -> Writing:
        """An access token was handed out."""
        return self._event("app.oauth2.as.token.grant.access_token", person, ip, session, "")

    def _event(self, kind: str, person: Person, ip: str, session: str, reason: str) -> Writing:
        ident, transaction = uuid(self._rng), text(self._rng, 27, ALNUM)
        reading = _TYPES[kind][2]
        if reason and reading == "auth.login":
            reading = "auth.login_failed"
        keys = [("identity", person.email), ("ip", ip)]
        if session:
            keys.append(("session", session))

        def write(at: int) -> Entry:
            document = _document(
                kind,
                "FAILURE" if reason else "SUCCESS",
                reason,
                actor=_actor(person),
                client=_client(person, ip),
                session=session or "unknown",
                published=rfc3339_millis(at),
                transaction=transaction,
                ident=ident,
                request=_request(ip),
            )
            outcome = "failure" if reason else "success"
            return Entry(rendered(document), at // MILLI * MILLI, reading, outcome, person.email, tuple(keys))

        return Writing(self.source, write)

    def minute(self, start: int, offsets: list[int], draws: tuple[int, ...], first: int) -> list[bytes]:
        """See :class:`vestige.demo.writing.Shape`."""
        prefix = b'"' + rfc3339_minute(start)
        kinds, places, crowd = self._kinds, self._places, len(self._places)
        day = b"%03x" % (start // 86_400_000_000_000 & 0xFFF)
        out = []
        for number, (offset, draw) in enumerate(zip(offsets, draws, strict=True), first):
            actor, client, request, session = places[(draw >> 8) % crowd]
            digits = b"%016x" % draw
            out.append(
                kinds[draw & 63]
                % (
                    actor,
                    client,
                    b'"idx%b%b"' % (session, day),
                    prefix + MILLIS[offset] + b'"',
                    b'"Zw%b%b"' % (digits, digits[:9]),
                    b'"%b-%b-4%b-a%b-%012x"' % (digits[:8], digits[8:12], digits[1:4], digits[5:8], number),
                    request,
                )
            )
        return out


def _template(kind: str, result: str, reason: str) -> bytes:
    document = _document(
        kind,
        result,
        reason,
        actor="@actor@",
        client="@client@",
        session="@session@",
        published="@published@",
        transaction="@transaction@",
        ident="@uuid@",
        request="@request@",
    )
    return template(document, "actor", "client", "session", "published", "transaction", "uuid", "request")


def _document(
    kind: str,
    result: str,
    reason: str,
    *,
    actor: object,
    client: object,
    session: str,
    published: str,
    transaction: str,
    ident: str,
    request: object,
) -> dict[str, object]:
    legacy, display, _ = _TYPES[kind]
    if result == "FAILURE":
        legacy = legacy.replace("_success", "_failed")
    return {
        "actor": actor,
        "client": client,
        "device": None,
        "authenticationContext": {
            "authenticationProvider": None,
            "credentialProvider": None,
            "credentialType": None,
            "issuer": None,
            "interface": None,
            "authenticationStep": 0,
            "externalSessionId": session,
        },
        "displayMessage": display,
        "eventType": kind,
        "outcome": {"result": result, "reason": reason or None},
        "published": published,
        "securityContext": {
            # RFC 5398: a number set aside for documentation.
            "asNumber": 64500,
            "asOrg": "example transit",
            "isp": "example transit",
            "domain": "example.net",
            "isProxy": False,
        },
        "severity": "WARN" if result == "FAILURE" else "INFO",
        "debugContext": {"debugData": {"requestUri": "/idp/idx/challenge/answer", "threatSuspected": "false"}},
        "legacyEventType": legacy,
        "transaction": {"type": "WEB", "id": transaction, "detail": {}},
        "uuid": ident,
        "version": "0",
        "request": request,
        "target": [
            {
                "id": "0oa1demo2git3app4x7",
                "type": "AppInstance",
                "alternateId": "Example Git",
                "displayName": "Example Git",
                "detailEntry": None,
            }
        ],
    }


def _actor(person: Person) -> dict[str, object]:
    return {
        "id": person.account_id,
        "type": "User",
        "alternateId": person.email,
        "displayName": person.display,
        "detailEntry": None,
    }


def _client(person: Person, ip: str) -> dict[str, object]:
    agent, system, browser = person.agent
    return {
        "userAgent": {"rawUserAgent": agent, "os": system, "browser": browser},
        "zone": "null",
        "device": "Computer",
        "id": None,
        "ipAddress": ip,
        "geographicalContext": _geography(ip),
    }


def _request(ip: str) -> dict[str, object]:
    version = "V6" if ":" in ip else "V4"
    return {"ipChain": [{"ip": ip, "geographicalContext": _geography(ip), "version": version, "source": None}]}


def _geography(ip: str) -> dict[str, object]:
    city = "Exampleton" if ip.startswith("192.0.2.") else "Sampleford"
    return {
        "city": city,
        "state": None,
        "country": "Exampleland",
        "postalCode": None,
        "geolocation": {"lat": 0.0, "lon": 0.0},
    }
