"""Telling somebody who does not look: a message to a URL of the operator's, signed so that it cannot be forged.

The headers are those of Standard Webhooks 1.0 (https://www.standardwebhooks.com): ``webhook-id``,
``webhook-timestamp`` in whole seconds, and ``webhook-signature``: ``v1,`` and the base64 of HMAC-SHA256 over
``id.timestamp.body`` under the shared secret. The same id is sent at each try, so that a receiver may drop doubles.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.model.errors import OutgoingError
from vestige.model.instant import NANOS, now
from vestige.outgoing import Outgoing

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from vestige.outgoing import Network

TRIES: Final = 5
FIRST_WAIT: Final = 1.0
"""Seconds before the second try; four times as long before each further one."""


class Alarm:
    """Messages to one URL.

    Args:
        url: where to.
        secret: shared with whoever is there; it is never told.
        networks: where that may be besides the open internet.
        clock: nanoseconds since 1970.
    """

    def __init__(self, url: str, secret: str, networks: Sequence[Network] = (), clock: Callable[[], int] = now) -> None:
        self._url = url
        self._secret = secret.encode()
        self._outgoing = Outgoing(networks, setting="VESTIGE_ALARM_NETWORKS")
        self._clock = clock

    def send(self, identity: str, message: dict[str, Any], stop: threading.Event) -> int:
        """Send a message until it is taken; how many tries it took.

        Args:
            identity: names the message.
            message: JSON.
            stop: set when it should be given up.

        Raises:
            OutgoingError: it was not taken, after :data:`TRIES`, or the URL may not be called at all.
        """
        body = orjson.dumps(message)
        wait = FIRST_WAIT
        for tried in range(1, TRIES + 1):
            try:
                answer = self._outgoing.send(self._url, body, "application/json", headers=self._headers(identity, body))
            except OutgoingError as error:
                failure = error
            else:
                if 200 <= answer.status < 300:
                    return tried
                failure = OutgoingError("the alarm was not taken", expected="a 2xx answer", got=f"{answer.status}")
            if tried < TRIES and stop.wait(wait):
                break
            wait *= 4
        raise failure

    def _headers(self, identity: str, body: bytes) -> dict[str, str]:
        at = str(self._clock() // NANOS)
        signed = b".".join((identity.encode(), at.encode(), body))
        mac = base64.b64encode(hmac.new(self._secret, signed, hashlib.sha256).digest()).decode()
        return {"webhook-id": identity, "webhook-timestamp": at, "webhook-signature": f"v1,{mac}"}
