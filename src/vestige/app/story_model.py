"""The model that writes a tenant's stories: which it is, how it is asked, and what of its answer is kept.

Where evidence leaves the installation that is an entry before it leaves (``story.asked``), and what came of it is one
behind it (``story.answered``): who asked, which model, digests of request and answer, tokens, and what they cost where
a price is known. Neither holds the request or the answer: what a model wrote is no evidence, and what it was given has
entries of its own.

Answers are remembered in memory alone, by what was asked: a file of them would keep what an erasure takes away.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import secrets
import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vestige.agents.prices import price_of
from vestige.app.session_answers import digits
from vestige.ledger import act_entry
from vestige.model.errors import (
    BusyError,
    ConflictError,
    InputError,
    IntegrityError,
    OutgoingError,
    StorageError,
    UsageError,
    VestigeError,
)
from vestige.model.instant import now
from vestige.outgoing import Outgoing, check_url, networks_of
from vestige.settings import KEY_LENGTH, may_be_key
from vestige.sources.agents import Usage
from vestige.stories.check import check
from vestige.stories.models import MODEL, Story
from vestige.stories.prompt import MOST_GIVEN, SYSTEM, URLS, VERSION, Dialect, headers, question, reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.agents.prices import Book
    from vestige.ingest.intake import Stores
    from vestige.model.principal import Principal
    from vestige.proof.canonical import Encodable
    from vestige.settings import Settings
    from vestige.stories.models import Evidence
    from vestige.stories.prompt import Reply
    from vestige.stories.template import Gathered

NETWORKS: Final = "VESTIGE_LLM_NETWORKS"
SET, CLEARED = "story.model_set", "story.model_cleared"
ASKED, ANSWERED = "story.asked", "story.answered"
FOLDER: Final = "stories"
SEALED: Final = b"stories/model-key"
"""What the tenant's key makes the key of, under which the model's is kept."""
_NONCE: Final = 12
_PATIENCE: Final = 1.0
"""Seconds that somebody waits for the model to be free: who waits holds one of the server's few threads."""
_KEPT: Final = 64
"""Answers that are remembered."""
_MODEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}")
_OK: Final = 200
_REASONS: Final = {
    401: "it does not know the key",
    403: "it does not allow that",
    404: "it has no such model or address",
    429: "it is asked too often",
}


@dataclass(frozen=True, slots=True)
class Model:
    """The model of a tenant, as it is kept."""

    provider: str
    name: str
    url: str
    sealed_key: str = field(default="", repr=False)
    """Its key, encrypted; empty: none."""

    def to_json(self) -> dict[str, Any]:
        """As it is told: of the key, whether there is one."""
        return {"provider": self.provider, "name": self.name, "url": self.url, "has_key": bool(self.sealed_key)}


def _default(settings: Settings) -> Model | None:
    """The model of the installation's settings; its key is in memory alone, as it is."""
    if not settings.llm_provider:
        return None
    url = settings.llm_base_url.rstrip("/") or URLS[Dialect(settings.llm_provider)]
    return Model(settings.llm_provider, settings.llm_model, url)


@dataclass(slots=True)
class _Answer:
    """What was answered, and the entries of the call."""

    reply: Reply
    told: dict[str, Any]


class StoryModel:
    """The model of one tenant. Safe to share between threads; it is asked one thing at a time.

    Args:
        stores: of the tenant.
        settings: bounds, and where it may be.
        book: the price lists in force.
    """

    def __init__(self, stores: Stores, settings: Settings, book: Callable[[], Book]) -> None:
        self._stores = stores
        self._file = settings.data / FOLDER / f"{stores.tenant}.json"
        self._networks = networks_of(part.strip() for part in settings.llm_networks.split(",") if part.strip())
        self._seconds = settings.limit_llm_seconds
        self._question = settings.limit_llm_question_bytes
        self._largest = settings.limit_llm_answer_bytes
        self._default, self._default_key = _default(settings), settings.llm_api_key
        self._book = book
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._answers: OrderedDict[str, _Answer] = OrderedDict()

    # -- which it is --------------------------------------------------------------------------------------------

    def shown(self) -> dict[str, Any]:
        """The model, without its key, and whether it is the tenant's own; ``{"set": false}`` if there is none."""
        own = self._read()
        found = own or self._default
        if found is None:
            return {"set": False}
        has_key = found.to_json()["has_key"] if own else bool(self._default_key)
        return {"set": True} | found.to_json() | {"has_key": has_key, "own": own is not None}

    def set(self, provider: str, name: str, url: str, key: str, by: Principal) -> dict[str, Any]:
        """Let a model write stories from now on.

        A key that is not given is the one that was there, if provider and URL are: it is for no place but the one it
        was given for.

        Raises:
            UsageError: the provider or the name is none.
            OutgoingError: the URL may not be called.
            InputError: the key is none.
        """
        dialect = _dialect(provider)
        url = url.rstrip("/") or URLS[dialect]
        if _MODEL.fullmatch(name) is None:
            raise UsageError(
                "no model is called that", expected="its name, as the service has it", got=name[:80], field="name"
            )
        if check_url(url, self._networks, NETWORKS).query:
            raise UsageError("a model's URL has no query", expected="https://HOST/…", got=url[:100], field="url")
        if key and not may_be_key(key):
            raise InputError(
                "that is no key",
                expected=f"printable ASCII, at most {KEY_LENGTH} letters",
                got=f"{len(key)} letters",
                field="key",
            )
        with self._lock:
            before = self._readable()
            same = before is not None and (before.provider, before.url) == (dialect.value, url)
            sealed = self._seal(dialect.value, url, key) if key else before.sealed_key if before and same else ""
            after = Model(dialect.value, name, url, sealed)
            detail: dict[str, Encodable] = {"before": before.to_json() if before else {}, "after": after.to_json()}
            self._act(SET, by, detail | {"key_given": bool(key)})
            self._keep(after)
        return self.shown()

    def clear(self, by: Principal) -> None:
        """Let no model write stories any more; its key is forgotten."""
        with self._lock:
            if self._file.exists():
                before = self._readable()
                self._act(CLEARED, by, {"before": before.to_json() if before else {}})
                with _kept():
                    self._file.unlink(missing_ok=True)
            self._answers.clear()

    # -- asking it ----------------------------------------------------------------------------------------------

    def write(self, found: Gathered, by: Principal) -> Story:
        """Have the model write a story of what was gathered; what rests on nothing is dropped from it.

        Raises:
            ConflictError: no model is set, or there is nothing to write of.
            BusyError: it is being asked something else.
            OutgoingError: it could not be asked, or answered what is no answer.
        """
        model = self._read() or self._default
        if model is None:
            raise ConflictError("no model writes stories here", expected="one that an admin set", got="none",
                                hint="`vestige story model set`, or ask for the story by template")  # fmt: skip
        if not found.evidence:
            raise ConflictError("there is nothing to write of", expected="an entry that led there", got="none")
        given, unknown = self._given(found)
        asked = question(Dialect(model.provider), model.url, model.name, found.about, given)
        digest = hashlib.sha256(b"\n".join([VERSION.encode(), asked.url.encode(), asked.body])).hexdigest()
        if not self._asking.acquire(timeout=_PATIENCE):
            raise BusyError("the model is being asked something else", hint="try again in a minute")
        try:
            with self._lock:
                known = self._answers.get(digest)
            answer = known or self._ask(model, asked.url, asked.body, digest, found, [one.id for one in given], by)
        finally:
            self._asking.release()
        with self._lock:
            self._answers[digest] = answer
            self._answers.move_to_end(digest)
            while len(self._answers) > _KEPT:
                self._answers.popitem(last=False)
        # In the entry as it stands, and in what the model was given of it: what it was not given it cannot quote.
        own = {one.id: one.text for one in found.evidence}
        kept, dropped = check(answer.reply.value, {one.id: (one.text, own[one.id]) for one in given})
        told = answer.told | {"cached": known is not None}
        return Story(found.about, MODEL, kept, found.evidence, (*found.unknown, *unknown), dropped, told)

    def _given(self, found: Gathered) -> tuple[list[Evidence], list[str]]:
        """What of the entries the model is given: without secrets, and no more than fits; and what is said of that."""
        given: list[Evidence] = []
        size = 0
        for one in found.evidence:
            # A session's entries came in without secrets; those of commits and services did not.
            text = orjson.loads(self._stores.redaction.payload(orjson.dumps({"text": one.text})))["text"]
            size += len(text.encode("utf-8", "surrogatepass"))
            if len(given) >= MOST_GIVEN or size > self._question:
                break
            given.append(one._replace(text=text.encode("utf-8", "replace").decode()))
        left = len(found.evidence) - len(given)
        return given, [
            f"{left} of {len(found.evidence)} entries were not given to the model: there were too many."
        ] if left else []

    def _ask(
        self, model: Model, url: str, body: bytes, digest: str, found: Gathered, given: list[str], by: Principal
    ) -> _Answer:
        about: dict[str, Any] = {
            "about": found.about.to_json(), "provider": model.provider, "model": model.name, "url": model.url,
            "prompt": VERSION, "prompt_sha256": hashlib.sha256(SYSTEM.encode()).hexdigest(), "request_sha256": digest,
            "entries": given,
        }  # fmt: skip
        key = self._default_key if model is self._default else self._open(model)
        asked = self._act(ASKED, by, about)
        told: dict[str, Any] = {"asked": asked, "model": model.name, "request_sha256": digest}
        try:
            outgoing = Outgoing(self._networks, setting=NETWORKS, seconds=self._seconds, most=self._largest)
            answer = outgoing.send(
                url, body, "application/json", "application/json", headers(Dialect(model.provider), key)
            )
            told |= {"status": answer.status, "answer_sha256": hashlib.sha256(answer.body).hexdigest()}
            if answer.status != _OK:
                raise OutgoingError(
                    "the model's service refused", expected="200", got=f"{answer.status}: {_reason(answer.status)}",
                    hint="see `vestige story model show`; try again later, or ask for the story by template",
                )  # fmt: skip
            read = reply(Dialect(model.provider), answer.body)
        except VestigeError as error:
            self._act(ANSWERED, by, told | {"ok": False, "reason": f"{error.message}: {error.got}"[:500]})
            raise
        figures = self._figures(model, read)
        own = {one.id: (one.text,) for one in found.evidence}
        kept, dropped = check(read.value, own)
        told |= {"ok": True, "kept": len(kept), "dropped": len(dropped)} | figures
        answered = self._act(ANSWERED, by, told)
        shown = model.to_json() | {"prompt": VERSION, "asked": asked, "answered": answered} | figures
        del shown["has_key"]
        return _Answer(read, shown)

    def _figures(self, model: Model, read: Reply) -> dict[str, Any]:
        """Tokens, and what they cost where a price is known."""
        tokens = read.tokens
        if tokens.read is None or tokens.written is None:
            return {}
        counts = {"input": tokens.read, "output": tokens.written}
        usage = Usage("", model.name, "answer", tokens.read - tokens.cached, tokens.written, 0, tokens.cached)
        price = price_of(usage, now(), self._book())
        cost = {} if price.amount is None else {"cost_usd": digits(price.amount)}
        return {"tokens": counts, "prices": price.table} | cost

    # -- keeping it ---------------------------------------------------------------------------------------------

    def _act(self, act: str, by: Principal, detail: dict[str, Encodable]) -> str:
        entry = act_entry(act, by, detail, "story")
        return self._stores.ledger.transact(self._stores.tenant, lambda _: [entry]).items[0].ids[0]

    def _seal(self, provider: str, url: str, key: str) -> str:
        nonce = secrets.token_bytes(_NONCE)
        sealed = AESGCM(self._secret()).encrypt(nonce, key.encode(), f"{provider} {url}".encode())
        return base64.b64encode(nonce + sealed).decode()

    def _open(self, model: Model) -> str:
        if not model.sealed_key:
            return ""
        sealed = base64.b64decode(model.sealed_key)
        place = f"{model.provider} {model.url}".encode()
        try:
            return AESGCM(self._secret()).decrypt(sealed[:_NONCE], sealed[_NONCE:], place).decode()
        except InvalidTag:
            raise IntegrityError(
                "the model's key cannot be opened", expected="one sealed under this log's key for this URL",
                got="another", hint="give it again: `vestige story model set … --key-file FILE`",
            ) from None  # fmt: skip

    def _secret(self) -> bytes:
        return self._stores.ledger.dedup_key(self._stores.tenant, SEALED)

    def _read(self) -> Model | None:
        try:
            return Model(**orjson.loads(self._file.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise StorageError("which model writes stories cannot be read", got=type(error).__name__,
                               hint="`vestige story model set` puts another in its place") from None  # fmt: skip

    def _readable(self) -> Model | None:
        """What is there to be put away; one that cannot be read is as good as none, so that it can be."""
        try:
            return self._read()
        except StorageError:
            return None

    def _keep(self, model: Model) -> None:
        """Keep it in place of what was, so that a crash leaves the old or the new."""
        with _kept():
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = self._file.with_suffix(".fresh")
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                os.write(handle, orjson.dumps(asdict(model)))
                os.fsync(handle)
            finally:
                os.close(handle)
            fresh.replace(self._file)


def _dialect(provider: str) -> Dialect:
    try:
        return Dialect(provider)
    except ValueError:
        raise UsageError(
            "there is no such provider", expected=", ".join(Dialect), got=provider[:40], field="provider"
        ) from None


def _reason(status: int) -> str:
    return _REASONS.get(status, "it failed" if status >= 500 else "it does not take the request")


@contextlib.contextmanager
def _kept() -> Any:  # noqa: ANN401 - a context
    try:
        yield
    except OSError as error:
        raise StorageError(
            "the model cannot be kept", got=error.strerror or str(error), hint="free some disk space"
        ) from None
