"""All formats: the built-in ones in a fixed order, then third parties' by the entry-point group ``vestige.sources``.

An entry point names a :class:`~vestige.sources.contract.Format` object, or a function without arguments that makes
one. One that does not load is an error, not a line in a log: records would silently be read by something else.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from vestige.model.errors import SettingsError, UsageError
from vestige.sources.contract import Format
from vestige.sources.mixed import MixedFormat

if TYPE_CHECKING:
    from vestige.sources.contract import Detection, Sample

GROUP = "vestige.sources"


def _mixture(sample: Sample) -> Detection | None:
    from vestige.sources.detect import detect  # noqa: PLC0415 - it asks the formats listed here

    choice = detect(sample)
    return choice.detection if choice.format is MIXED else None


def _all() -> dict[str, Format]:
    return formats()


MIXED = MixedFormat(_all, _mixture)


@cache
def built_in() -> tuple[Format, ...]:
    """The formats that come with the product. Read when first asked for: most commands need none of them."""
    from vestige.sources import (  # noqa: PLC0415 - see above
        agents,
        applications,
        cloud,
        databases,
        forensic,
        general,
        linux,
        network,
        telemetry,
        web,
        windows,
    )

    return (
        *windows.FORMATS,
        *linux.FORMATS,
        *agents.FORMATS,
        *cloud.FORMATS,
        *forensic.FORMATS,
        *web.FORMATS,
        *databases.FORMATS,
        *applications.FORMATS,
        *network.FORMATS,
        *telemetry.FORMATS,
        *general.FORMATS,
        MIXED,
    )


@cache
def formats() -> dict[str, Format]:
    """Every format by name.

    Raises:
        SettingsError: an installed third-party format does not load, is no format, or takes a name in use.
    """
    found = {form.name: form for form in built_in()}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        hint = f"repair or uninstall the package that provides {point.value}"
        try:
            made = point.load()
            form = made() if isinstance(made, type) or (callable(made) and not isinstance(made, Format)) else made
        except Exception as error:
            raise SettingsError(
                f"the source format {point.name} does not load", got=f"{type(error).__name__}: {error}"[:200], hint=hint
            ) from error
        if not isinstance(form, Format) or isinstance(form, type):
            raise SettingsError(
                f"the source format {point.name} is none",
                expected="an object with name, version, media_type, source_name, rendered, detect, split and parse",
                got=type(form).__name__,
                hint=hint,
            )
        if form.name in found:
            raise SettingsError(f"two source formats are called {form.name}", got=point.value, hint=hint)
        found[form.name] = form
    return found


def format_named(name: str) -> Format:
    """The format of a name.

    Raises:
        UsageError: no such format.
    """
    known = formats()
    if name not in known:
        raise UsageError(
            "no such source format", expected=", ".join(sorted(known)), got=name[:60], hint="or `auto`", field="format"
        )
    return known[name]
