"""The page that makes a tenant's first person, for whoever holds the owner's token of its first start."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse

from vestige.api import cookies
from vestige.api.callers import admit, anonymous, browsing
from vestige.api.pages import Markup, check_seal, form, html, page, router, sealed, secret_of, wrong
from vestige.api.sign_in import HOME, PATH
from vestige.model.errors import InputError, UnauthenticatedError, UsageError

ROUTER = router()
Form = Annotated[dict[str, str], Depends(form)]
FIRST_PATH: Final = f"{PATH}/first"
_FORM: Final = """{told}
<p>Whoever does this becomes the owner, and can then invite others. It needs the owner's token: the line beginning with
<code>vst_</code> that was printed when Vestige, or this tenant, was first started.</p>
<form method="post" action="/ui/login/first">
{csrf}<label for="token">Owner's token</label>
<input id="token" name="token" type="password" autocomplete="off" required maxlength="100" autofocus>
<label for="email">Your e-mail address</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="{email}">
<label for="name">Your name, if you like</label>
<input id="name" name="name" autocomplete="name" maxlength="200" value="{name}">
<label for="password">A password</label>
<input id="password" name="password" type="password" autocomplete="new-password" required minlength="12" maxlength="256"
aria-describedby="rule">
<p class="hint" id="rule">12 characters or more. Nothing is sent to the address; it is what you sign in with.</p>
<button type="submit">Make the first account</button>
</form>"""
_REFUSED: Final = "That token opens nothing here: look for a missing character, or for another token."


@ROUTER.get(FIRST_PATH)
def ask(request: Request) -> Response:
    """The form; whoever is signed in needs none."""
    return RedirectResponse(PATH, 303) if browsing(request) is not None else _form(request)


@ROUTER.post(FIRST_PATH)
def make(request: Request, fields: Form) -> Response:
    """Make the first owner of the token's tenant, and sign them in."""
    _, installation = anonymous(request)
    check_seal(fields, request.cookies.get(cookies.FORM, ""))
    try:
        caller = admit(request, lambda: fields.get("token", "").strip()[:100])
    except UnauthenticatedError:
        return _form(request, fields, wrong(_REFUSED), status=401)
    email, name, password = fields.get("email", "")[:254], fields.get("name", "")[:200], fields.get("password", "")
    try:
        found = installation.first_owners.make(
            caller.rooms.tenant.id, email, name.strip(), password[:1024], caller.principal, caller.permissions
        )
    except (InputError, UsageError) as error:
        said = ": ".join(part for part in (error.message, error.expected) if part)
        return _form(request, fields, wrong(f"{said[:1].upper()}{said[1:]}."), status=error.http_status)
    answer = RedirectResponse(HOME, 303)
    cookies.begin_session(request, answer, found.token)
    answer.delete_cookie(cookies.FORM, path=PATH)
    return answer


def _form(
    request: Request, fields: dict[str, str] | None = None, told: Markup | None = None, *, status: int = 200
) -> Response:
    """The form, with what was typed but for the token and the password."""
    typed, secret = fields or {}, secret_of(request)
    email, name = typed.get("email", "")[:254], typed.get("name", "")[:200]
    body = html(_FORM, told=told or Markup(), csrf=sealed(secret), email=email, name=name)
    answer = page(request, "Set up the first account", body, status=status)
    cookies.put(request, answer, cookies.FORM, secret, path=PATH)
    return answer
