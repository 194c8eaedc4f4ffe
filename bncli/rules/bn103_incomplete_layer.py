"""BN103: arrays of a layer are missing, or contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.layer_labels import shown_name
from bncli.rules.base import Observation, Rule
from bncli.wording import count, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bncli.core.named_arrays import LayerFault
    from bncli.rules.base import Severity
    from bncli.rules.checked_file import CheckedFile

_SEVERITIES: Mapping[LayerFault, Severity] = {
    "missing-statistic": "warning",
    "shape-mismatch": "error",
    "element-type": "error",
}
_CONSEQUENCES: Mapping[LayerFault, str] = {
    "missing-statistic": "loading fills the gap with mean 0 or variance 1, or falls back to the batch's statistics",
    "shape-mismatch": "the layer cannot be loaded",
    "element-type": "the layer cannot be loaded as it is",
}


def _evaluate(file: CheckedFile) -> Iterator[Observation]:
    for skipped in file.skipped:
        if skipped.fault is not None and skipped.fault in _SEVERITIES:
            yield Observation(
                layer=skipped.name,
                severity=_SEVERITIES[skipped.fault],
                message=f"{skipped.reason}: {_CONSEQUENCES[skipped.fault]}",
            )
    for layer in file.layers:
        if not layer.layer.is_tracking:
            yield _not_tracking(layer.name)
    if file.affine_layers:
        yield _without_statistics(file.affine_layers)


def _not_tracking(name: str) -> Observation:
    return Observation(
        layer=name,
        severity="warning",
        message=(
            "track_running_stats is False beside stored statistics: training no longer updates them, and eval mode "
            "normalizes with them as they are"
        ),
        remedy=(
            "Set track_running_stats to True and estimate the statistics again, or set both to None to use the batch; "
            "nothing, if they are frozen on purpose."
        ),
    )


def _without_statistics(names: tuple[str, ...]) -> Observation:
    have = "has" if len(names) == 1 else "have"
    shown = tuple(map(shown_name, names))
    return Observation(
        layer=None,
        severity="info",
        value=float(len(names)),
        message=(
            f"{count(len(names), 'normalization')} ({listed(shown)}) {have} weight and bias but no running statistics: "
            "batch normalization with track_running_stats=False, which uses the batch in eval mode too, or layer, "
            "group or instance normalization"
        ),
        remedy="Nothing, if these are layer, group or instance normalizations.",
    )


RULE = Rule(
    code="BN103",
    name="incomplete-layer",
    severity="error",
    summary="A layer lacks one of its two statistics or their updates, or its arrays differ in shape.",
    rationale=(
        "A layer needs its mean and its variance. With strict=False a missing one goes unnoticed: PyTorch keeps the "
        "initial 0 or 1 of the new module, and eval mode is off from then on. Arrays of different lengths come from "
        "channel pruning that forgot one of them.\n\n"
        "A scale and shift without any statistics is a layer that normalizes with each batch, also in eval mode, or "
        "none of batch normalization at all; a file of arrays does not tell which, so that is only mentioned.\n\n"
        "Where track_running_stats was set to False on a layer that has statistics, as a whole module stores it, train "
        "mode leaves them alone, and eval mode still normalizes with them, and not with the batch."
    ),
    thresholds=(),
    remedy="Load strictly to see which keys are missing, then save the whole state dict, buffers included, again.",
    snippet="""\
loaded = model.load_state_dict(state, strict=False)
print([key for key in loaded.missing_keys if "running_" in key])
bn.track_running_stats = True
torch.optim.swa_utils.update_bn(loader, model)  # estimates what no file holds any more
""",
    references=(
        "pytorch/pytorch#37823",
        "pytorch/pytorch#38084",
        "pytorch/pytorch#20967",
        "pytorch/pytorch#44415",
        "apple/coremltools#784",
        "apple/coremltools#2036",
    ),
    evaluate=_evaluate,
)
