"""The addresses of the interface for browsers, and the way there from ``/``, where Elasticsearch's clients ask too."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.routing import Match
from starlette.types import Scope

from vestige.api.pages import PageRoute, html, page
from vestige.model.errors import NotFoundError
from vestige.web import BASE, BUILD_COMMAND, Interface

PAGES_BASE: Final = "/ui/login"
"""Below here are pages of our own, and nothing of the interface's."""
_NOT_BUILT: Final = """<p>Everything else is served as it should be; the files of the interface are not there.</p>
<p>Whoever runs this server builds them, in the folder of its sources, with</p>
<p><code>{command}</code></p>
<p class="hint">It needs Node 20.19 or newer, with npm. Then load this page again.</p>
<p><a href="/ui/login">Sign in or out</a></p>"""


class FrontRoute(PageRoute):
    """Takes ``/`` of a browser, and of nobody who says who they are: those speak another protocol."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As any route, for whoever would read a page."""
        headers = dict(scope.get("headers", ()))
        if b"text/html" not in headers.get(b"accept", b"").lower() or b"authorization" in headers:
            return Match.NONE, {}
        return super().matches(scope)


class InterfaceRoute(PageRoute):
    """Takes every address below ``/ui/`` that is none of our own pages'."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As any route, but below :data:`PAGES_BASE`: what is not there is not the interface's either."""
        if f"{scope.get('path', '')}/".startswith(f"{PAGES_BASE}/"):
            return Match.NONE, {}
        return super().matches(scope)


FRONT = APIRouter(route_class=FrontRoute, include_in_schema=False, default_response_class=HTMLResponse)
ROUTER = APIRouter(route_class=InterfaceRoute, include_in_schema=False, default_response_class=HTMLResponse)


@FRONT.get("/")
@FRONT.head("/")
def front() -> Response:
    """Send a browser to the interface."""
    return RedirectResponse(BASE, 303, {"Vary": "Accept, Authorization"})


@ROUTER.get("/ui")
@ROUTER.head("/ui")
def bare() -> Response:
    """Send a browser to where the interface's addresses begin."""
    return RedirectResponse(BASE, 303)


@ROUTER.get("/ui/{address:path}")
@ROUTER.head("/ui/{address:path}")
def interface(request: Request, address: str) -> Response:
    """A file of the interface, or the page that shows whatever the address names."""
    built: Interface = request.app.state.interface
    coding, known = (", ".join(request.headers.getlist(name)) for name in ("accept-encoding", "if-none-match"))
    found = built.answer(address, coding=coding, known=known)
    if found is not None:
        return Response(found.body, found.status, found.headers)
    if not built.is_built():
        return page(request, "The interface is not built", html(_NOT_BUILT, command=BUILD_COMMAND), status=503)
    raise NotFoundError("nothing is at this address", got=request.url.path[:100], hint=f"begin at {BASE}")
