"""The report of `simulate-momentum` for programs: what the schema `simulation` describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.core.complement import complement

if TYPE_CHECKING:
    from bncli.analysis.momentum_choice import MomentumChoice
    from bncli.analysis.momentum_study import ErrorParts, LostUpdates, MomentumRun, MomentumStudy
    from bncli.reports.reported_simulation import SimulationReport


def simulation_record(report: SimulationReport) -> dict[str, Any]:
    """Return the record of one simulation; a momentum of null is the cumulative average."""
    study = report.study
    settings = study.settings
    record: dict[str, Any] = {
        "source": report.origin.kind,
        **report.origin.details,
        "num_batches": report.origin.num_batches,
        "num_steps": settings.num_steps,
        "num_features": study.num_features,
        "convention": "torch" if settings.ddof else "keras",
        "running_var_ddof": settings.ddof,
        "dtype": settings.dtype,
        "initial": {
            "mean": settings.initial.mean,
            "var": settings.initial.var,
            "num_batches_tracked": settings.initial.num_batches_tracked,
        },
        "population": {
            "mean": study.population.mean,
            "var": study.population.var,
            "between_fraction": study.between_fraction,
        },
        "runs": [_run(run) for run in study.runs],
        "best": None if study.choice is None else _best(study.choice),
    }
    if report.shows_trajectory:
        record["trajectory"] = _trajectory(study)
    return record


def _run(run: MomentumRun) -> dict[str, Any]:
    forms = run.forms
    return {
        "momentum": forms.momentum,
        "decay": forms.decay,
        "final_mean": run.final_mean,
        "final_var": run.final_var,
        "effective_batches": forms.effective_batches,
        "initial_residue": forms.initial_residue,
        "steps_to_1_percent": forms.steps_to_1_percent,
        "noise_factor": forms.noise_factor,
        "half_life": forms.half_life,
        "mean_age": forms.mean_age,
        "doubled_momentum": forms.doubled,
        "halved_momentum": forms.halved,
        "warm_up_steps": run.warm_up_steps,
        "mean_error": _error(run.mean_error),
        "var_error": _error(run.var_error),
        "expected_error": run.expected_error,
        "lost_mean_updates": _lost(run.lost_mean_updates),
        "lost_var_updates": _lost(run.lost_var_updates),
    }


def _error(parts: ErrorParts) -> dict[str, Any]:
    return {
        "initial": parts.initial,
        "lag": parts.lag,
        "noise": parts.noise,
        "expected_noise": parts.expected_noise,
    }


def _lost(updates: LostUpdates | None) -> dict[str, Any] | None:
    return None if updates is None else {"fraction": updates.fraction, "frozen_since": updates.frozen_since}


def _best(choice: MomentumChoice) -> dict[str, Any]:
    return {
        "momentum": choice.momentum,
        "decay": complement(choice.momentum),
        "expected_error": choice.expected_error,
        "nearly_best": choice.nearly_best,
    }


def _trajectory(study: MomentumStudy) -> dict[str, Any]:
    path = study.trajectory
    return {
        "steps": path.steps,
        "runs": [
            {"momentum": momentum, "mean": path.mean[:, index], "var": path.var[:, index]}
            for index, momentum in enumerate(study.settings.momenta)
        ],
    }
