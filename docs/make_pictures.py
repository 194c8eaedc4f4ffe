"""Draws the pictures in docs/ from real output: runs bncli on the samples and exports the terminal as SVG."""

from __future__ import annotations

import io
import shlex
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURES = {
    "simulate.svg": "bncli simulate-momentum --mean 2 --std 3 --steps 300 --momentum 0.3 --momentum 0.03",
}
WIDTH = 100


def picture(command: str, name: str) -> str:
    """Return the SVG of a terminal in which a command was run."""
    done = subprocess.run(  # noqa: S603 - the command is one of PICTURES
        [sys.executable, "-m", "bncli", *shlex.split(command)[1:], "--color", "always"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": str(WIDTH), "PYTHONUTF8": "1", "TERM": "xterm-256color"},
    )
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ {command}", style="bold"))
    console.print(Text.from_ansi(done.stdout))
    return console.export_svg(title="bncli", theme=MONOKAI, unique_id=Path(name).stem)


def main(folder: Path) -> None:
    """Write every picture into a folder."""
    for name, command in PICTURES.items():
        (folder / name).write_text(picture(command, name), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs")
