"""The report of `diff`: two checkpoints side by side, for people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bncli.analysis.lone_shift import lone_shift
from bncli.analysis.verdicts import Verdict, is_as_between_ranks
from bncli.reports.arrangement import arranged, table_of
from bncli.reports.comparison_fields import COMPARISON_FIELDS, default_columns, worst_first
from bncli.reports.comparison_forensics import comparison_inferences
from bncli.reports.comparison_plot import shift_plot
from bncli.reports.comparison_record import comparison_record
from bncli.reports.comparison_story import story, updates_text
from bncli.reports.document import Cell, Document, KeyValues, Note
from bncli.reports.layer_fields import setting_text
from bncli.reports.layer_group import layer_group
from bncli.reports.verdict_texts import VERDICT_TEXTS
from bncli.wording import MOST_NAMED, count, listed, number, part_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from bncli.analysis.comparison import Comparison
    from bncli.core.batch_norm_layer import BatchNormLayer, Checkpoint
    from bncli.reports.arrangement import Arrangement
    from bncli.reports.document import Block, Value

_MANY_RESHAPED = 0.25
"""Reshaped layers for each one that is not; a new head reshapes fewer."""


def comparison_document(
    checkpoints: tuple[Checkpoint, Checkpoint],
    comparison: Comparison,
    arrangement: Arrangement,
    array_names: Collection[str] = (),
) -> Document:
    """Return what happened between two checkpoints.

    Args:
        checkpoints: the first and the second file.
        comparison: their layers, or those that were asked for.
        arrangement: order, number and columns of the rows.
        array_names: names of all arrays of the second file, those of other layers included.

    Raises:
        InvalidUsage: a column asked for does not exist.
    """
    shown = arranged(comparison.changes, COMPARISON_FIELDS, arrangement, worst_first)
    columns = arrangement.columns or default_columns(comparison.changes)
    footer = part_of(len(shown), len(comparison.changes), "layer")
    inferences = comparison_inferences(*checkpoints, comparison, array_names)
    blocks: list[Block] = [
        _facts(checkpoints, comparison),
        table_of(shown, COMPARISON_FIELDS, columns, footer),
        *shift_plot(comparison),
        *_notes(checkpoints, comparison),
        *(inference.note() for inference in inferences),
    ]
    return Document("diff", tuple(blocks), comparison_record(checkpoints, comparison, shown, inferences))


def _facts(checkpoints: tuple[Checkpoint, Checkpoint], comparison: Comparison) -> KeyValues:
    pairs: list[tuple[str, Value | Cell]] = [
        (title, f"{checkpoint.path} ({checkpoint.format}, {count(len(checkpoint.layers), 'layer')})")
        for title, checkpoint in zip(("first", "second"), checkpoints, strict=True)
    ]
    pairs.append(("in short", Cell(story(comparison), "good" if comparison.are_equal else "plain")))
    if any(change.movement.delta != 0 for change in comparison.changes):
        pairs.append(("in between", updates_text(comparison.changes)))
    pairs += _unpaired_facts(comparison)
    if any(change.movement.statistics_moved for change in comparison.changes):
        pairs.append(("sigma", f"sqrt(running_var + eps) of the first file, eps {_eps_text(comparison)}"))
    return KeyValues(tuple(pairs))


def _unpaired_facts(comparison: Comparison) -> Iterator[tuple[str, Value | Cell]]:
    matching = comparison.matching
    for rename in matching.renames:
        old, new = (f"{prefix}.*" if prefix else "*" for prefix in (rename.before, rename.after))
        layers = count(rename.num_layers, "layer")
        yield "renamed", f"{old} is {new} in the second file ({layers} of the same name and width)"
    num_structural = sum(pair.basis == "structure" for pair in matching.pairs)
    if num_structural:
        yield "renamed", f"{count(num_structural, 'layer')}, told by order and number of channels"
    if matching.reshaped:
        names = [
            f"{pair.after.label} ({pair.before.num_features} to {pair.after.num_features} channels)"
            for pair in matching.reshaped
        ]
        yield "reshaped", Cell(listed(names, most=MOST_NAMED), "notice")
    if matching.removed:
        yield "only in first", _group_text(matching.removed, [pair.before for pair in matching.pairs])
    if matching.added:
        yield "only in second", _group_text(matching.added, [pair.after for pair in matching.pairs])


def _group_text(layers: Sequence[BatchNormLayer], others: Sequence[BatchNormLayer]) -> str:
    labels = [layer.label for layer in layers]
    group = layer_group(labels, [*labels, *(layer.label for layer in others)])
    return group if len(labels) == 1 else f"{group}: {listed(labels, most=MOST_NAMED)}"


def _eps_text(comparison: Comparison) -> str:
    texts = {setting_text(change.pair.before.eps) for change in comparison.changes}
    return texts.pop() if len(texts) == 1 else "of each layer"


def _notes(checkpoints: tuple[Checkpoint, Checkpoint], comparison: Comparison) -> Iterator[Note]:
    num_reshaped, num_common = len(comparison.matching.reshaped), len(comparison.changes)
    if num_reshaped > _MANY_RESHAPED * num_common:
        yield Note("So many layers of equal names differ in width that these are different networks.", "notice")
    for verdict in comparison.verdict_counts():
        text = VERDICT_TEXTS[verdict]
        if text.advice:
            yield Note(f"{verdict}: {text.advice}", text.tone)
    yield from _lone_shift_note(comparison)
    if _may_be_ranks(comparison):
        yield Note("Two ranks of one run differ like this too: --ranks takes the files for such, and pools them.")
    for checkpoint in checkpoints:
        for skipped in checkpoint.skipped[:MOST_NAMED]:
            yield Note(f"skipped {skipped.name or 'the file'} of {checkpoint.path}: {skipped.reason}", "notice")


def _lone_shift_note(comparison: Comparison) -> Iterator[Note]:
    lone = lone_shift(comparison.changes)
    if lone is not None:
        who = layer_group(lone.labels, [change.pair.after.label for change in comparison.changes])
        moved = []
        if not math.isnan(lone.mean_shift):
            moved.append(f"the means moved by {number(lone.mean_shift)} sigma")
        if not math.isnan(lone.var_ratio):
            moved.append(f"the variances by a factor of {number(lone.var_ratio)}")
        yield Note(
            f"stands out: {who}: {' and '.join(moved)} in the median channel, while most layers stayed where they "
            "were: a batch of outliers, an input in another scale, or statistics of another layer or in another "
            "encoding.",
            "notice",
        )


def _may_be_ranks(comparison: Comparison) -> bool:
    """Return whether nothing but statistics differs in any layer, and nobody said why."""
    moved = [change for change in comparison.changes if change.verdict is not Verdict.FULLY_FROZEN]
    is_unexplained = not any(change.verdict is Verdict.RANKS_DISAGREE for change in moved)
    return is_unexplained and bool(moved) and all(is_as_between_ranks(change.movement) for change in moved)
