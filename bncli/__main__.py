"""The entry point of the program `bncli` and of `python -m bncli`."""

from __future__ import annotations

import signal
import sys
import warnings
from typing import NoReturn

_EXIT_INTERRUPTED = 130
_EXIT_TERMINATED = 143


def main() -> int:
    """Run the program with the words of its command line and return its exit code."""
    signal.signal(signal.SIGTERM, _leave)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # NumPy's warnings about NaN are no news: reports count the NaN
    try:
        # Imported here so that Ctrl-C ends quietly from the first moment on.
        from bncli.cli.app import app  # noqa: PLC0415
        from bncli.cli.guard import run  # noqa: PLC0415

        return run(app)
    except KeyboardInterrupt:
        return _EXIT_INTERRUPTED


def _leave(*_: object) -> NoReturn:
    """Leave by an exception, so that files that are half made are removed on the way out."""
    raise SystemExit(_EXIT_TERMINATED)


if __name__ == "__main__":
    sys.exit(main())
