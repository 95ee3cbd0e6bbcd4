"""The page through which somebody looks at a demonstration, without an account: only where it is one."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse

from vestige.api import cookies
from vestige.api.callers import anonymous, browsing, note_refusal
from vestige.api.pages import check_seal, form, html, page, router, sealed, secret_of
from vestige.api.sign_in import HOME, PATH
from vestige.app import Guests
from vestige.model.errors import NotFoundError, UnauthenticatedError
from vestige.model.principal import Principal

ROUTER = router()
Form = Annotated[dict[str, str], Depends(form)]
DEMO_PATH: Final = f"{PATH}/demo"
_DOOR: Final = """<p>Incidents as they might have been, told by ten sources. You look at them as somebody who may do
everything, and whatever you try stays on this machine.</p>
<form method="post" action="/ui/login/demo">
{csrf}<input type="hidden" name="code" value="{code}">
<button type="submit" autofocus>Look at the demonstration</button>
</form>"""


@ROUTER.get(DEMO_PATH)
def door(request: Request, code: str = "") -> Response:
    """One button; whoever is signed in goes straight on."""
    _, guests = _guests(request)
    if browsing(request) is not None:
        return RedirectResponse(HOME, 303)
    _noted(request, guests, code)
    secret = secret_of(request)
    answer = page(request, "Look around", html(_DOOR, csrf=sealed(secret), code=code))
    cookies.put(request, answer, cookies.FORM, secret, path=PATH)
    return answer


@ROUTER.post(DEMO_PATH)
def enter(request: Request, fields: Form) -> Response:
    """Sign the browser in as the demonstration's made-up person."""
    who, guests = _guests(request)
    check_seal(fields, request.cookies.get(cookies.FORM, ""))
    code = fields.get("code", "")
    _noted(request, guests, code)
    found = guests.sign_in(code, who)
    answer = RedirectResponse(HOME, 303)
    cookies.begin_session(request, answer, found.token)
    answer.delete_cookie(cookies.FORM, path=PATH)
    return answer


def _guests(request: Request) -> tuple[Principal, Guests]:
    who, installation = anonymous(request)
    if installation.guests is None:
        raise NotFoundError("this is no demonstration", hint="`vestige up --demo` serves one")
    return who, installation.guests


def _noted(request: Request, guests: Guests, code: str) -> None:
    """Refuse another code, and count that."""
    try:
        guests.check(code[:100])
    except UnauthenticatedError:
        note_refusal(request)
        raise
