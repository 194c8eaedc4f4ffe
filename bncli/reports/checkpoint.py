"""The report of `inspect checkpoint`: the layers of a file as a table for people."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.lineage import lineage
from bncli.reports.arrangement import arranged, table_of
from bncli.reports.channel_fields import CHANNEL_FIELDS, channel_rows
from bncli.reports.checkpoint_forensics import checkpoint_inferences
from bncli.reports.checkpoint_record import checkpoint_record
from bncli.reports.document import Document, KeyValues, Note
from bncli.reports.layer_fields import LAYER_FIELDS, default_columns, shared_fields
from bncli.wording import count, part_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from bncli.analysis.inspection import InspectedLayer
    from bncli.analysis.lineage import CounterGroup
    from bncli.core.batch_norm_layer import Checkpoint
    from bncli.reports.arrangement import Arrangement
    from bncli.reports.channel_fields import ChannelRow
    from bncli.reports.document import Block, Cell, Table, Value

_MOST_SKIPPED_SHOWN = 8
_NORMS_LOOK_ALIKE = frozenset({"torch", "onnx"})
"""Frameworks whose InstanceNorm can store arrays of the same names as BatchNorm."""


def checkpoint_document(
    checkpoint: Checkpoint,
    layers: Sequence[InspectedLayer],
    arrangement: Arrangement,
    *,
    array_names: Collection[str] = (),
    with_channels: bool = False,
    is_filtered: bool = False,
) -> Document:
    """Return what a checkpoint holds.

    Args:
        checkpoint: the file's layers, all of them.
        layers: those to show.
        arrangement: order, number and columns of the rows.
        array_names: names of all arrays in the file, those of other layers included.
        with_channels: whether rows are channels instead of layers.
        is_filtered: whether a condition chose the channels.

    Raises:
        InvalidUsage: a column asked for does not exist.
    """
    if with_channels:
        rows = [row for layer in layers for row in channel_rows(layer)]
        shown_rows = arranged(rows, CHANNEL_FIELDS, arrangement, lambda row: row.worst_first())
        table, shown = _channel_table(rows, shown_rows, arrangement), _layers_of(shown_rows)
    else:
        shown = arranged(layers, LAYER_FIELDS, arrangement, lambda layer: layer.worst_first())
        table = _layer_table(layers, shown, arrangement, is_filtered=is_filtered)
    inferences = checkpoint_inferences(checkpoint.layers, array_names)
    blocks: list[Block] = [_facts(checkpoint, layers), table]
    blocks += [inference.note() for inference in inferences]
    blocks += _notes(checkpoint, layers)
    record = checkpoint_record(checkpoint, shown, inferences, with_channels=with_channels)
    return Document("checkpoint", tuple(blocks), record)


def _layer_table(
    layers: Sequence[InspectedLayer],
    shown: Sequence[InspectedLayer],
    arrangement: Arrangement,
    *,
    is_filtered: bool,
) -> Table:
    columns = arrangement.columns or default_columns(layers, is_filtered=is_filtered)
    return table_of(shown, LAYER_FIELDS, columns, part_of(len(shown), len(layers), "layer"))


def _channel_table(rows: Sequence[ChannelRow], shown: Sequence[ChannelRow], arrangement: Arrangement) -> Table:
    columns = arrangement.columns or tuple(field.column.key for field in CHANNEL_FIELDS)
    return table_of(shown, CHANNEL_FIELDS, columns, part_of(len(shown), len(rows), "channel"))


def _layers_of(rows: Sequence[ChannelRow]) -> list[InspectedLayer]:
    """Return the layers of channels, each with those channels alone, in the order in which they stand."""
    channels: dict[InspectedLayer, list[int]] = {}
    for row in rows:
        channels.setdefault(row.inspected, []).append(row.channel)
    return [replace(layer, channels=np.array(chosen, np.intp)) for layer, chosen in channels.items()]


def _facts(checkpoint: Checkpoint, layers: Sequence[InspectedLayer]) -> KeyValues:
    pairs: list[tuple[str, Value | Cell]] = [
        ("file", str(checkpoint.path)),
        ("format", checkpoint.format),
        ("layers", _layer_count(checkpoint)),
        ("updates", _lineage_text(lineage(checkpoint.layers))),
    ]
    pairs += [(field.column.title, field.value(layers[0])) for field in shared_fields(layers)] if layers else []
    return KeyValues(tuple(pairs))


def _layer_count(checkpoint: Checkpoint) -> str:
    num_channels = sum(layer.num_features for layer in checkpoint.layers)
    names = Counter(_class_name(layer.class_name, layer.framework) for layer in checkpoint.layers)
    kinds = ", ".join(f"{num_layers} {name}" if len(names) > 1 else name for name, num_layers in names.items())
    return f"{len(checkpoint.layers):,} ({kinds}), {count(num_channels, 'channel')}"


def _class_name(class_name: str | None, framework: str) -> str:
    return f"{framework} names" if class_name is None else class_name.rpartition(".")[2]


def _lineage_text(groups: Sequence[CounterGroup]) -> str:
    def one(group: CounterGroup) -> str:
        counter = group.num_batches_tracked
        text = (
            "not counted" if counter is None else f"{counter:,}" if isinstance(counter, int) else f"{counter} (a float)"
        )
        return text if len(groups) == 1 else f"{text} in {count(group.num_layers, 'layer')}"

    return "; ".join(one(group) for group in groups)


def _notes(checkpoint: Checkpoint, layers: Sequence[InspectedLayer]) -> Iterator[Note]:
    if any(layer.layer.eps.source == "assumed" for layer in layers):
        yield Note("The file does not hold eps and momentum; --eps and --momentum set what is assumed.", "muted")
    if any(layer.layer.class_name is None and layer.layer.framework in _NORMS_LOOK_ALIKE for layer in layers):
        yield Note("Without a class name InstanceNorm layers that track statistics look the same.", "muted")
    if any(layer.layer.framework == "mxnet" and layer.layer.weight is not None for layer in layers):
        yield Note(
            "MXNet takes 1 for the stored weight where a symbol has fix_gamma; this file does not tell.", "muted"
        )
    for alias, path in checkpoint.aliases.items():
        yield Note(f"{alias} is the same object as {path}; it is listed once.", "muted")
    for layer in layers:
        for alias in layer.layer.aliases:
            yield Note(f"{alias} shares the memory of {layer.layer.name}; it is listed once.", "muted")
    for skipped in checkpoint.skipped[:_MOST_SKIPPED_SHOWN]:
        yield Note(f"skipped {skipped.name or 'the file'}: {skipped.reason}", "notice")
    if len(checkpoint.skipped) > _MOST_SKIPPED_SHOWN:
        yield Note(f"{len(checkpoint.skipped) - _MOST_SKIPPED_SHOWN} more skipped; --format json lists all.", "notice")
