"""The page where a person lets a program in: the code it shows, what it is, and whether it may (RFC 8628, section 3.3).

Looking changes nothing; the decision is a form. It shows what is known of the program, because somebody may have been
talked into typing a stranger's code (section 5.4), and needs a sign-in of the last minutes.
"""

from __future__ import annotations

from typing import Final

from fastapi import Request, Response

from vestige.api import cookies
from vestige.api.callers import Caller, browsing, is_fresh, person_of
from vestige.api.pages import Markup, check_seal, html, page, router, sealed
from vestige.api.sign_in import Form, to_sign_in
from vestige.model.errors import NotFoundError
from vestige.model.instant import to_text

ROUTER = router()
PATH: Final = "/ui/login/device"
_ENTER: Final = """{told}
<p>Type the code that the program shows.</p>
<form method="get" action="/ui/login/device">
<label for="user_code">Code</label>
<input class="code" id="user_code" name="user_code" required maxlength="20" autocomplete="off"
 autocapitalize="characters" spellcheck="false" placeholder="XXXX-XXXX" autofocus>
<button type="submit">Go on</button>
</form>
<p class="hint">You are signed in as {email}.</p>"""
_CONFIRM: Final = """<p>A program wants to be let in as <strong>{email}</strong>, and to do what you may do,
for 30 days or until you sign it out.</p>
<dl>
<dt>Code</dt><dd class="code">{code}</dd>
<dt>Program</dt><dd>{client}</dd>
<dt>Asked from</dt><dd>{address}</dd>
<dt>Asked at</dt><dd>{at}</dd>
</dl>
<p class="hint">Let it in only if you started it yourself just now, and it shows this very code. If somebody sent you
the code or a link to this page, deny.</p>
<form method="post" action="/ui/login/device">
{csrf}<input type="hidden" name="user_code" value="{code}">
<button type="submit" name="decision" value="approve">Let it in</button>
<button class="quiet" type="submit" name="decision" value="deny">Deny</button>
</form>"""


@ROUTER.get(PATH)
def look(request: Request, user_code: str = "", tenant: str = "") -> Response:
    """The form for a code; with a code, what it would let in. The tenant is of who must sign in first."""
    caller = browsing(request)
    onward = f"{PATH}?user_code={user_code}" if user_code else PATH
    if caller is None:
        return to_sign_in(onward, tenant=tenant[:63])
    if not is_fresh(caller):
        return to_sign_in(onward, again=True, tenant=caller.rooms.tenant.slug)
    if not user_code:
        return _enter(request, caller)
    try:
        waiting = caller.installation.sessions.waiting(person_of(caller), user_code)
    except NotFoundError:
        text = "No program waits under this code, or it waited too long. Begin again with vestige login."
        return _enter(request, caller, html('<div class="wrong" role="alert"><p>{text}</p></div>', text=text))
    body = html(
        _CONFIRM,
        email=caller.principal.name,
        code=waiting.user_code,
        client=waiting.client,
        address=waiting.address or "not known",
        at=to_text(waiting.created_at)[:19].replace("T", " ") + " UTC",
        csrf=sealed(request.cookies[cookies.SESSION]),
    )
    return page(request, "Let a program in?", body)


@ROUTER.post(PATH)
def decide(request: Request, fields: Form) -> Response:
    """Let the program in, or deny it."""
    caller, code = browsing(request), fields.get("user_code", "")[:40]
    if caller is None:
        return to_sign_in(PATH)
    check_seal(fields, request.cookies[cookies.SESSION])
    yes = fields.get("decision") == "approve"
    if yes and not is_fresh(caller):
        return to_sign_in(f"{PATH}?user_code={code}", again=True, tenant=caller.rooms.tenant.slug)
    done = caller.installation.sessions.approve(person_of(caller), code, caller.principal, yes=yes)
    if yes:
        text = html(
            "<p><strong>{client}</strong> is let in as you. You can close this page.</p>", client=done["client"]
        )
        return page(request, "It is let in", text)
    return page(request, "It is denied", html("<p><strong>{client}</strong> stays out.</p>", client=done["client"]))


def _enter(request: Request, caller: Caller, told: Markup | None = None) -> Response:
    body = html(_ENTER, told=told or Markup(), email=caller.principal.name)
    return page(request, "Let a program in", body, status=404 if told else 200)
