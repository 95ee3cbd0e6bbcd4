"""Builds the interface (``ui/``) into the package, if its sources are others than those it was built from.

Used in two ways: as the build hook of a wheel or an sdist, which then carry the built files, so that installing either
needs no Node; and as a script, ``python hatch_build.py [--dev]``, which ``tools/setup.sh`` runs, so that what is served
is what the sources say. Nothing to do takes no process and a few hundredths of a second.

The digest of the sources lies beside the built files, in ``.built-from``. The build is made in a folder of its own and
then put in place file by file, each renamed over its predecessor, the page last: whatever is read meanwhile is whole,
and the page never names a file that is not there. One build at a time per checkout: a lock on ``ui/`` sees to that.

Without npm, or with a Node that is too old, it says so and goes on: the product works without the interface. A build
that fails is an error. ``VESTIGE_SKIP_UI=1`` builds nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

STATIC: Final = Path("src/vestige/web/static")
STAMP: Final = ".built-from"
PAGE: Final = "index.html"
INSTALLED: Final = Path("node_modules/.installed-from")
"""What the packages in it were installed from, and whether those for working on the interface are among them."""
NOT_SOURCES: Final = frozenset({"node_modules", "dist", "coverage", "openapi.json"})
"""Names of folders and files that are made, here or by the build, and are in no sdist."""
NODE: Final = "20.19 or newer of 20, or 22.12 or newer"
_BUILDS: Final = ".building-"


class BuildError(RuntimeError):
    """The interface could not be built."""


def sources_digest(ui: Path) -> str:
    """The digest of all that a build is made from: names and contents, in an order that hangs on neither."""
    digest = hashlib.sha256()
    for name in sorted(_sources(ui)):
        body = (ui / name).read_bytes()
        digest.update(f"{name}\n{len(body)}\n".encode() + body)
    return digest.hexdigest()


def _sources(ui: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(ui):
        folders[:] = [one for one in folders if one not in NOT_SOURCES and not one.startswith(".")]
        for one in files:
            if one not in NOT_SOURCES and not one.startswith("."):
                yield Path(folder, one).relative_to(ui).as_posix()


def bring_up_to_date(root: Path, *, dev: bool = False) -> str:
    """Build the interface if that is needed; ``built``, or why nothing was: ``none``, ``skipped``, ``same``, ``left``.

    Args:
        root: the checkout.
        dev: whether the packages for working on the interface are to be there too.

    Raises:
        BuildError: npm failed, or made no page.
    """
    ui = root / "ui"
    if not (ui / "package.json").is_file():
        return "none"
    if os.environ.get("VESTIGE_SKIP_UI") == "1":
        _say("VESTIGE_SKIP_UI=1: the interface is left as it is")
        return "skipped"
    with _alone(ui):
        wanted = sources_digest(ui)
        is_built = _read(root / STATIC / STAMP) == wanted and (root / STATIC / PAGE).is_file()
        packages = hashlib.sha256(b"".join((ui / name).read_bytes() for name in ("package.json", "package-lock.json")))
        installed = _read(ui / INSTALLED)
        full = f"dev {packages.hexdigest()}"
        fits = installed == full or (not dev and installed == f"run {packages.hexdigest()}")
        if is_built and (fits or not dev):
            return "same"
        lacking = lacking_tools()
        if lacking:
            left = "it stays as it was built before" if (root / STATIC / PAGE).is_file() else "it is not built"
            _say(f"{lacking}; expected Node {NODE}, with npm")
            _say(f"{left}, and everything else works without it; `make ui` builds it")
            return "left"
        if not fits:
            _say("fetching the packages the interface is built with (first time: about 150 MB)")
            kind = "--include=dev" if dev else "--omit=dev"
            (ui / INSTALLED).unlink(missing_ok=True)
            _npm(ui, "ci", kind, "--no-audit", "--no-fund", "--ignore-scripts")
            (ui / INSTALLED).write_text(full if dev else f"run {packages.hexdigest()}", encoding="ascii")
        if is_built:
            return "same"
        _build(ui, root / STATIC, wanted)
        return "built"


def lacking_tools() -> str:
    """What is missing to build; empty if nothing is."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return f"there is no {'npm' if node else 'Node'} here (Debian's packages: nodejs npm)"
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    parts = said.removeprefix("v").split(".")
    version = tuple(int(part) for part in parts[:2]) if len(parts) == 3 and "".join(parts[:2]).isdigit() else (0, 0)
    if (20, 19) <= version < (21, 0) or version >= (22, 12):
        return ""
    return f"Node is {said or 'of no version that it tells'}"


def put_in_place(built: Path, static: Path, wanted: str) -> None:
    """Let built files take the place of those of before, so that no reader ever finds a page without its files."""
    static.mkdir(parents=True, exist_ok=True)
    (static / STAMP).unlink(missing_ok=True)
    names = sorted((path.relative_to(built) for path in built.rglob("*") if path.is_file()), key=_page_last)
    for name in names:
        (static / name).parent.mkdir(parents=True, exist_ok=True)
        _replace(static / name, (built / name).read_bytes())
    for path in sorted(static.rglob("*"), reverse=True):
        if path.is_dir():
            with contextlib.suppress(OSError):
                path.rmdir()
        elif path.relative_to(static) not in names:
            path.unlink()
    _replace(static / STAMP, wanted.encode())


def _build(ui: Path, static: Path, wanted: str) -> None:
    _say("building the interface")
    with tempfile.TemporaryDirectory(prefix=_BUILDS, dir=ui) as folder:
        built = Path(folder)
        _npm(ui, "run", "build", VESTIGE_UI_OUT=str(built))
        if not (built / PAGE).is_file():
            raise BuildError(f"the build of the interface made no {PAGE} in VESTIGE_UI_OUT")
        put_in_place(built, static, wanted)


def _npm(ui: Path, *arguments: str, **env: str) -> None:
    """Run npm, and say what it said only if it failed."""
    command = ["npm", *arguments]
    done = subprocess.run(  # noqa: S603
        command, cwd=ui, env=os.environ | env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise BuildError(
            f"`{' '.join(command)}` in {ui} ended with {done.returncode}:\n{done.stdout[-4000:]}\n"
            "mend that and run it again, or go on without the interface: VESTIGE_SKIP_UI=1"
        )


@contextlib.contextmanager
def _alone(ui: Path) -> Iterator[None]:
    """Hold the checkout's lock, and clear away what a build left that was killed."""
    lock = os.open(ui, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in ui.glob(f"{_BUILDS}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        os.close(lock)


def _replace(path: Path, body: bytes) -> None:
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(body)
    beside.replace(path)


def _page_last(name: Path) -> tuple[bool, str]:
    return name == Path(PAGE), str(name)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _say(text: str) -> None:
    sys.stderr.write(f"interface: {text}\n")
    sys.stderr.flush()


def main(arguments: list[str]) -> int:
    """Run as a script; the exit code."""
    if arguments not in ([], ["--dev"]):
        _say("usage: python hatch_build.py [--dev]")
        return 2
    try:
        bring_up_to_date(Path(__file__).resolve().parent, dev=bool(arguments))
    except BuildError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
else:
    # Not for the script, which is to be quick and needs nothing installed.
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

    class InterfaceHook(BuildHookInterface[Any]):
        """What the builder calls before it collects files."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the builder's signature
            """Build the interface first; not for an editable installation, whose set-up does it by itself."""
            if version != "editable":
                bring_up_to_date(Path(self.root))
