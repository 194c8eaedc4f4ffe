"""The report of `simulate-momentum`: running statistics beside the population's, for each momentum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.complement import complement
from bncli.reports.document import Document, KeyValues
from bncli.reports.simulation_notes import notes
from bncli.reports.simulation_plots import trajectory_plots
from bncli.reports.simulation_record import simulation_record
from bncli.reports.simulation_tables import closed_form_table, final_table, part_table

if TYPE_CHECKING:
    from bncli.analysis.momentum_study import MomentumStudy
    from bncli.reports.document import Block, Cell, Value
    from bncli.reports.reported_simulation import SimulationReport


def simulation_document(report: SimulationReport) -> Document:
    """Return what a simulation shows."""
    study = report.study
    blocks: list[Block] = [_facts(report), final_table(study), part_table(study), *trajectory_plots(study)]
    blocks += [closed_form_table(study), *notes(study)]
    return Document("simulation", tuple(blocks), simulation_record(report))


def _facts(report: SimulationReport) -> KeyValues:
    settings = report.study.settings
    framework = "PyTorch" if settings.ddof else "Keras"
    pairs: list[tuple[str, Value | Cell]] = [
        ("batches", report.origin.text),
        ("steps", _steps_text(settings.num_steps, report.origin.num_batches)),
        ("channels", report.study.num_features),
        ("start", _start_text(report)),
        ("update", f"as {framework}: batch variances with ddof {settings.ddof}"),
        ("precision", settings.dtype if settings.dtype == "float64" else f"{settings.dtype}, as PyTorch rounds on CPU"),
        ("best momentum", _choice_text(report.study)),
    ]
    return KeyValues(tuple(pairs))


def _start_text(report: SimulationReport) -> str:
    initial, found = report.study.settings.initial, report.origin.initial
    has_found_mean = found is not None and initial.mean is found.mean
    has_found_var = found is not None and initial.var is found.var
    if has_found_mean and has_found_var:
        return "the running statistics that the first recorded batch found"
    if has_found_mean:
        return f"variance {initial.var[0]:g}, and the mean that the first recorded batch found"
    if has_found_var:
        return f"mean {initial.mean[0]:g}, and the variance that the first recorded batch found"
    return f"mean {initial.mean[0]:g}, variance {initial.var[0]:g}"


def _steps_text(num_steps: int, num_batches: int | None) -> str:
    if num_batches is None or num_steps <= num_batches:
        return f"{num_steps:,}"
    return f"{num_steps:,}, {num_steps / num_batches:.3g} times through the batches in their order"


def _choice_text(study: MomentumStudy) -> str:
    choice = study.choice
    if choice is None:
        return "none: no update is expected to bring the start nearer to the population"
    momentum = float(f"{choice.momentum:.3g}")
    low, high = (f"{edge:.2g}" for edge in choice.nearly_best)
    return (
        f"{momentum:g} (decay {complement(momentum):g}), expected to end off by {choice.expected_error:.3g}; "
        f"from {low} to {high} by at most 10 % more"
    )
