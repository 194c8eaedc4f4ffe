"""The report of `record`: what passed through each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.analysis.layer_labels import shown_name
from bncli.reports.document import Cell, Column, Document, KeyValues, Note, Table
from bncli.reports.next_command import next_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from bncli.core.recorded_layer import RecordedLayer
    from bncli.reports.document import Block, Row

_COLUMNS = (
    Column("layer", "layer", "text", "path of the module"),
    Column("num_features", "C", "integer", "number of channels", priority=2),
    Column("num_batches", "batches", "integer", "batches that passed through", priority=1),
    Column("num_samples", "samples", "integer", "samples in them", priority=1),
    Column("values_min", "fewest values", "integer", "values per channel in the smallest batch"),
    Column("values_max", "most values", "integer", "and in the largest", priority=2),
    Column("num_nonfinite", "not finite", "integer", "batches with NaN or infinity in some channel"),
)


def recording_document(
    path: Path, num_steps: int, provenance: Mapping[str, Any], layers: Iterable[RecordedLayer]
) -> Document:
    """Return what a recording holds.

    Args:
        path: the recording.
        num_steps: forward passes of the model.
        provenance: what it says about itself.
        layers: read one at a time.
    """
    records = [_layer_record(layer) for layer in layers]
    rows: tuple[Row, ...] = tuple(_row(record) for record in records)
    blocks: list[Block] = [
        KeyValues((("written", str(path)), ("model", provenance.get("model")), ("steps", num_steps))),
        Table(_COLUMNS, rows),
        *_notes(path, records),
    ]
    content = {"path": str(path), "num_steps": num_steps, "provenance": dict(provenance), "layers": records}
    return Document("recording", tuple(blocks), content)


def _layer_record(layer: RecordedLayer) -> dict[str, Any]:
    rows = layer.rows
    return {
        "name": layer.name,
        "class_name": layer.class_name,
        "num_features": layer.num_features,
        "eps": layer.eps,
        "momentum": layer.momentum,
        "num_batches": len(rows),
        "num_training": int(rows.is_training.sum()),
        "num_recomputed": layer.num_recomputed,
        "num_samples": int(rows.num_samples.sum()),
        "values_per_batch": {"min": int(rows.num_values.min()), "max": int(rows.num_values.max())},
        "num_nonfinite": int((~rows.is_finite.all(axis=1)).sum()),
    }


def _row(record: Mapping[str, Any]) -> Row:
    values = record["values_per_batch"]
    num_nonfinite = record["num_nonfinite"]
    return (
        shown_name(record["name"]),
        record["num_features"],
        record["num_batches"],
        record["num_samples"],
        values["min"],
        values["max"],
        Cell(num_nonfinite, "bad" if num_nonfinite else "plain"),
    )


def _notes(path: Path, records: list[dict[str, Any]]) -> Iterator[Note]:
    if not records:
        yield Note("no batch reached a batch-normalization layer", "bad")
        return
    broken = [record["name"] for record in records if record["num_nonfinite"]]
    if broken:
        yield Note(f"NaN or infinity first entered {shown_name(broken[0])}: calibrate takes no such batch", "bad")
        return
    purpose = "writes a checkpoint with these statistics"
    yield from next_command("bncli", "calibrate", "CHECKPOINT", str(path), "-o", "NEW", purpose=purpose)
