"""BN705: statistics and parameters moved under counted updates."""

from __future__ import annotations

from bncli.rules.base import Explanation

VERDICT = Explanation(
    code="BN705",
    name="trained",
    severity="info",
    summary="Statistics and parameters moved, as training moves them.",
    rationale=(
        "This is no fault. How far the layers moved is worth a look all the same: a mean that moved by many "
        "standard deviations in one layer and not in its neighbours points to other data, another preprocessing "
        "or a learning rate that fits the rest of the model only."
    ),
    thresholds=(),
    remedy=(
        "Nothing. `bncli diff` orders the layers by any of its columns with --sort, and `bncli trend` follows "
        "them over a run."
    ),
    snippet="",
    references=("Ioffe and Szegedy 2015, Batch Normalization: Accelerating Deep Network Training, arXiv:1502.03167",),
)
