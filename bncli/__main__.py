"""The entry point of the program `bncli` and of `python -m bncli`."""

from __future__ import annotations

import gc
import os
import signal
import sys
import warnings
from typing import NoReturn

_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SIGNAL_EXIT_BASE = 128
"""Shells add it to the number of the signal that ended a program."""
_OBJECTS_BETWEEN_COLLECTIONS = 1_000_000
"""What imports make stays to the end: to look through it for garbage took a twentieth of a short run."""


def main() -> int:
    """Run the program with the words of its command line and return its exit code."""
    for number in _ENDING_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as in the background of a script
            signal.signal(number, _leave)
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # NumPy's warnings about NaN are no news: reports count the NaN
    # NumPy's matrix products are not used, and the threads that wait for them would take turns with those that work.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Imported here so that Ctrl-C ends quietly from the first moment on.
    from bncli.cli.app import app_for  # noqa: PLC0415
    from bncli.cli.guard import run  # noqa: PLC0415

    exit_code = run(app_for(sys.argv[1:]))
    # Python would look through all objects for garbage once more as it ends, which took a tenth of a short run.
    gc.freeze()
    return exit_code


def _leave(number: int, _: object) -> NoReturn:
    """Leave by an exception, so that files that are half made are removed on the way out, undisturbed."""
    for ending_signal in _ENDING_SIGNALS:
        signal.signal(ending_signal, signal.SIG_IGN)
    raise SystemExit(_SIGNAL_EXIT_BASE + number)


if __name__ == "__main__":
    sys.exit(main())
