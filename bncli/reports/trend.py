"""The report of `trend`: how the layers of a run moved over its checkpoints, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.checkpoint_order import newest_counter
from bncli.analysis.verdicts import Verdict
from bncli.reports.arrangement import arranged, table_of
from bncli.reports.checkpoint_forensics import floor_momentum_inference
from bncli.reports.document import Cell, Document, KeyValues, Note
from bncli.reports.trend_fields import TREND_FIELDS, worst_first
from bncli.reports.trend_record import trend_record
from bncli.reports.verdict_texts import VERDICT_TEXTS
from bncli.wording import MOST_NAMED, count, listed, part_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.analysis.decay_momentum import DecayMomentum
    from bncli.analysis.trend import Trend
    from bncli.core.batch_norm_layer import Checkpoint
    from bncli.reports.arrangement import Arrangement
    from bncli.reports.document import Block, Value

_ORDERS = {"counter": "their counters", "name": "their names, numbers as numbers; counters do not tell the order"}


def trend_document(trend: Trend, arrangement: Arrangement) -> Document:
    """Return how a run went.

    Args:
        trend: its checkpoints and layers.
        arrangement: order, number and columns of the rows.

    Raises:
        InvalidUsage: a column asked for does not exist.
    """
    shown = arranged(trend.layers, TREND_FIELDS, arrangement, worst_first)
    columns = arrangement.columns or tuple(field.column.key for field in TREND_FIELDS)
    footer = part_of(len(shown), len(trend.layers), "layer")
    blocks: list[Block] = [_facts(trend), table_of(shown, TREND_FIELDS, columns, footer), *_notes(trend)]
    return Document("trend", tuple(blocks), trend_record(trend, shown))


def _facts(trend: Trend) -> KeyValues:
    pairs: list[tuple[str, Value | Cell]] = [
        (f"file {index}", _file_text(checkpoint))
        for index, checkpoint in enumerate(trend.checkpoints, 1)
        if index <= MOST_NAMED or index == len(trend.checkpoints)
    ]
    if len(trend.checkpoints) > MOST_NAMED + 1:
        pairs.insert(MOST_NAMED, ("...", f"{len(trend.checkpoints) - MOST_NAMED - 1} more"))
    pairs.append(("order", f"by {_ORDERS[trend.order]}"))
    if trend.partial:
        named = listed(trend.partial, most=MOST_NAMED)
        pairs.append(("not in all files", Cell(f"{count(len(trend.partial), 'layer')}: {named}", "notice")))
    return KeyValues(tuple(pairs))


def _file_text(checkpoint: Checkpoint) -> str:
    counter = newest_counter(checkpoint)
    return str(checkpoint.path) if counter is None else f"{checkpoint.path} ({count(counter, 'update')})"


def _notes(trend: Trend) -> Iterator[Note]:
    yield from _momentum_notes(trend)
    deaths = [(layer.label, death) for layer in trend.layers for death in layer.deaths]
    deaths.sort(key=lambda each: each[1].first_dead)
    for label, death in deaths[:MOST_NAMED]:
        latest = death.latest_update
        since = "" if latest is None else f"; nothing reached it after update {latest:,}, at the latest"
        yield Note(f"{label}[{death.channel}] is dead from file {death.first_dead + 1} on{since}.", "notice")
    if len(deaths) > MOST_NAMED:
        num_more = len(deaths) - MOST_NAMED
        yield Note(f"{count(num_more, 'more channel')} died; --format json lists all.", "notice")
    if any(layer.frozen_since is not None for layer in trend.layers):
        yield Note(f"statistics frozen: {VERDICT_TEXTS[Verdict.STATS_FROZEN].advice}")


def _momentum_notes(trend: Trend) -> Iterator[Note]:
    found = [(index, momentum) for index, momentum in enumerate(trend.momenta) if momentum is not None]
    if not found:
        if trend.floor is not None:
            yield floor_momentum_inference(trend.floor).note()
        return
    low = max(momentum.low for _, momentum in found)
    high = min(momentum.high for _, momentum in found)
    num_channels = max(momentum.num_channels for _, momentum in found)
    if low <= high and not any(momentum.is_cumulative for _, momentum in found):
        yield Note(
            f"The weight of the new batch was {(low + high) / 2:.4g}: by it the variances of up to {num_channels} "
            f"channels without input fell in {count(len(found), 'step')} from file to file."
        )
        return
    steps = ", ".join(f"{_momentum_text(momentum)} from file {index + 1} to {index + 2}" for index, momentum in found)
    yield Note(f"The weight of the new batch, as the variances of channels without input fell: {steps}.", "notice")


def _momentum_text(found: DecayMomentum) -> str:
    return "cumulative" if found.is_cumulative else f"{(found.low + found.high) / 2:.4g}"
