"""Who changed the payments service, and when: fifteen commits by three people, who work with a coding agent at times.

The one that matters is of the day before the story ends. Asked to spare customers the gateway's time-outs, the agent
lets a charge be tried again for as long as it takes, with the connection of the pool in its hands. Nobody notices while
the gateway is well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from vestige.demo.payments import files
from vestige.demo.payments.desk import Desk
from vestige.demo.payments.repository import Commit, Repository, replaced
from vestige.demo.payments.sitting import Sitting

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.demo.cast import Cast
    from vestige.demo.payments.desk import Heard

    At = Callable[[str, int], int]
    """The instant (ns) of a clock time on a day of the story; day 0 ends it."""

PATH: Final = "payments/gateway.py"
LINE: Final = "while True:"
"""The line that the outage comes of, without its indentation."""
_ROBIN, _SASHA, _NOOR = "robin.slate", "sasha.harbor", "noor.linden"


@dataclass(slots=True)
class History:
    """The repository, and what was heard at its people's desks."""

    repository: Repository = field(default_factory=Repository)
    heard: list[Heard] = field(default_factory=list)
    sittings: list[Sitting] = field(default_factory=list)
    prompts: dict[str, str] = field(default_factory=dict)
    """By commit that an agent made, what it had been asked for."""
    before: Commit | None = None
    """The commit that was rolled back to."""
    culprit: Commit | None = None
    repair: Commit | None = None
    call: str = ""
    """The call that wrote the line."""


def write(seed: int, cast: Cast, at: At) -> History:
    """Make all commits, in order."""
    told = History()
    desks = {name: Desk(cast.person(name), told.repository, told.heard) for name in (_ROBIN, _SASHA, _NOOR)}
    _begun_by_hand(told, cast, at)
    _a_reason_for_refusals(seed, told, desks[_ROBIN], at)
    _by_hand(desks[_NOOR], at("13:10:22", -2), "settle: say how many were settled", "worker/settle.go",
             "\treturn rows.Err()\n", '\tlog.Print("settled what was charged")\n\treturn rows.Err()\n')  # fmt: skip
    _in_batches(seed, told, desks[_NOOR], at)
    told.before = _by_hand(
        desks[_SASHA], at("09:02:47", -1), "charges: refuse less than a cent", "payments/charges.py",
        "        self._store.begin(",
        '        if cents < 1:\n            raise ValueError("less than a cent")\n        self._store.begin(',
    )  # fmt: skip
    _again_and_again(seed, told, desks[_ROBIN], at)
    _three_attempts(seed, told, desks[_SASHA], at)
    _by_hand(desks[_ROBIN], at("16:10:09", -1), "README: what to do when the gateway is slow", "README.md",
             "- `deploy/rollout.sh` rolls out, host by host.\n",
             "- `deploy/rollout.sh` rolls out, host by host.\n\nIs the gateway slow, look at the pool first: each "
             "charge under way holds a connection.\n")  # fmt: skip
    _by_hand(desks[_NOOR], at("09:15:40", 0), "rollout: wait until a host serves", "deploy/rollout.sh",
             "systemctl restart payments\n",
             'systemctl restart payments\n  until curl -fs "$host:8000/ready"; do sleep 1; done\n')  # fmt: skip
    return told


def _begun_by_hand(told: History, cast: Cast, at: At) -> None:
    """The first seven commits, of before anybody had capture."""
    sasha, robin, noor = (cast.person(name) for name in (_SASHA, _ROBIN, _NOOR))
    begun = {"README.md": files.README, "db/schema.sql": files.SCHEMA, "payments/charges.py": files.CHARGES}
    whole: dict[str, str] = {}
    slower = replaced(files.GATEWAY, "timeout=10.0", "timeout=2.0")
    for when, day, person, subject, changed in (
        ("09:12:04", -9, sasha, "charges, and where they are kept", begun),
        ("14:30:51", -9, sasha, "the gateway's client", {PATH: files.GATEWAY}),
        ("10:05:33", -8, robin, "what the checkout asks for", {"payments/api.py": files.API}),
        ("16:41:18", -8, noor, "the checkout pays", {"web/checkout.ts": files.CHECKOUT}),
        ("11:20:07", -7, noor, "settle what was charged", {"worker/settle.go": files.SETTLE}),
        ("15:02:59", -7, sasha, "roll out by a script", {"deploy/rollout.sh": files.ROLLOUT}),
        ("09:48:30", -4, robin, "gateway: wait two seconds, not ten", {PATH: slower}),
    ):
        whole |= changed
        told.repository.commit(at(when, day), person, subject, whole)


def _by_hand(desk: Desk, at: int, subject: str, path: str, old: str, new: str) -> Commit:
    """Somebody changes a file without an agent."""
    desk.pull()
    desk.types(path, old, new)
    return desk.commit(at, subject)


def _sat(seed: int, told: History, desk: Desk, at: int) -> Sitting:
    made = Sitting(seed, len(told.sittings), desk, at)
    told.sittings.append(made)
    return made


def _a_reason_for_refusals(seed: int, told: History, desk: Desk, at: At) -> None:
    one = _sat(seed, told, desk, at("09:58:02", -2))
    prompt = one.asked(
        at("09:58:40", -2), "Tell the customer why a card was refused, instead of one sentence for everything."
    )
    one.reads(at("09:58:49", -2), "web/checkout.ts")
    one.reads(at("09:58:53", -2), "payments/api.py")
    one.edits(
        at("09:59:31", -2),
        "payments/api.py",
        'jsonify(error="refused")',
        'jsonify(error="refused", reason=made.reason)',
    )
    one.edits(
        at("10:00:12", -2), "web/checkout.ts",
        '  if (answer.status === 402) throw new Error("Your card was refused.");\n',
        "  if (answer.status === 402) throw new Error(refusal((await answer.json()).reason));\n",
    )  # fmt: skip
    one.edits(
        at("10:00:40", -2), "web/checkout.ts", "export async function pay(",
        "const REASONS: Readonly<Record<string, string>> = {\n"
        '  expired: "Your card has expired.",\n'
        '  no_funds: "Your bank declined the amount.",\n'
        "};\n\n"
        "function refusal(reason: string): string {\n"
        '  return REASONS[reason] ?? "Your card was refused.";\n'
        "}\n\n"
        "export async function pay(",
    )  # fmt: skip
    one.runs(at("10:01:20", -2), "npx tsc --noEmit web/checkout.ts", "")
    made = one.commits(at("10:03:11", -2), "checkout: say why a card was refused")
    one.says(at("10:03:16", -2), "The checkout now names the reason of a refusal, and falls back to the old sentence.")
    one.ends(at("10:04:00", -2))
    told.prompts[made.oid] = prompt


def _in_batches(seed: int, told: History, desk: Desk, at: At) -> None:
    one = _sat(seed, told, desk, at("15:20:10", -2))
    prompt = one.asked(
        at("15:20:55", -2), "The nightly settlement takes an hour. Settle in one statement, not row by row."
    )
    one.reads(at("15:21:03", -2), "worker/settle.go")
    one.edits(
        at("15:22:37", -2), "worker/settle.go",
        files.SETTLE[files.SETTLE.index("\trows, err :=") : files.SETTLE.index("\treturn rows.Err()")]
        + '\tlog.Print("settled what was charged")\n\treturn rows.Err()\n',
        "\tdone, err := db.Exec(\"UPDATE charges SET state = 'settled' WHERE state = 'charged'\")\n"
        "\tif err != nil {\n\t\treturn err\n\t}\n"
        "\tcount, err := done.RowsAffected()\n"
        '\tlog.Printf("settled %d charges", count)\n\treturn err\n',
    )  # fmt: skip
    one.edits(
        at("15:23:20", -2), "db/schema.sql", ");\n",
        ");\nCREATE INDEX charges_to_settle ON charges (reference) WHERE state = 'charged';\n",
    )  # fmt: skip
    one.denied(at("15:24:02", -2), "psql -h db-1 payments -f db/schema.sql", "not on the production database")
    one.runs(at("15:25:11", -2), "go vet ./worker", "")
    made = one.commits(at("15:26:44", -2), "settle: one statement for all of it")
    one.says(
        at("15:26:50", -2),
        "Settlement is one UPDATE now, with a partial index for it. The index is not on any database yet.",
    )
    one.ends(at("15:28:19", -2))
    told.prompts[made.oid] = prompt


def _again_and_again(seed: int, told: History, desk: Desk, at: At) -> None:
    """The change that the outage comes of."""
    one = _sat(seed, told, desk, at("09:41:05", -1))
    prompt = one.asked(
        at("09:41:52", -1),
        "Charges fail now and then because the gateway times out, and the customer has to pay again. "
        "Make a charge try again when it times out, so that nobody notices.",
    )
    one.reads(at("09:42:00", -1), PATH)
    one.reads(at("09:42:04", -1), "payments/charges.py")
    told.call = one.edits(
        at("09:43:28", -1), PATH,
        '            answer = self._post(connection, "/charges", card=card, cents=cents, reference=reference)\n'
        '        return answer["id"]\n',
        "            while True:\n"
        "                try:\n"
        '                    answer = self._post(connection, "/charges", card=card, cents=cents, reference=reference)\n'
        "                except Timeout:\n"
        '                    LOG.warning("charge %s timed out, trying it again", reference)\n'
        "                else:\n"
        '                    return answer["id"]\n',
    )  # fmt: skip
    one.runs(at("09:44:15", -1), "python -m pytest -q tests", "14 passed in 1.92s")
    # Robin says it in fewer words, and no editor tells of it.
    desk.types(PATH, "timed out, trying it again", "timed out, again")
    made = one.commits(at("10:03:20", -1), "gateway: try a charge again when it times out")
    one.says(at("10:03:27", -1), "A charge that times out is tried again until the gateway answers. The 14 tests pass.")
    one.ends(at("10:04:31", -1))
    told.culprit = made
    told.prompts[made.oid] = prompt


def _three_attempts(seed: int, told: History, desk: Desk, at: At) -> None:
    one = _sat(seed, told, desk, at("14:08:44", -1))
    prompt = one.asked(
        at("14:09:30", -1),
        "At noon every connection of the pool was held by charges that tried again without end. Three attempts at "
        "most, a pause between them, and no connection held during the pause.",
    )
    one.reads(at("14:09:38", -1), PATH)
    whole = told.repository.head.files[PATH]
    old = whole[whole.index("        with self._pool.connection() as connection:\n            while True:") :
                whole.index("    def refund(")]  # fmt: skip
    one.edits(
        at("14:12:05", -1), PATH, old,
        "        for attempt in range(ATTEMPTS):\n"
        "            try:\n"
        "                with self._pool.connection() as connection:\n"
        '                    answer = self._post(connection, "/charges", card=card, cents=cents, reference=reference)\n'
        "            except Timeout:\n"
        '                LOG.warning("charge %s timed out, attempt %d", reference, attempt + 1)\n'
        "                time.sleep(PAUSE * 2**attempt)\n"
        "            else:\n"
        '                return answer["id"]\n'
        '        raise Unreachable("the gateway does not answer")\n\n',
    )  # fmt: skip
    one.edits(at("14:12:40", -1), PATH, "import logging\n", "import logging\nimport time\n")
    one.edits(
        at("14:13:02", -1), PATH, 'URL = "https://gateway.example.net/v2"\n',
        'URL = "https://gateway.example.net/v2"\nATTEMPTS = 3\nPAUSE = 0.2\n"""Seconds; doubled each time."""\n',
    )  # fmt: skip
    one.runs(at("14:14:10", -1), "python -m pytest -q tests", "17 passed in 2.31s")
    made = one.commits(at("14:20:36", -1), "gateway: three attempts, and no connection held between them")
    one.says(
        at("14:20:42", -1), "Three attempts with a growing pause; the connection goes back to the pool in between."
    )
    one.ends(at("14:22:15", -1))
    told.repair = made
    told.prompts[made.oid] = prompt
