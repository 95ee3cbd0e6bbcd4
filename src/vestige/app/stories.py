"""Stories of a tenant, wired: what is asked for, gathered as its asker may see it, told by template or by a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.app.story_gathering import Gathering
from vestige.app.story_model import StoryModel
from vestige.model.errors import UsageError
from vestige.stories.template import tell
from vestige.stories.written import adr, prose

if TYPE_CHECKING:
    from vestige.app.rooms import Rooms
    from vestige.ingest.intake import Stores
    from vestige.model.principal import Principal
    from vestige.settings import Settings
    from vestige.stories.template import Gathered

STORY_FORMS: Final = ("json", "prose", "adr")


class AskedStory(NamedTuple):
    """What a story is asked of: a session; or, in a repository, a commit; or a file with a scope or a line of it."""

    session: str = ""
    repository: str = ""
    commit: str = ""
    path: str = ""
    scope: str = ""
    line: int = 0
    rev: str = ""

    def check(self) -> None:
        """Refuse what is none, or two at once.

        Raises:
            UsageError: it is.
        """
        things = [name for name in ("session", "commit", "path") if getattr(self, name)]
        wanting = not self.repository if things != ["session"] else self.repository
        more = "path" not in things and (self.scope or self.line or self.rev)
        if len(things) != 1 or wanting or more or (self.scope and self.line):
            expected = "session; or repository and commit; or repository and path, with scope or line and rev if wanted"
            got = ", ".join(name for name, value in self._asdict().items() if value)
            raise UsageError("that is not one thing a story is of", expected=expected, got=got or "nothing")


class Stories:
    """Stories of one tenant. Safe to share between threads."""

    def __init__(self, rooms: Rooms, stores: Stores, settings: Settings) -> None:
        self._ledger = stores.ledger
        self.model = StoryModel(stores, settings, rooms.prices.book)

    def tell(
        self, asked: AskedStory, rooms: Rooms, *, decisions: bool, form: str = "json", writer: Principal | None = None
    ) -> dict[str, Any]:
        """A story, as JSON with its sentences; of another form with it as ``markdown`` too.

        Args:
            asked: of what.
            rooms: of whoever asks: nothing else is cited.
            decisions: whether they may read decisions and the audit trail.
            form: one of :data:`STORY_FORMS`.
            writer: who has the model write it; ``None``: it is told by template.

        Raises:
            UsageError: it is no one thing.
            NotFoundError: there is no such thing.
            OutgoingError: the model could not be asked.
        """
        asked.check()
        found = self._gathered(asked, Gathering(rooms, self._ledger, decisions=decisions), rooms)
        story = tell(found) if writer is None else self.model.write(found, writer)
        if writer is not None:
            rooms.projector.nudge()
        told = story.to_json()
        return told if form == "json" else told | {"markdown": adr(story) if form == "adr" else prose(story)}

    def _gathered(self, asked: AskedStory, gathering: Gathering, rooms: Rooms) -> Gathered:
        if asked.session:
            return gathering.session(asked.session)
        if asked.commit:
            return gathering.commit(asked.repository, rooms.code.commit_of(asked.repository, asked.commit))
        commit = rooms.code.commit_of(asked.repository, asked.rev)
        return gathering.lines(asked.repository, commit, asked.path, asked.scope, asked.line)
