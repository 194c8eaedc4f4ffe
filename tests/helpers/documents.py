"""Documents to be rendered: a small plain one, and one with everything that a hostile file may put into a report."""

from __future__ import annotations

import math

import numpy as np

from bncli.reports.document import Cell, Column, Document, KeyValues, Line, Note, Plot, Prose, Table

COLUMNS = (
    Column("name", "layer", "text", "name of the layer"),
    Column("num_features", "C", "integer", "number of channels", priority=1),
    Column("mean", "mean", "number", "median of the running mean", priority=2),
    Column("var", "var", "number", "median of the running variance", priority=2),
    Column("momentum", "momentum", "number", "weight of the new batch", priority=3),
    Column("size", "size", "integer", "size of the arrays", priority=5),
    Column("time", "time", "number", "time to read it", unit="ms", priority=5),
    Column("affine", "affine", "flag", "whether it has a learned scale and shift", priority=4),
)

ROWS = (
    ("layer1.0.bn1", 64, 0.01234567, 0.9, 0.1, 1024, 0.5, True),
    ("layer1.0.downsample.deeply.nested.path.bn1", 2048, -123.456, Cell(1.5e-9, "bad"), "cumulative", 32768, 12, False),
    ("Schicht.é.批归一化", None, math.nan, math.inf, None, None, None, Cell(True, "good")),
)  # fmt: skip

STEPS = tuple(range(41))
CURVE = Line("momentum 0.1", tuple(1 - 0.9**step for step in STEPS))
SLOW_CURVE = Line("momentum 0.02", tuple(1 - 0.98**step for step in STEPS))

FACTS = KeyValues((("file", "models/resnet.pt"), ("size", 44_780_000), ("layers", 3)), title="Checkpoint")
TABLE = Table(COLUMNS, ROWS, title="Layers", footer="2 clean layers are not shown")
PLOT = Plot("Running mean of channel 3", "step", STEPS, (CURVE, SLOW_CURVE), 1.0, "population")
NOTES = (Note("The file does not hold eps.", "notice"), Note("bn2 has a variance of almost 0.", "bad"), Note("Done."))

SMALL = Document(
    "checkpoint",
    (FACTS, TABLE, PLOT, *NOTES),
    {"path": "models/resnet.pt", "layers": [{"name": "bn1", "mean": np.array([0.1, math.nan], np.float32)}]},
)

HOSTILE_TEXTS = (
    "\x1b]0;title\x07[bold]bn[/bold]\n",
    "\x1b[2J\x1b[H\x9b31mred\x9d0;x\x9c",
    "\r\x08\x00\x7f\x85\x0b\x0c",
    "abc\u202efdp.exe\u2066\u200b\u200d\ufeff\u2028\u2029",
    "\ud800 lone \udcff",
    "\ue000\U000f0000\U000e0041\u0378",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>&amp;\"'",
    "`code` | pipe *bold* [link](http://x) ![i](y) ~~s~~ <b> # h",
    "[link=http://evil]click[/link] [/bold] [red]",
    "```",
    "```\nfence\n```",
    "@someone #1 www.example.com https://example.com :smile: $x$",
    "批归一化层" * 20,
    "é\u0301\u0302\u0303",
    "back\\slash \\x1b \\n",
    "",
    " ",
)


def hostile_document() -> Document:
    """Return a document that has a hostile text at every place where a text can stand."""
    tables = []
    facts = []
    notes = []
    plots = []
    proses = []
    for text in HOSTILE_TEXTS:
        columns = (
            Column(text, text, "text", text),
            Column("x", text, "number", text, unit=text, priority=1),
            Column("y", text, "sentence", text),
        )
        rows = ((text, text, text), (Cell(text, "bad"), 1.0, Cell(text, "bad")))
        tables.append(Table(columns, rows, title=text, footer=text))
        facts.append(KeyValues(((text, text), (text, Cell(text, "good"))), title=text))
        notes.append(Note(text, "notice"))
        proses.append(Prose((text, text), title=text))
        plots.append(Plot(text, text, (0.0, 1.0), (Line(text, (0.0, 1.0)), Line(text, (1.0, 0.0))), 0.5, text))
    record = {"names": list(HOSTILE_TEXTS), **{text: text for text in HOSTILE_TEXTS}}
    return Document("checkpoint", (*tables, *facts, *notes, *plots, *proses), record)
