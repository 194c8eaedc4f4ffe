"""The report of `normalize`: what went in, what came out and how the running statistics moved, channel by channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.layer_labels import shown_name
from bncli.reports.document import Code, Document, KeyValues
from bncli.reports.normalization_notes import normalization_notes
from bncli.reports.normalization_record import normalization_record
from bncli.reports.normalization_tables import channel_table, deviation_table, gap_table, running_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.core.named_arrays import Array
    from bncli.reports.document import Block, Table
    from bncli.reports.reported_normalization import NormalizationReport


def normalization_document(report: NormalizationReport) -> Document:
    """Return what one run of a layer on an array shows."""
    result = report.result
    blocks: list[Block] = [_facts(report), *_tables(report)]
    if report.values is not None:
        blocks += [Code(_listing("before", report.values[0])), Code(_listing("after", report.values[1]))]
    blocks += normalization_notes(result, report.deviation)
    return Document("normalize", tuple(blocks), normalization_record(report))


def _tables(report: NormalizationReport) -> Iterator[Table]:
    """Yield the answer to what was asked for; the statistics themselves where nothing was."""
    result = report.result
    if report.gap is not None:
        yield gap_table(report.gap, result)
    if report.deviation is not None:
        yield deviation_table(report.deviation)
    if report.gap is None and report.deviation is None:
        yield channel_table(result)
        if result.before.running is not None and result.after.running is not None:
            yield running_table(result.before.running, result.after.running)


def _facts(report: NormalizationReport) -> KeyValues:
    result = report.result
    inputs, settings = result.inputs, result.settings
    pairs: list[tuple[str, str | int | None]] = [
        ("file", str(inputs.tensor)),
        ("shape", f"{' x '.join(map(str, inputs.layout.shape))} {inputs.tensor.dtype}"),
        ("mode", f"{settings.mode}, {_steps_text(settings.steps)}"),
        ("backend", settings.backend if settings.backend == "numpy" else f"torch on {settings.device}"),
        ("layer", "as given by the options" if report.layer_name is None else shown_name(report.layer_name)),
        ("eps", f"{report.eps.value:g} ({report.eps.source})"),
        ("momentum", f"{_momentum_text(report.momentum.value)} ({report.momentum.source})"),
    ]
    if report.output_path is not None:
        pairs.append(("saved", str(report.output_path)))
    return KeyValues(tuple(pairs))


def _steps_text(steps: int) -> str:
    return {0: "no training step", 1: "1 training step"}.get(steps, f"{steps} training steps")


def _momentum_text(momentum: float | None) -> str:
    return "none: cumulative average" if momentum is None else f"{momentum:g}, weight of the new batch"


def _listing(title: str, values: Array) -> str:
    with np.printoptions(precision=4, suppress=True, threshold=2000, floatmode="fixed", linewidth=100):
        return f"{title}\n{values}"
