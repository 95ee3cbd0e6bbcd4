"""How a command reaches an installation: a server by URL, the holder of a data directory by its socket, or itself.

Every command is a client of the same HTTP interface. If nobody holds the data directory, the command holds it, serves
the interface on the directory's socket from a thread, and speaks to itself (:mod:`vestige.cli.directory`); a second
command meanwhile speaks to the first. So there is one road, and what a person may do locally a program may do remotely.
"""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from vestige.cli.credentials import token_for
from vestige.model import errors
from vestige.model.errors import UsageError, VestigeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vestige.cli.options import Globals

JSON = {"Content-Type": "application/json"}
_BY_CODE = {
    cls.code: cls
    for cls in vars(errors).values()
    if isinstance(cls, type) and issubclass(cls, VestigeError) and cls is not errors.QueryError
}


class UnreachedError(VestigeError):
    """Nobody answers where a server should be: nothing that was asked came to be known there."""


class Connection:
    """An open road to an installation.

    Where the other end is the holder of a data directory, and that process ends while it is being asked, the road is
    opened again: to whoever holds the directory next, or by holding it. What is then repeated, once, is what never
    reached the other end, and what changes nothing by being repeated: GET, and what the caller says is ``repeatable``.
    """

    def __init__(self, road: Road) -> None:
        self._road = road
        self.local = road.local
        """Whether paths on this machine mean the same to the other end."""

    def get(self, path: str, /, **params: object) -> Any:  # noqa: ANN401 - JSON
        """GET a JSON answer."""
        return orjson.loads(self.request("GET", path, params=_given(params)).content)

    def post(self, path: str, body: object = None, *, repeatable: bool = False) -> Any:  # noqa: ANN401 - JSON
        """POST JSON and read the JSON answer."""
        content = orjson.dumps(body)
        return orjson.loads(self.request("POST", path, repeatable=repeatable, content=content, headers=JSON).content)

    def request(self, method: str, path: str, *, repeatable: bool = False, **kwargs: Any) -> httpx.Response:  # noqa: ANN401 - as httpx takes them
        """Any request; a problem becomes the error it names.

        Raises:
            VestigeError: the problem answered; or there was no answer, and then what is known.
        """
        try:
            response = self._road.client.request(method, path, **kwargs)
        except httpx.TransportError as error:
            if not (_may_repeat(error, repeatable or method == "GET") and self._road.again(error)):
                raise self._unanswered(error) from None
            try:
                response = self._road.client.request(method, path, **kwargs)
            except httpx.TransportError as second:
                raise self._unanswered(second) from None
        raise_for_problem(response)
        return response

    def stream(
        self,
        path: str,
        *,
        known: str,
        repeatable: bool = False,
        on_repeat: Callable[[], None] = lambda: None,
        **kwargs: Any,  # noqa: ANN401 - as httpx takes them
    ) -> Iterator[Any]:
        """POST, and yield the answer's JSON lines as they come; a line ``{"problem": …}`` becomes its error.

        Args:
            path: where.
            known: what a person should know and do if the other end is gone before its report.
            repeatable: whether the whole request may be made again then, to the next holder.
            on_repeat: called before it is.
            kwargs: as httpx takes them.

        Raises:
            VestigeError: the problem answered; or there was no report, and then what is known.
        """
        for left in (1, 0):
            reported = False
            try:
                with self._road.client.stream("POST", path, timeout=None, **kwargs) as response:
                    if response.is_error:
                        response.read()
                    raise_for_problem(response)
                    for line in _lines(response.iter_bytes()):
                        message = orjson.loads(line)
                        if "problem" in message:
                            raise _problem(message["problem"])
                        reported = "report" in message
                        yield message
            except httpx.TransportError as error:
                if reported:
                    return
                if not (left and _may_repeat(error, repeatable) and self._road.again(error)):
                    raise self._unanswered(error, known) from None
                if not isinstance(error, httpx.ConnectError):
                    on_repeat()
            else:
                return

    @contextlib.contextmanager
    def download(self, path: str, **params: object) -> Iterator[httpx.Response]:
        """GET an answer of any length; its bytes are read with ``iter_bytes`` while this is open.

        Raises:
            VestigeError: the problem answered; or the answer ended before it was whole.
        """
        with contextlib.ExitStack() as stack:
            response = self._opened(stack, path, _given(params))
            if response.is_error:
                response.read()
            raise_for_problem(response)
            try:
                yield response
            except httpx.TransportError as error:
                raise self._unanswered(error, "what came is not whole and was not kept; run it again") from None

    def _opened(self, stack: contextlib.ExitStack, path: str, params: dict[str, Any]) -> httpx.Response:
        """A streamed answer, asked for once more from the next holder if the first one is gone."""

        def ask() -> httpx.Response:
            return stack.enter_context(self._road.client.stream("GET", path, params=params, timeout=None))

        try:
            return ask()
        except httpx.TransportError as error:
            if not self._road.again(error):
                raise self._unanswered(error) from None
        try:
            return ask()
        except httpx.TransportError as error:
            raise self._unanswered(error) from None

    def _unanswered(self, error: httpx.TransportError, known: str = "") -> VestigeError:
        """What to say when there is no answer."""
        got = str(error) or type(error).__name__
        if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)) or not known:
            hint = "try again" if self.local else "is it running, and the URL right?"
            return UnreachedError("the server cannot be reached", got=got, hint=hint)
        gone = "the process that held the data directory ended" if self.local else "the connection to the server ended"
        return VestigeError(f"{gone} before it had answered", got=got, hint=known)


def _may_repeat(error: httpx.TransportError, repeatable: bool) -> bool:
    """Whether a request without an answer may be made again: what never reached anybody always may."""
    return repeatable or isinstance(error, httpx.ConnectError)


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Lines by line feeds alone: JSON may hold every other separator unescaped."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole


@contextlib.contextmanager
def connect(options: Globals, command: str, *, makes: bool = False, anonymous: bool = False) -> Iterator[Connection]:
    """Open the road the options ask for.

    Args:
        options: where to.
        command: what the holder of a data directory is called, if this process becomes it.
        makes: whether a data directory that is not there yet is made.
        anonymous: whether the command proves nothing to a server: it is how somebody comes to be able to.

    Raises:
        NotFoundError: the data directory is not there, and is not to be made.
        BusyError: another process holds the data directory and does not answer within 10 seconds.
        UsageError: a server without a token, or a URL that names none.
    """
    headers = {"X-Vestige-Tenant": header("--tenant", options.tenant)} if options.tenant else {}
    try:
        if options.server:
            _require_url(options.server)
            token = "" if anonymous else options.token or token_for(options.server)
            if not token and not anonymous:
                raise UsageError(
                    "a server needs a token", hint="`vestige login`, or give --token, or set VESTIGE_TOKEN"
                )
            if token:
                headers["Authorization"] = f"Bearer {header('--token', token.strip(), secret=True)}"
            tls = trusted(plain=options.server.startswith("http:"))
            with httpx.Client(base_url=options.server, headers=headers, timeout=120, verify=tls) as client:
                yield Connection(Road(client))
            return
        # Imported late: a client of a server needs neither engine nor database.
        from vestige.cli.directory import DirectoryRoad  # noqa: PLC0415

        with DirectoryRoad(options, command, headers, makes=makes) as road:
            yield Connection(road)
    except httpx.InvalidURL as error:
        raise UsageError("an argument cannot be part of a request", got=str(error), hint="shorten it") from None


def _require_url(server: str) -> None:
    """Refuse what is no address of a server before it is asked whether anybody answers there.

    Raises:
        UsageError: it is none.
    """
    try:
        url = httpx.URL(server)
        fits = url.scheme in {"http", "https"} and bool(url.host)
    except httpx.InvalidURL:
        fits = False
    if not fits:
        raise UsageError(
            "that names no server", expected="http://HOST:PORT or https://HOST",
            got="" if "@" in server else server[:80],
            hint="look at --server, VESTIGE_SERVER, or the repository's vestige.server", field="server",
        )  # fmt: skip


def trusted(*, plain: bool) -> ssl.SSLContext:
    """The authorities that a server is believed by: those of the machine, or of ``SSL_CERT_FILE``.

    Args:
        plain: no TLS will be spoken. Then there are none: to read them takes longer than most requests.
    """
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else ssl.create_default_context()


def at_home(options: Globals, root: Path) -> Globals:
    """The same options for what concerns a repository: with its own server, if none is named."""
    from dataclasses import replace  # noqa: PLC0415 - few commands need it

    from vestige.capture import repository  # noqa: PLC0415

    if options.server or options.data:
        return options
    return replace(options, server=repository.text(root, "config", "vestige.server") or None)


def header(name: str, value: str, *, secret: bool = False) -> str:
    """A value that is sent in a header, if it can be.

    Raises:
        UsageError: it holds what no header can.
    """
    if not (value.isascii() and value.isprintable()):
        raise UsageError(
            f"{name} cannot be sent to a server",
            expected="printable ASCII characters",
            got="" if secret else ascii(value)[:60],
            field=name.lstrip("-"),
        )
    return value


class Road:
    """A client, and what is known of the other end."""

    local = False
    client: httpx.Client

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def again(self, _: httpx.TransportError) -> bool:
        """Open the road again if the other end is gone and may be found anew; whether that was done."""
        return False


def raise_for_problem(response: httpx.Response) -> None:
    """Turn a problem+json answer back into the error it was made from."""
    if not response.is_error:
        return
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        body = {"title": f"the server answered {response.status_code}", "code": ""}
    error = _problem(body, _query_of(response.request))
    if isinstance(error, errors.RateError):
        told = response.headers.get("Retry-After", "")
        error.seconds = int(told) if told.isascii() and told.isdigit() and len(told) < 6 else 1
    raise error


def _query_of(request: httpx.Request) -> str:
    """The query a request asked with, so that the fault in it can be pointed at; empty if it had none."""
    said: object = request.url.params.get("q", "")
    if not said and request.headers.get("Content-Type") == JSON["Content-Type"]:
        try:
            body = orjson.loads(request.content)
        except (ValueError, httpx.RequestNotRead):
            return ""
        said = next((body[name] for name in ("q", "query") if name in body), "") if isinstance(body, dict) else ""
    return said if isinstance(said, str) else ""


def _problem(body: object, query: str = "") -> VestigeError:
    if not isinstance(body, dict):
        return VestigeError("the server answered with an error that is no problem+json", got=str(body)[:200])
    kind = _BY_CODE.get(str(body.get("code", "")), VestigeError)
    detail = {name: str(body.get(name, "")) for name in ("expected", "got", "hint")}
    if body.get("code") == errors.QueryError.code and isinstance(body.get("column"), int):
        return errors.QueryError(str(body.get("title", "")), column=body["column"], query=query, **detail)
    return kind(str(body.get("title", "the request failed")), **detail)


def _given(params: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
