"""What holds for every test: examples that never vary, and no colour or width from the terminal of whoever runs it."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

from tests.helpers.golden import Golden

# The same examples on every run, and no deadline: a busy machine is no defect.
settings.register_profile("bncli", derandomize=True, deadline=None)
settings.load_profile("bncli")

# A shell starts what runs in its background with Ctrl-C ignored, which programs under test would inherit.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Set before anything loads torch: the layers here are tiny, and its threads would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

VARIABLES_OF_A_TERMINAL = ("COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "TERM")


@pytest.fixture(autouse=True)
def neutral_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES_OF_A_TERMINAL:
        monkeypatch.delenv(variable, raising=False)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the expected texts anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    return Golden(request.path.parent / "golden", is_updating=request.config.getoption("--update-golden"))
