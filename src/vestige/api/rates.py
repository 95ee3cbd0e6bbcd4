"""How many requests a second an address, and a key, may make: 429 and ``Retry-After`` beyond."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vestige.api.connections import LOCAL
from vestige.api.problems import respond
from vestige.app import Buckets
from vestige.model.errors import RateError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from vestige.app import Settings


@dataclass(frozen=True, slots=True)
class Rates:
    """The buckets of one process."""

    addresses: Buckets
    keys: Buckets
    sign_ins: Buckets
    polls: Buckets
    """Programs that wait to be let in: they ask often, and must not use up what people need to sign in."""

    @classmethod
    def of(cls, settings: Settings) -> Rates:
        """As the settings say. Two seconds' worth, and a minute's of sign-ins, may come at once."""
        return cls(
            Buckets(settings.limit_address_requests, 2 * settings.limit_address_requests),
            Buckets(settings.limit_key_requests, 2 * settings.limit_key_requests),
            Buckets(settings.limit_sign_ins / 60, settings.limit_sign_ins),
            Buckets(settings.limit_device_polls / 60, settings.limit_device_polls),
        )


def whose(host: str) -> str:
    """What an address is counted under: itself, or of IPv6 its network of 64 bits, all of which one host may use."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))


def take(buckets: Buckets, name: str, whose: str, setting: str) -> None:
    """Count a request.

    Raises:
        RateError: there are more than there may be.
    """
    wait = buckets.take(name)
    if wait:
        raise RateError(
            f"too many requests of this {whose}",
            seconds=wait,
            expected=f"no more than {setting} says",
            hint=f"ask again in {wait} s",
        )


class AddressRate:
    """Holds every address to its rate, before anything is read or looked up. The socket is not bounded."""

    def __init__(self, app: ASGIApp, buckets: Buckets) -> None:
        self._app = app
        self._buckets = buckets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        client = scope.get("client")
        host = client[0] if client else ""
        if scope["type"] == "http" and not host.startswith(LOCAL):
            try:
                take(self._buckets, whose(host), "address", "VESTIGE_LIMIT_ADDRESS_REQUESTS")
            except RateError as error:
                await respond(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)
