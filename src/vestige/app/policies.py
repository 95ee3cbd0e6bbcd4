"""A tenant's policies: which are in force, from when, and what lifts them for a while. Each change is an entry."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from vestige.app.offline import BUNDLED
from vestige.app.offline import LONGEST as LONGEST_BUNDLE
from vestige.app.policy_book import APPLIED, REMOVED, WAIVED, WITHDRAWN, may_cover, policy_digest
from vestige.code.mirrors import check_name
from vestige.code.repository import is_oid
from vestige.ledger import act_entry
from vestige.model.errors import NotFoundError, UsageError
from vestige.model.instant import NANOS, now, to_text
from vestige.policy import FORMATS, LONGEST, Policy, body_of, json_schema, read_document

if TYPE_CHECKING:
    from vestige.app.code import Code
    from vestige.app.policy_book import PolicyBook
    from vestige.ingest.intake import Stores
    from vestige.model.principal import Principal

REFUSED: Final = "policy.refused"
MOST: Final = 500
"""Policies of one tenant."""
LONGEST_WAIVER: Final = 366 * 86_400 * NANOS
POLICY_BYTES: Final = LONGEST
policy_schema = json_schema
POLICY_FORMATS = FORMATS


class Policies:
    """The policies of one tenant. Safe to share between threads.

    Args:
        book: what the ledger says of them.
        stores: of the tenant.
        code: its repositories.
    """

    def __init__(self, book: PolicyBook, stores: Stores, code: Code) -> None:
        self._book = book
        self._stores = stores
        self._code = code

    # -- which there are ----------------------------------------------------------------------------------------

    def all(self) -> list[dict[str, Any]]:
        """Every policy, by name."""
        return [one.to_json() for _, one in sorted(self._book.taken().held.items())]

    def versions(self, name: str) -> dict[str, Any]:
        """Every version that a policy of a name ever had, the newest first, and whether one is in force.

        Raises:
            NotFoundError: there never was one of that name.
        """
        known = self._book.taken().held
        found = self._book.versions(name)
        if not found:
            raise NotFoundError("there is no such policy", expected=", ".join(sorted(known))[:300], got=name[:64])
        return {"policy": name, "in_force": name in known, "versions": [one.to_json() for one in reversed(found)]}

    def apply(self, text: str, form: str, by: Principal) -> list[dict[str, Any]]:
        """Put the policies of a document in force, each in place of the one of its name; all of them or none.

        Returns:
            Each policy, whether it is ``new`` (else the same was in force), and how many repositories that are kept
            here it covers.

        Raises:
            UsageError: the document is none, with the line; that it was refused is an entry.
        """
        try:
            found = self._readable(text, form)
        except UsageError as error:
            self._book.append(act_entry(REFUSED, by, {"reason": str(error)[:1000]}))
            raise
        bodies = {one.name: body_of(one) for one in found}
        known = self._book.taken().held
        new = [name for name, body in bodies.items() if name not in known or known[name].body != body]
        self._book.append(
            *(
                act_entry(APPLIED, by, {"policy": bodies[name], "sha256": policy_digest("document", bodies[name])},
                          f"policy:{name}")
                for name in new
            )
        )  # fmt: skip
        known = self._book.taken().held
        names = [one["name"] for one in self._code.all()]
        return [
            known[one.name].to_json()
            | {"new": one.name in new, "repositories_here": sum(one.covers(name) for name in names)}
            for one in found
            if one.name in known  # else another removed it within this moment
        ]

    def _readable(self, text: str, form: str) -> list[Policy]:
        found = read_document(text, form)
        if len(set(self._book.taken().held) | {one.name for one in found}) > MOST:
            raise UsageError("there are too many policies", expected=f"at most {MOST}", got="more")
        return found

    def remove(self, name: str, by: Principal) -> None:
        """Let a policy be in force no more.

        Raises:
            NotFoundError: there is none of that name.
        """
        known = self._book.taken().held
        if name not in known:
            raise NotFoundError("there is no such policy", expected=", ".join(sorted(known))[:300], got=name[:64])
        self._book.append(act_entry(REMOVED, by, {"name": name, "sha256": known[name].digest}, f"policy:{name}"))

    # -- waivers ------------------------------------------------------------------------------------------------

    def waivers(self) -> list[dict[str, Any]]:
        """Every waiver that was given, the newest first."""
        given, time = self._book.taken().waivers, now()
        return [one.to_json(time) for one in reversed(given.values())]

    def waive(
        self, policy: str, repository: str, commit: str, until: int, reason: str, by: Principal
    ) -> dict[str, Any]:
        """Let a policy be in one repository, for one commit or all, until a time.

        Raises:
            NotFoundError: there is no such policy.
            UsageError: it would hold for no time, or too long, or for what is no commit.
        """
        known = self._book.taken().held
        if policy not in known:
            raise NotFoundError("there is no such policy", expected=", ".join(sorted(known))[:300], got=policy[:64])
        check_name(repository)
        if commit and not is_oid(commit):
            raise UsageError("a waiver is for a commit in full", expected="40 or 64 hexadecimal digits",
                             got=commit[:80], field="commit")  # fmt: skip
        time = now()
        if not time < until <= time + LONGEST_WAIVER:
            raise UsageError("a waiver ends", expected="a time from now on, within 366 days", got=to_text(until),
                             field="until")  # fmt: skip
        if not reason.strip():
            raise UsageError("a waiver needs a reason", expected="why", got="nothing", field="reason")
        detail = {"policy": policy, "repository": repository, "commit": commit, "until": to_text(until),
                  "reason": reason}  # fmt: skip
        entry = self._book.append(act_entry(WAIVED, by, detail, f"policy:{policy}"))[0]
        return self._book.taken().waivers[entry].to_json(time)

    def withdraw(self, waiver: str, by: Principal) -> None:
        """Let a waiver hold no more.

        Raises:
            NotFoundError: there is none, or it holds no more.
        """
        known = self._book.taken().waivers.get(waiver.upper())
        if known is None or known.withdrawn:
            raise NotFoundError("there is no such waiver", got=waiver[:40], hint="`vestige policy waivers`")
        self._book.append(act_entry(WITHDRAWN, by, {"waiver": known.waiver.id}, f"policy:{known.waiver.policy}"))

    def bundle(self, repository: str, until: int, by: Principal) -> dict[str, Any]:
        """The policies in force for a repository, to be judged by while the server cannot be asked: an entry, proved.

        Raises:
            UsageError: it would hold for no time, or too long.
        """
        time = now()
        if not time < until <= time + LONGEST_BUNDLE:
            raise UsageError("a bundle of policies ends", expected="a time from now on, within 7 days",
                             got=to_text(until), field="until")  # fmt: skip
        taken = self._book.taken()
        detail: dict[str, Any] = {
            "repository": check_name(repository), "until": to_text(until),
            "policies": [one.body for _, one in sorted(taken.held.items()) if may_cover(one.policy, repository)],
            "waivers": [one.waiver.to_json() | {"until": str(one.waiver.until)} for one in taken.waivers.values()
                        if not one.withdrawn and one.waiver.repository == repository],
        }  # fmt: skip
        ledger, tenant = self._stores.ledger, self._stores.tenant
        identity = self._book.append(act_entry(BUNDLED, by, detail, f"repository:{repository}"))[0]
        ledger.checkpoint(tenant)
        entry = self._book.entry(identity)
        return {
            "entry": identity, "repository": repository, "until": to_text(until), "policies": len(detail["policies"]),
            "payload": base64.b64encode(ledger.opened(entry)).decode(), "leaf": base64.b64encode(entry.leaf).decode(),
            "salt": (entry.salt or b"").hex(), "proof": ledger.tlog_proof(tenant, identity),
            "origin": ledger.log(tenant).origin, "vkey": ledger.keys(tenant)[-1].vkey,
        }  # fmt: skip
