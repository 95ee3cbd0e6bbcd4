"""A report on pages: its HTML laid out by WeasyPrint, which here can fetch nothing.

WeasyPrint needs Pango of the system. Where that is not there, everything but this works, and this says what to install.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from vestige.model.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

NEEDS: Final = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
"""Debian packages."""


def as_pdf(html: Sequence[bytes]) -> bytes:
    """The pages.

    Raises:
        SettingsError: what lays them out is not installed.
    """
    # Costs half a second and 40 MB, which nobody else should pay.
    try:
        from weasyprint import HTML  # noqa: PLC0415
    except OSError as error:
        raise SettingsError(
            "pages cannot be laid out on this machine", expected=f"the Debian packages {NEEDS}", got=str(error)[:120],
            hint="install them (apt-get install), or ask for the report as html, which a browser prints",
        ) from None  # fmt: skip
    whole = b"".join(html)
    made: Any = HTML(string=whole.decode(), url_fetcher=denied, base_url=None)
    # The identifier is of what is said, so that the same report gives the same bytes.
    pages: bytes = made.write_pdf(pdf_identifier=sha256(whole).digest()[:16], full_fonts=False)
    return pages


def denied(address: str, *_: object, **__: object) -> dict[str, Any]:
    """Fetch nothing, whatever the document names.

    Raises:
        UsageError: always.
    """
    raise UsageError("a report loads nothing", expected="a document that is whole by itself", got=address[:80])
