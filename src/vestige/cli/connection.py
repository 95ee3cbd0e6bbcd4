"""How a command reaches an installation: a server by URL, the holder of a data directory by its socket, or itself.

Every command is a client of the same HTTP interface. If nobody holds the data directory, the command holds it, serves
the interface on the directory's socket from a thread, and speaks to itself; a second command meanwhile speaks to the
first. So there is one road, and what a person may do locally a program may do remotely.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from vestige.model import errors
from vestige.model.errors import UsageError, VestigeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vestige.cli.options import Globals

WAIT_SECONDS = 10.0
JSON = {"Content-Type": "application/json"}
LOCAL_SECONDS = 3600.0
"""A verification of a large ledger may take its time."""
_BY_CODE = {
    cls.code: cls
    for cls in vars(errors).values()
    if isinstance(cls, type) and issubclass(cls, VestigeError) and cls is not errors.QueryError
}


class Connection:
    """An open road to an installation."""

    def __init__(self, client: httpx.Client, *, local: bool) -> None:
        self._client = client
        self.local = local
        """Whether paths on this machine mean the same to the other end."""

    def get(self, path: str, **params: object) -> Any:  # noqa: ANN401 - JSON
        """GET a JSON answer."""
        return orjson.loads(self.request("GET", path, params=_given(params)).content)

    def post(self, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """POST JSON and read the JSON answer."""
        return orjson.loads(self.request("POST", path, content=orjson.dumps(body), headers=JSON).content)

    def request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:  # noqa: ANN401 - as httpx takes them
        """Any request; a problem becomes the error it names."""
        with _reachable():
            response = self._client.request(method, path, **kwargs)
        raise_for_problem(response)
        return response

    def stream(self, path: str, **kwargs: Any) -> Iterator[Any]:  # noqa: ANN401 - as above
        """POST, and yield the answer's JSON lines as they come; a line ``{"problem": …}`` becomes its error."""
        with _reachable(), self._client.stream("POST", path, timeout=None, **kwargs) as response:
            if response.is_error:
                response.read()
            raise_for_problem(response)
            for line in _lines(response.iter_bytes()):
                message = orjson.loads(line)
                if "problem" in message:
                    raise _problem(message["problem"])
                yield message


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Lines by line feeds alone: JSON may hold every other separator unescaped."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole


@contextlib.contextmanager
def connect(options: Globals, command: str) -> Iterator[Connection]:
    """Open the road the options ask for.

    Raises:
        BusyError: another process holds the data directory and does not answer within 10 seconds.
        UsageError: a server without a token.
    """
    headers = {"X-Vestige-Tenant": options.tenant} if options.tenant else {}
    if options.server:
        if not options.token:
            raise UsageError("a server needs a token", hint="give --token, or set VESTIGE_TOKEN")
        headers["Authorization"] = f"Bearer {options.token}"
        with httpx.Client(base_url=options.server, headers=headers, timeout=120) as client:
            yield Connection(client, local=False)
        return
    # Imported late: a client of a server needs neither engine nor database.
    from vestige.api.server import Server, short_path  # noqa: PLC0415
    from vestige.app import DataDirLock, Installation, load_settings  # noqa: PLC0415

    settings = load_settings(data=options.data)
    lock = DataDirLock(settings.data)
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        if lock.acquire(command):
            from vestige.api import create_api  # noqa: PLC0415

            with contextlib.ExitStack() as stack:
                stack.callback(lock.release)
                installation = stack.enter_context(Installation.open(settings))
                server = Server(create_api(installation), settings, lock.socket)
                server.start()
                stack.callback(server.stop)
                yield stack.enter_context(_on_socket(lock.socket, headers, short_path))
            return
        if lock.socket.exists():
            with _on_socket(lock.socket, headers, short_path) as connection:
                if _answers(connection):
                    yield connection
                    return
        if time.monotonic() > deadline:
            raise lock.busy()
        time.sleep(0.05)


@contextlib.contextmanager
def _on_socket(path: Path, headers: dict[str, str], short_path: Any) -> Iterator[Connection]:  # noqa: ANN401
    with (
        short_path(path) as short,
        httpx.Client(
            transport=httpx.HTTPTransport(uds=short), base_url="http://vestige", headers=headers, timeout=LOCAL_SECONDS
        ) as client,
    ):
        yield Connection(client, local=True)


def _answers(connection: Connection) -> bool:
    try:
        connection.get("/healthz")
    except VestigeError:
        return False
    return True


@contextlib.contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except httpx.TransportError as error:
        raise VestigeError(
            "the server cannot be reached",
            got=str(error) or type(error).__name__,
            hint="is it running, and the URL right?",
        ) from None


def raise_for_problem(response: httpx.Response) -> None:
    """Turn a problem+json answer back into the error it was made from."""
    if not response.is_error:
        return
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        body = {"title": f"the server answered {response.status_code}", "code": ""}
    raise _problem(body)


def _problem(body: dict[str, Any]) -> VestigeError:
    kind = _BY_CODE.get(body.get("code", ""), VestigeError)
    if body.get("code") == errors.QueryError.code and "column" in body:
        return errors.QueryError(
            body["title"], column=body["column"], expected=body.get("expected", ""), got=body.get("got", "")
        )
    detail = {name: str(body.get(name, "")) for name in ("expected", "got", "hint")}
    return kind(body.get("title", "the request failed"), **detail)


def _given(params: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
