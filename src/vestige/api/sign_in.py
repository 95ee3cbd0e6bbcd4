"""The pages where a person signs in and out: with a password, or by way of the tenant's OpenID provider."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Annotated, Any, Final
from urllib.parse import quote, unquote, urlencode

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse

from vestige.api import cookies
from vestige.api.callers import Caller, anonymous, browsing, note_refusal
from vestige.api.pages import Markup, check_seal, form, html, page, router, sealed, secret_of, wrong
from vestige.app import BEGUN_SECONDS, Installation
from vestige.model.errors import NotFoundError, OutgoingError, UnauthenticatedError
from vestige.web import BASE

ROUTER = router()
Form = Annotated[dict[str, str], Depends(form)]
PATH: Final = "/ui/login"
OPENID_PATH: Final = f"{PATH}/openid"
HOME: Final = BASE
"""Where a sign-in goes on to that comes from nowhere."""
LONGEST_ONWARD: Final = 4000
_PAGE: Final = re.compile(r"/ui/login(/device)?(\?user_code=[A-Za-z0-9-]{1,20})?")
"""Pages of our own that a sign-in may go on to; none of them acts when it is asked for."""
_ADDRESS: Final = re.compile(r"(/ui/[A-Za-z0-9_.~%!$&'()*+,;=:@/-]*)(\?[A-Za-z0-9_.~%!$&'()*+,;=:@/?-]*)?")
"""What an address of the interface is written with, by RFC 3986: nothing that could name another host."""
_AGAIN: Final = "Sign in again: this needs a sign-in of the last minutes."
_SIGN_IN: Final = """{told}{first}
<form method="post" action="/ui/login">
{csrf}<input type="hidden" name="onward" value="{onward}">
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="{email}"{focus}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256">
{tenant}
<button type="submit"{quiet}>Sign in</button>
</form>
{openid}"""
_TENANT: Final = """<details{open_}><summary>Tenant</summary>
<label for="tenant">Name of the tenant</label>
<input id="tenant" name="tenant" maxlength="63" autocomplete="organization" spellcheck="false" value="{tenant}">
</details>"""
DEFAULT: Final = "default"
"""The tenant of whoever names none."""
_OPENID: Final = """<p class="or">or</p>
<a class="button quiet" href="{path}">Sign in with {name}</a>"""
_FIRST: Final = """<p class="hint">Nobody has an account here yet.</p>
<a class="button" href="/ui/login/first">Set up the first account</a>
<p class="or">or sign in</p>"""
_LOOK: Final = """<p class="hint">To look around without an account, open the link that
<code>vestige up --demo</code> printed in its terminal when it was started.</p>"""
_SIGNED_IN: Final = """<p>You are signed in as <strong>{email}</strong> ({role}), in the tenant
<strong>{tenant}</strong>.</p>
<p><a class="button" href="/ui/">Open Vestige</a></p>
<p><a href="/ui/login/device">Let a program in</a></p>
<form method="post" action="/ui/login/out">{csrf}<button class="quiet" type="submit">Sign out</button></form>"""


def onward_of(text: str) -> str:
    """The page of ours, or the interface's address with its query, that a text names; empty if it names none."""
    if _PAGE.fullmatch(text):
        return text
    found = _ADDRESS.fullmatch(text) if len(text) <= LONGEST_ONWARD else None
    # Read as a browser will: what it takes for a step back, or for a slash, leads out of the interface.
    path = unquote(found[1], errors="replace") if found else ""
    steps = path.split("/")[2:]
    inside = path.isprintable() and "\\" not in path and not {".", ".."} & set(steps) and "" not in steps[:-1]
    return text if found and inside and steps[0] != "login" else ""


def to_sign_in(onward: str, *, tenant: str = "", again: bool = False) -> RedirectResponse:
    """Send a browser to sign in, and then on."""
    asked = {"onward": onward} | ({"again": "1"} if again else {}) | ({"tenant": tenant} if tenant else {})
    return RedirectResponse(f"{PATH}?{urlencode(asked)}", 303)


@ROUTER.get(PATH)
def ask(request: Request, onward: str = "", tenant: str = DEFAULT, again: str = "") -> Response:
    """The form to sign in; or, for whoever is signed in and needs not do so again, who they are."""
    caller = browsing(request)
    if caller is not None and not again:
        if onward_of(onward):
            return RedirectResponse(onward, 303)
        return _signed_in(request, caller)
    told = html('<p class="hint">{text}</p>', text=_AGAIN) if again else Markup()
    return _form(request, onward, tenant, told, again=bool(again))


@ROUTER.post(PATH)
def sign_in(request: Request, fields: Form) -> Response:
    """Sign a browser in with an address and a password."""
    who, installation = anonymous(request)
    check_seal(fields, request.cookies.get(cookies.FORM, ""))
    slug, onward = fields.get("tenant", DEFAULT).strip()[:63], fields.get("onward", "")
    email, password = fields.get("email", "")[:254], fields.get("password", "")[:1024]
    try:
        found = installation.passwords.sign_in(tenant_of(installation, slug), email, password, who)
    except UnauthenticatedError:
        note_refusal(request)
        text = "That signs nobody in: a wrong address or password, or an account that is locked for a while."
        return _form(request, onward, slug, wrong(text), email=email, status=401)
    answer = RedirectResponse(onward_of(onward) or HOME, 303)
    cookies.begin_session(request, answer, found.token)
    answer.delete_cookie(cookies.FORM, path=PATH)
    return answer


@ROUTER.post(f"{PATH}/out")
def sign_out(request: Request, fields: Form) -> Response:
    """Sign this browser out."""
    caller = browsing(request)
    if caller is not None and caller.session is not None:
        check_seal(fields, request.cookies[cookies.SESSION])
        caller.installation.sessions.end(caller.session, caller.principal)
    answer = RedirectResponse(PATH, 303)
    answer.delete_cookie(cookies.SESSION, path="/")
    return answer


@ROUTER.get(OPENID_PATH)
def openid(request: Request, onward: str = "", tenant: str = DEFAULT, again: str = "") -> Response:
    """Send a browser to the tenant's OpenID provider."""
    _, installation = anonymous(request)
    if installation.openid is None:
        raise NotFoundError("there is no sign-in provider here", hint="sign in with a password")
    slug = tenant[:63]
    with _unexplained():
        sent = installation.openid.begin(slug, tenant_of(installation, slug), onward_of(onward), again=bool(again))
    answer = RedirectResponse(sent.url, 303)
    # Lax: it must come along when the provider sends the browser back.
    cookies.put(request, answer, cookies.OPENID, sent.browser, path=OPENID_PATH, seconds=BEGUN_SECONDS, samesite="lax")
    return answer


@ROUTER.get(f"{OPENID_PATH}/callback")
def callback(request: Request) -> Response:
    """What a provider sends a browser back to: it is signed in, or not."""
    who, installation = anonymous(request)
    if installation.openid is None:
        raise NotFoundError("there is no sign-in provider here", hint="sign in with a password")
    told = {name: value for name, value in request.query_params.items() if name in {"code", "error", "iss"}}
    state, browser = request.query_params.get("state", ""), request.cookies.get(cookies.OPENID, "")
    try:
        with _unexplained():
            found, onward = installation.openid.finish(state, browser, told, who)
    except UnauthenticatedError:
        note_refusal(request)
        raise
    # Not a redirect: the browser came from another site, and would not show our strict cookie on the way.
    onward = onward or HOME
    body = html('<p>You are signed in as <strong>{email}</strong>.</p><p><a href="{onward}">Go on</a></p>',
                email=found.person.email, onward=onward)  # fmt: skip
    answer = page(request, "Signed in", body, onward=onward)
    cookies.begin_session(request, answer, found.token)
    answer.delete_cookie(cookies.OPENID, path=OPENID_PATH)
    return answer


@contextlib.contextmanager
def _unexplained() -> Iterator[None]:
    """Tell nobody who is not signed in what stands between us and a provider: addresses, certificates."""
    try:
        yield
    except OutgoingError:
        raise OutgoingError(
            "the sign-in provider does not answer as it should",
            hint="try again later, or sign in with a password; `vestige doctor` tells the operator why",
        ) from None


def tenant_of(installation: Installation, slug: str) -> str | None:
    """The id of a tenant; ``None`` if there is none of that name, which whoever asks is not told."""
    try:
        return installation.access.tenant(slug).id
    except NotFoundError:
        return None


def _form(
    request: Request, onward: str, slug: str, told: Markup, *, email: str = "", status: int = 200, again: bool = False
) -> Response:  # fmt: skip
    installation: Installation = request.app.state.installation
    onward, slug = onward_of(onward), slug[:63]
    name = installation.openid.name(slug) if installation.openid is not None else ""
    path = f"{OPENID_PATH}?tenant={quote(slug, safe='')}&onward={quote(onward, safe='')}"
    path += "&again=1" if again else ""
    secret, is_new = secret_of(request), slug == DEFAULT and _is_new(installation)
    body = html(
        _SIGN_IN,
        told=told,
        csrf=sealed(secret),
        onward=onward,
        email=email,
        tenant=html(_TENANT, tenant=slug, open_=Markup() if slug == DEFAULT else Markup(" open")),
        openid=html(_OPENID, path=path, name=name) if name else Markup(),
        first=Markup(_FIRST if is_new else _LOOK if installation.guests is not None else ""),
        focus=Markup("" if is_new else " autofocus"),
        quiet=Markup(' class="quiet"' if is_new else ""),
    )
    answer = page(request, "Sign in", body, status=status)
    cookies.put(request, answer, cookies.FORM, secret, path=PATH)
    return answer


def _is_new(installation: Installation) -> bool:
    """Whether the default tenant has no people; of others whoever asks is not told."""
    return installation.first_owners.is_wanted(installation.access.tenant().id)


def _signed_in(request: Request, caller: Caller) -> Response:
    person: Any = caller.installation.people.by_id(caller.rooms.tenant.id, caller.person)
    body = html(
        _SIGNED_IN,
        email=person.email,
        role=person.role.value.replace("_", " "),
        tenant=caller.rooms.tenant.slug,
        csrf=sealed(request.cookies[cookies.SESSION]),
    )
    return page(request, "Signed in", body)
