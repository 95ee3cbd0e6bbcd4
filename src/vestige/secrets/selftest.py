"""Secrets made on the spot, which no rule file has: where one comes through in any form, nothing starts.

The shapes stand here, apart from the rules, so that a rule that was broken or taken out is noticed. Beside the secrets
go ids, digests and code, which have to live: a redactor that takes everything away fails as well.
"""

from __future__ import annotations

import base64
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

import orjson

from vestige.model.errors import RedactionError
from vestige.secrets.chance import fill, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vestige.secrets.redactor import Redactor

_TRACE: Final = 6
"""Characters of a secret that are not left by accident."""
_PEM: Final = "-----BEGIN {0}-----\n{1}«base64:64»\n«base64:64»\n«base64:21»==\n-----END {0}-----"
_UUID: Final = "«hex:8»-«hex:4»-«hex:4»-«hex:4»-«hex:12»"
CANARIES: Final[Mapping[str, tuple[str, str]]] = {
    # rule: what stands before the secret, the secret
    "private-key": ("", _PEM.format("RSA PRIVATE KEY", "")),
    "pgp-private-key": ("", _PEM.format("PGP PRIVATE KEY BLOCK", "\n")),
    "putty-private-key": ("Private-Lines: 2\n", "«base64:64»\n«base64:40»"),
    "age-secret-key": ("", "AGE-SECRET-KEY-1«upper:58»"),
    "jwk-private": ('{"kty":"OKP","crv":"Ed25519","d":"', '«url:43»"}'),
    "aws-access-key-id": ("", "AKIA«base32:16»"),
    "aws-secret-key": ("aws_secret_access_key = ", "«base64:20»7aZ«base64:17»"),
    "aws-bedrock-key": ("", "ABSK«base64:128»"),
    "gcp-api-key": ("", "AIza«url:35»"),
    "google-oauth": ("", "ya29.«url:60»"),
    "gcp-service-account": ('"private_key_id": "', '«hex:40»"'),
    "azure-storage-key": ("AccountName=x;AccountKey=", "«base64:86»=="),
    "azure-ad-secret": ("", "a1B8Q~«alnum:34»"),
    "azure-sas": ("https://x.blob.core.windows.net/c?sv=2022-11-02&sig=", "«alnum:43»="),
    "azure-devops-token": ("", "«alnum:76»AZDO«alnum:4»"),
    "databricks-token": ("", "dapi«hex:32»"),
    "digitalocean-token": ("", "dop_v1_«hex:64»"),
    "heroku-key": ("", "HRKU-AA«url:58»"),
    "cloudflare-token": ("CLOUDFLARE_API_TOKEN=", "«alnum:40»"),
    "alibaba-key": ("", "LTAI5t«alnum:18»"),
    "fly-token": ("", "fm2_«base64:120»"),
    "tailscale-key": ("", "tskey-auth-«alnum:12»-«alnum:32»"),
    "github-token": ("", "ghp_«alnum:36»"),
    "github-fine-grained-token": ("", "github_pat_«alnum:22»_«alnum:59»"),
    "gitlab-token": ("", "glpat-«alnum:20»"),
    "bitbucket-token": ("", "ATATT3«url:180»"),
    "npm-token": ("", "npm_«alnum:36»"),
    "npmrc-auth": ("//npm.example.com/:_authToken=", "«hex:8»-«hex:4»-4«hex:3»-8«hex:3»-«hex:12»"),
    "pypi-token": ("", "pypi-AgEIcHlwaS5vcmc«url:150»"),
    "rubygems-key": ("", "rubygems_«hex:48»"),
    "crates-token": ("cargo login ", "cio4«alnum:31»"),
    "docker-token": ("", "dckr_pat_«alnum:27»"),
    "docker-config-auth": ('{"auths": {"x": {"auth": "', '«alnum:38»=="}}}'),
    "vault-token": ("", "hvs.«alnum:60»"),
    "terraform-token": ("", "«alnum:14».atlasv1.«url:67»"),
    "pulumi-token": ("", "pul-«hex:40»"),
    "doppler-token": ("", "dp.pt.«alnum:43»"),
    "circleci-token": ("", "CCIPAT_«alnum:22»_«hex:40»"),
    "vestige-token": ("", "vst_«url:49»"),
    "anthropic-key": ("", "sk-ant-api03-«url:93»AA"),
    "openai-key": ("", "sk-proj-«alnum:74»T3BlbkFJ«alnum:74»"),
    "huggingface-token": ("", "hf_«alnum:34»"),
    "model-provider-key": ("", "gsk_«alnum:52»"),
    "slack-token": ("", "xoxb-«digit:12»-«digit:13»-«alnum:24»"),
    "slack-webhook": ("https://hooks.slack.com/services/", "T«upper:10»/B«upper:10»/«alnum:24»"),
    "teams-webhook": (
        "https://x.webhook.office.com/webhookb2/",
        f"{_UUID}@{_UUID}/IncomingWebhook/«hex:32»/{_UUID}",
    ),
    "discord-webhook": ("https://discord.com/api/webhooks/«digit:18»/", "«alnum:68»"),
    "discord-token": ("discord bot ", "M«alnum:25».«alnum:6».«alnum:38»"),
    "telegram-token": ("", "1«digit:9»:AA«alnum:33»"),
    "stripe-key": ("", "sk_live_«alnum:24»"),
    "square-token": ("", "sq0csp-«alnum:43»"),
    "shopify-token": ("", "shpat_«hex:32»"),
    "twilio-key": ("TWILIO_AUTH_TOKEN=", "«hex:32»"),
    "sendgrid-key": ("", "SG.«alnum:22».«alnum:43»"),
    "mailgun-key": ("", "key-«hex:32»"),
    "mailchimp-key": ("", "«hex:32»-us14"),
    "brevo-key": ("", "xkeysib-«hex:64»-«alnum:16»"),
    "postman-key": ("", "PMAK-«hex:24»-«hex:34»"),
    "datadog-key": ("DD_API_KEY=", "«hex:32»"),
    "new-relic-key": ("", "NRAK-«upper:27»"),
    "sentry-dsn": ("", "https://«hex:32»:«hex:32»@sentry.example.com/2"),
    "grafana-token": ("", "glsa_«alnum:32»_«hex:8»"),
    "linear-key": ("", "lin_api_«alnum:40»"),
    "notion-token": ("", "ntn_«digit:11»«alnum:35»"),
    "figma-token": ("", "figd_«alnum:40»"),
    "supabase-key": ("", "sbp_«hex:40»"),
    "planetscale-token": ("", "pscale_tkn_«alnum:43»"),
    "airtable-token": ("AIRTABLE_TOKEN=", "pat«alnum:14».«hex:64»"),
    "jwt": ("", "eyJ«alnum:33».eyJ«alnum:120».«alnum:86»"),
    "authorization-basic": ("Authorization: Basic ", "«alnum:12»7aZ«alnum:17»"),
    "authorization-bearer": ("Authorization: Bearer ", "«alnum:12»7aZ«alnum:25»"),
    "cookie": ("Set-Cookie: session=", "«alnum:12»7«alnum:25»; Path=/"),
    "url-password": ("postgresql://app:", "«alnum:6»7aZ«alnum:6»@db.internal/app"),
    "dsn-password": ("Server=db;User Id=sa;Password=", "«alnum:6»7aZ«alnum:6»;Encrypt=yes"),
    "curl-user": ("curl -u admin:", "«alnum:6»7aZ«alnum:6» https://example.com"),
    "netrc": ("machine example.com login me password ", "«alnum:6»7aZ«alnum:6»"),
    "assigned-password": ('password = "', '«alnum:6»7aZ«alnum:6»"'),
    "assigned-secret": ('"client_secret": "', '«alnum:8»7aZ«alnum:12»"'),
    "assigned-in-environment": ("export ADMIN_PASSWORD=", "«alnum:6»7aZ«alnum:6»"),
    "assigned-bare": ("password: ", "«alnum:6»7aZ«alnum:6»"),
    "assigned-in-markup": ("<password>", "«alnum:6»7aZ«alnum:6»</password>"),
    "random-by-a-word": ("the token is ", "«alnum:8»9aZ«alnum:24»"),
}
LIVING: Final = (
    "commit «hex:40»",
    "«hex:64»",
    "«hex:8»-«hex:4»-4«hex:3»-8«hex:3»-«hex:12»",
    "sha256:«hex:64»",
    "sha512-«base64:86»==",
    "01J«upper:1»3ZQ7WKX2M5N8P0R4T6V9B",
    "toolu_01«alnum:22»",
    "req_011«alnum:21»",
    "msg_01«alnum:22»",
    "iVBORw0KGgoAAAANSUhEUgAA«base64:400»",
    "password=os.environ['PASSWORD']",
    "password: str",
    "api_key=${API_KEY}",
    "token: <your-token>",
    "secret = 'xxxxxxxxxxxx'",
    "def refresh_access_token(self, token_store: TokenStore) -> None:",
)


class Canary:
    """A secret made by chance, and which of its characters must not be seen again."""

    def __init__(self, before: str, shape: str, random: Random) -> None:
        self.before = fill(before, random)
        self.secret = ""
        self._chance: list[tuple[int, int]] = []
        for text, slot in parts(shape, random):
            if slot and len(text) >= _TRACE:
                self._chance.append((len(self.secret), len(self.secret) + len(text)))
            self.secret += text

    def traces(self, start: int = 0, end: int | None = None) -> list[str]:
        """Both ends of what chance made of the characters from start to end: where anything is left, they are."""
        end = len(self.secret) if end is None else end
        spans = ((max(start, first), min(end, last)) for first, last in self._chance)
        texts = (self.secret[first:last] for first, last in spans if last - first >= _TRACE)
        return [piece for text in texts for piece in {text[:8], text[-8:]}]


class Planted(NamedTuple):
    """Records with a secret in them, and what may not be in them afterwards."""

    records: list[bytes]
    traces: list[str]


def _record(*blocks: str) -> bytes:
    content = [{"type": "text", "text": block} for block in blocks]
    return orjson.dumps({"type": "assistant", "message": {"role": "assistant", "content": content}})


def _json(text: str) -> str:
    return orjson.dumps({"out": text}).decode()


def _plain(canary: Canary) -> Planted:
    return Planted([_record(f"see {canary.before}{canary.secret}\nand go on")], canary.traces())


def _escaped(canary: Canary) -> Planted:
    return Planted([_record(_json(f"{canary.before}{canary.secret}"))], canary.traces())


def _escaped_twice(canary: Canary) -> Planted:
    return Planted([_record(_json(_json(f"{canary.before}{canary.secret}")))], canary.traces())


def _halves(canary: Canary) -> tuple[str, str, list[str]]:
    middle = len(canary.secret) // 2
    traces = canary.traces(0, middle) + canary.traces(middle)
    return f"see {canary.before}{canary.secret[:middle]}", canary.secret[middle:], traces


def _split(canary: Canary) -> Planted:
    first, second, traces = _halves(canary)
    return Planted([_record(first, second)], traces)


def _split_records(canary: Canary) -> Planted:
    first, second, traces = _halves(canary)
    return Planted([_record(first), _record(second)], traces)


def _base64(canary: Canary) -> Planted:
    run = base64.b64encode(f"{canary.before}{canary.secret}".encode()).decode()
    return Planted([_record(f"echo {run} | base64 -d")], [run[:_TRACE], run[-_TRACE:]])


def _url(canary: Canary) -> Planted:
    text = quote(f"{canary.before}{canary.secret}", safe="")
    return Planted([_record(f"GET /?q={text}&n=1")], [quote(trace, safe="") for trace in canary.traces()])


FORMS: Final[Mapping[str, Callable[[Canary], Planted]]] = {
    "plain": _plain,
    "JSON-escaped": _escaped,
    "JSON-escaped twice": _escaped_twice,
    "split over two blocks": _split,
    "split over two records": _split_records,
    "base64": _base64,
    "URL-encoded": _url,
}


def selftest(redactor: Redactor) -> None:
    """Tries the redactor on a secret of every kind in every form, and on what has to live.

    Raises:
        RedactionError: something came through, or something was taken that is no secret; it names rule and form.
    """
    random = Random()  # noqa: S311 - others at every start; they open nothing
    for rule, (before, shape) in CANARIES.items():
        canary = Canary(before, shape, random)
        for form, write in FORMS.items():
            # Of a hundred thousand random texts one looks like a name in code, and lives: two in a row do not.
            if not _taken(redactor, write(canary)) and not _taken(redactor, write(Canary(before, shape, random))):
                raise RedactionError(
                    f"a secret of the kind {rule} comes through {form}",
                    expected="every secret of the self-test taken out",
                    got=f"{rule}, {form}",
                    hint="a rule file is damaged, or a rule of one's own lets it live: see docs/secrets.md",
                )
    for number, shape in enumerate(LIVING, 1):
        text = fill(shape, random)
        for record in (_record(text), _record(_json(text)), _record("see", text)):
            kept, report = redactor.json_line(record)
            if kept != record:
                rules = ", ".join(found.rule for found in report.found)
                raise RedactionError(
                    f"what is no secret was taken out, as {rules}",
                    expected=f"text {number} of those that must live unchanged",
                    got=rules,
                    hint="a rule of one's own finds too much: see docs/secrets.md",
                )


def _taken(redactor: Redactor, planted: Planted) -> bool:
    left = b"".join(record for record, _ in redactor.records(planted.records)).decode()
    return not any(trace in left for trace in planted.traces)
