"""What every test may ask for."""

from __future__ import annotations

import os
import signal
import threading
from functools import cache
from pathlib import Path

import httpx
import httpx._transports.default as transport
import pytest
from hypothesis import HealthCheck, settings

if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that runs the suite in the background has it ignore SIGINT, and programs under test would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
# A client of httpx reads all the authorities of the world when it is made: that takes longer than most requests.
# Thousands are made here, which speak no TLS or name an authority of their own.
transport.create_ssl_context = cache(httpx.create_ssl_context)  # type: ignore[attr-defined]
FUZZ = int(os.environ.get("VESTIGE_TEST_FUZZ", "1"))
settings.register_profile(
    "suite",
    deadline=None,
    max_examples=100 * FUZZ,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real logs and audit trails to test against. They lie beside the project, not in it."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("VESTIGE_TEST_CORPUS", str(default)))
    if not (folder / "MANIFEST.json").is_file():
        pytest.skip(f"no real logs at {folder}; VESTIGE_TEST_CORPUS names another place")
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    """Sizes of the long campaigns; the defaults are the samples `make test` runs."""
    parser.addoption("--kills", type=int, default=4, help="how often the kill campaign kills")
    parser.addoption("--faults", type=int, default=10, help="faults that the campaign of several nodes brings about")
    parser.addoption("--faults-seed", type=int, help="that campaign's seed")
    parser.addoption("--forget", type=int, default=40, help="how many records the erasure campaign takes in")
    parser.addoption("--soak-minutes", type=float, help="how long the soak goes on at four fifths of the capacity")
    parser.addoption("--inputs", type=int, help="how many inputs the fuzzing campaign tries")
    parser.addoption("--fuzz-seed", type=int, help="the fuzzing campaign's seed")
