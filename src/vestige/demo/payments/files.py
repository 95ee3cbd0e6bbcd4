"""What the payments service is made of at first: eight files in several languages, each as it was first committed.

None of it runs anywhere. Who changed what later is told in :mod:`~vestige.demo.payments.history`.
"""

from __future__ import annotations

from typing import Final

README: Final = """\
# payments

Charges cards for the shop, through the card gateway.

- `payments/api.py` is asked by the checkout (`web/checkout.ts`).
- `payments/charges.py` keeps every charge before the gateway hears of it.
- `payments/gateway.py` talks to the gateway.
- `worker/settle.go` settles at night what was charged by day.
- `deploy/rollout.sh` rolls out, host by host.
"""

SCHEMA: Final = """\
CREATE TABLE charges (
    reference   text PRIMARY KEY,
    card        text NOT NULL,
    cents       bigint NOT NULL,
    gateway_id  text,
    state       text NOT NULL DEFAULT 'begun',
    created_at  timestamptz NOT NULL DEFAULT now()
);
"""

CHARGES: Final = '''\
"""Charges: kept before the gateway hears of them, so that none is made twice."""

from payments.gateway import Refused


class Charges:
    """The charges of the shop."""

    def __init__(self, store, gateway):
        self._store = store
        self._gateway = gateway

    def make(self, reference, card, cents):
        """Charge a card for an order."""
        known = self._store.find(reference)
        if known is not None:
            return known
        self._store.begin(reference, card, cents)
        try:
            charged = self._gateway.charge(card, cents, reference)
        except Refused as reason:
            return self._store.end(reference, "refused", str(reason))
        return self._store.end(reference, "charged", charged)
'''

GATEWAY: Final = '''\
"""The card gateway: a call for a charge, a call for a refund."""

import logging

from requests import Timeout

LOG = logging.getLogger("payments.gateway")
URL = "https://gateway.example.net/v2"


class Refused(Exception):
    """The gateway says no, and why."""


class Unreachable(Exception):
    """The gateway says nothing."""


class Gateway:
    """One gateway, over the connections of a pool that all requests share."""

    def __init__(self, pool, timeout=10.0):
        self._pool = pool
        self._timeout = timeout

    def charge(self, card, cents, reference):
        """Charge a card; what the gateway calls the charge."""
        with self._pool.connection() as connection:
            answer = self._post(connection, "/charges", card=card, cents=cents, reference=reference)
        return answer["id"]

    def refund(self, charge, cents):
        """Give back some of a charge."""
        with self._pool.connection() as connection:
            self._post(connection, "/refunds", charge=charge, cents=cents)

    def _post(self, connection, path, **fields):
        answer = connection.post(URL + path, json=fields, timeout=self._timeout)
        if answer.status_code == 402:
            raise Refused(answer.json()["reason"])
        return answer.json()
'''

API: Final = '''\
"""What the checkout asks for."""

from flask import Blueprint, current_app, jsonify, request

routes = Blueprint("payments", __name__)


@routes.post("/charges")
def charge():
    """Charge the card of an order."""
    order = request.get_json()
    made = current_app.charges.make(order["reference"], order["card"], order["cents"])
    if made.state == "refused":
        return jsonify(error="refused"), 402
    return jsonify(id=made.gateway_id), 201
'''

CHECKOUT: Final = """\
export interface Order {
  readonly reference: string;
  readonly card: string;
  readonly cents: number;
}

export async function pay(order: Order): Promise<string> {
  const answer = await fetch("/payments/charges", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(order),
  });
  if (answer.status === 402) throw new Error("Your card was refused.");
  if (!answer.ok) throw new Error("We could not charge your card. Nothing was taken.");
  return (await answer.json()).id;
}
"""

SETTLE: Final = """\
// Settles at night what was charged by day.
package main

import (
	"database/sql"
	"log"
)

func settle(db *sql.DB) error {
	rows, err := db.Query("SELECT reference FROM charges WHERE state = 'charged'")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var reference string
		if err := rows.Scan(&reference); err != nil {
			return err
		}
		if _, err := db.Exec("UPDATE charges SET state = 'settled' WHERE reference = $1", reference); err != nil {
			return err
		}
	}
	return rows.Err()
}

func main() {
	if err := settle(open()); err != nil {
		log.Fatal(err)
	}
}
"""

ROLLOUT: Final = """\
#!/bin/sh
# Rolls a version out, host by host.
set -eu
version=$1
for host in api-1 api-2 api-3 api-4; do
  ssh "$host" payments-install "$version"
  ssh "$host" systemctl restart payments
done
"""
