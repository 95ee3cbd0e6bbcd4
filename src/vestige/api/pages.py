"""What the few pages share that a person meets before there is an interface: a frame, forms, and errors as pages.

They are made here, whole, from texts that are escaped one by one; no script runs on them, and the content policy lets
none. A form that changes something repeats what only the browser it was sent to can tell: a digest of the secret in its
cookie, so nothing is kept for it and no other site can know it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Coroutine
from html import escape
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from vestige.api import cookies
from vestige.api.callers import record_refusal
from vestige.api.problems import invalid, recorded
from vestige.app import Installation
from vestige.model.errors import ForbiddenError, InputError, RateError, VestigeError

POLICY: Final = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
CSRF: Final = "csrf"
"""The field of a form that repeats the browser's secret."""
MOST_FIELDS: Final = 20
ASKED: Final = "Find out who took the customers' data and how they came in, or who caused the outage and why."
"""What a demonstration asks of whoever looks at it; the README and the interface say the same."""
STYLE_PATH: Final = "/ui/login/style.css"
_FORM: Final = "application/x-www-form-urlencoded"


class Markup(str):
    """Text that is HTML already. Everything else is escaped where it is put in."""

    __slots__ = ()


def html(template: str, **values: object) -> Markup:
    """A piece of a page: ``{name}`` of the template with the value of that name, escaped unless it is markup."""
    shown = {
        name: value if isinstance(value, Markup) else escape(str(value), quote=True) for name, value in values.items()
    }
    return Markup(template.format(**shown))


def page(request: Request, title: str, body: Markup, *, status: int = 200, onward: str = "") -> HTMLResponse:
    """A whole page.

    Args:
        request: what asked for it.
        title: of the window, and above the body.
        body: what it says.
        status: of the answer.
        onward: a page of ours that the browser goes on to by itself.
    """
    installation: Installation = request.app.state.installation
    made = html(
        _FRAME,
        title=title,
        style=STYLE_PATH,
        body=body,
        refresh=html('<meta http-equiv="refresh" content="0; url={onward}">', onward=onward) if onward else Markup(),
        demo=html('<p class="demo">A demonstration: all of it is made up. {asked}</p>', asked=ASKED)
        if installation.demonstration
        else Markup(),
    )
    return HTMLResponse(made, status, {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})


def failed(request: Request, error: VestigeError) -> HTMLResponse:
    """An error as a page: what, expected, and what to do next."""
    told = [error.message, *([f"Expected: {error.expected}"] if error.expected else [])]
    told += [f"Got: {error.got}"] if error.got else []
    told += [f"Next: {error.hint}"] if error.hint else []
    lines = Markup("".join(html("<p>{line}</p>", line=f"{line[:1].upper()}{line[1:]}.") for line in told))
    body = html('<div class="wrong" role="alert">{lines}</div><p><a href="/ui/login">Sign in</a></p>', lines=lines)
    answer = page(request, "That did not work", body, status=error.http_status)
    if isinstance(error, RateError):
        answer.headers["Retry-After"] = str(error.seconds)
    return answer


class PageRoute(APIRoute):
    """A route whose errors are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with its errors turned into pages."""
        handle = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                return failed(request, invalid(error))
            except VestigeError as error:
                return failed(request, await recorded(request, error, record_refusal))

        return shown


def router() -> APIRouter:
    """A router of pages: they are no part of the interface programs use, and stand in no OpenAPI document."""
    return APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=HTMLResponse)


async def form(request: Request) -> dict[str, str]:
    """The fields of a form that was sent, the last of a name.

    Raises:
        InputError: it is no form, or one of too many fields.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    text = await request.body() if kind == _FORM else b"\xff"
    try:
        return dict(parse_qsl(text.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise InputError(
            "this is no form of ours", expected=f"{_FORM}, at most {MOST_FIELDS} fields", got=kind[:60] or "no type"
        ) from None


def secret_of(request: Request) -> str:
    """What forms fit that are sent to who is not signed in: what the browser's cookie holds, or a new one to be put."""
    return request.cookies.get(cookies.FORM, "")[:100] or secrets.token_urlsafe(32)


def wrong(text: str) -> Markup:
    """What is said above a form that did not work."""
    return html('<div class="wrong" role="alert"><p>{text}</p></div>', text=text)


def seal(secret: str) -> str:
    """What a form repeats: nobody can tell it who does not hold the secret of the browser's cookie."""
    digest = hmac.new(secret.encode(), b"vestige/form/v1", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def check_seal(fields: dict[str, str], secret: str) -> None:
    """Refuse a form that another site could have made.

    Raises:
        ForbiddenError: it does not repeat what it must.
    """
    given = fields.get(CSRF, "").encode()
    if not secret or not hmac.compare_digest(given, seal(secret).encode()):
        raise ForbiddenError(
            "this form does not come from our own page",
            expected="a form this browser was given, with its cookie",
            got="another, or none",
            hint="open the page again; cookies must be allowed, and over plain HTTP see VESTIGE_PUBLIC_URL",
        )


def sealed(secret: str) -> Markup:
    """The field of a form that repeats the browser's secret."""
    return html('<input type="hidden" name="{name}" value="{value}">', name=CSRF, value=seal(secret))


ROUTER = router()


@ROUTER.get(STYLE_PATH)
def style() -> Response:
    """How the pages look."""
    return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


_FRAME: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{refresh}
<title>{title} - Vestige</title>
<link rel="stylesheet" href="{style}">
</head>
<body>
<main>
<p class="name">Vestige</p>
{demo}
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""
_STYLE: Final = """:root {
  color-scheme: light dark;
  --ground: #f4f5f7; --sheet: #ffffff; --ink: #1a1d23; --quiet: #5a6270; --line: #d3d8e0;
  --act: #1f5fbf; --on-act: #ffffff; --wrong: #a3201d; --wrong-ground: #fdeceb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171c; --sheet: #1d2127; --ink: #e8eaee; --quiet: #a3abb8; --line: #3a414c;
    --act: #7fb0ff; --on-act: #10151d; --wrong: #ff9d98; --wrong-ground: #3a1f1f;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main {
  max-width: 27rem; margin: 8vh auto; padding: 1.75rem; background: var(--sheet);
  border: 1px solid var(--line); border-radius: .75rem;
}
@media (max-width: 30rem) { main { margin: 0; min-height: 100vh; border: 0; border-radius: 0; } }
.name { margin: 0 0 1rem; color: var(--quiet); font-weight: 600; letter-spacing: .04em; }
h1 { margin: 0 0 1rem; font-size: 1.35rem; line-height: 1.25; }
label { display: block; margin: .9rem 0 .25rem; font-weight: 600; }
input {
  width: 100%; padding: .6rem .7rem; font: inherit; color: inherit; background: var(--ground);
  border: 1px solid var(--line); border-radius: .4rem;
}
input:focus-visible, button:focus-visible, a:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
input.code { font: 1.3rem/1.5 ui-monospace, monospace; letter-spacing: .12em; text-transform: uppercase; }
button, .button {
  display: block; width: 100%; margin-top: 1rem; padding: .7rem; font: inherit; font-weight: 600; text-align: center;
  color: var(--on-act); background: var(--act); border: 1px solid var(--act); border-radius: .4rem;
  text-decoration: none; cursor: pointer;
}
button.quiet, .button.quiet { color: var(--ink); background: transparent; border-color: var(--line); }
details { margin-top: .9rem; }
summary { color: var(--quiet); cursor: pointer; }
a { color: var(--act); }
dl { display: grid; grid-template-columns: auto 1fr; gap: .35rem 1rem; margin: 1rem 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
dd.code { font: 1.1rem/1.4 ui-monospace, monospace; letter-spacing: .1em; }
code { padding: .1rem .3rem; font: .92em ui-monospace, monospace; background: var(--ground); border-radius: .25rem; }
.hint { color: var(--quiet); font-size: .92rem; }
.wrong { padding: .75rem .9rem; color: var(--wrong); background: var(--wrong-ground); border-radius: .4rem; }
.wrong p { margin: .2rem 0; }
.demo { padding: .4rem .7rem; border: 1px dashed var(--quiet); border-radius: .4rem; }
.or { margin: 1.25rem 0 0; text-align: center; color: var(--quiet); }
"""
