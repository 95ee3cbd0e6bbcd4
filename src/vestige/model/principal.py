"""Who acts: every act is recorded under the name of who was let in, never under a name a request claims."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated actor, and by which request it acts.

    ``name`` is what entries record: ``local:<uid>`` for the operating system's user on the machine itself, ``owner``
    for the token made at first start, ``key:<name>`` for every other API key, an e-mail address for a person. Two are
    the same if their names are: the rest differs from one request to the next.
    """

    name: str
    key: str = field(default="", compare=False)
    """The id of the credential it came with, if it was one."""
    address: str = field(default="", compare=False)
    """Where the request came from."""
    agent: str = field(default="", compare=False)
    """What the client says it is; cut to :data:`AGENT_LENGTH`."""
    request: str = field(default="", compare=False)
    """The id of the request, as its answer states it in ``X-Request-Id``."""

    def context(self) -> dict[str, str]:
        """What an entry says of the request beside the name; what is not known is left out."""
        said = {"address": self.address, "agent": self.agent, "key": self.key, "request": self.request}
        return {name: value for name, value in said.items() if value}


AGENT_LENGTH = 200
"""Characters of a client's description of itself that are kept."""
