"""The server calls by one module alone; the command line and the client call whom they are told.

The databases and the store of archives of the settings are reached by their own drivers, at the operator's own
addresses; what that store's driver has no word for is asked of it beside.
"""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "vestige"
CALLERS = {
    "httpx",
    "httpcore",
    "requests",
    "aiohttp",
    "urllib3",
    "ftplib",
    "smtplib",
    "xmlrpc",
    "telnetlib",
    "poplib",
    "imaplib",
}
WITHIN = {"urllib.request", "http.client"}
OWN = {"capture/sending.py", "cli/connection.py", "cli/directory.py"}
OWN |= {"client/sender.py", "client/watch.py", "client/answers.py"}
"""What a person starts, on a machine of theirs, to speak to a server of theirs."""
STORES = {"archive/objectlock.py"}
"""What speaks to a store of the settings: its address is the operator's, of the environment, and nobody else's."""
CHECKED = {"outgoing.py"}
"""What the server calls with: it looks at each address first (test_outgoing_calls.py)."""


def reaching(text: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(text)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
        found |= {name for name in names if name.partition(".")[0] in CALLERS or name in WITHIN}
        if isinstance(node, ast.Attribute) and node.attr in {"create_connection", "open_connection"}:
            found.add(node.attr)
    return found


def test_no_other_module_of_the_server_can_call_out() -> None:
    files = {path.relative_to(SOURCE).as_posix(): path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")}
    assert {name for name, text in files.items() if reaching(text)} == OWN | STORES | CHECKED


def test_what_calls_out_is_noticed() -> None:
    assert reaching("import urllib.request") == {"urllib.request"}
    assert reaching("from http import client") == {"http.client"}
    assert reaching("import asyncio\nasyncio.open_connection('a', 1)") == {"open_connection"}
    assert reaching("from urllib.parse import quote") == set()
