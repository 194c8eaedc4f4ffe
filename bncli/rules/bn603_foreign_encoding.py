"""BN603: a statistic is stored in another framework's encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.rules.base import Observation, Rule, Threshold
from bncli.rules.checked_layer import worst_first
from bncli.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_file import CheckedFile
    from bncli.rules.checked_layer import CheckedLayer

FEWEST_CHANNELS_AT_EPS = 2
_USUAL_EPS = (1e-5, 1e-3)


def _evaluate(file: CheckedFile) -> Iterator[Observation]:
    for skipped in file.skipped:
        if skipped.fault == "foreign-statistic":
            yield Observation(
                layer=skipped.name,
                severity="warning",
                message=(
                    f"{skipped.reason}: what it holds differs by version, a variance in Keras 1 in spite of its name, "
                    "a standard deviation in batch renormalization; the layer was not checked"
                ),
            )
    for layer in file.layers:
        yield from _with_eps_added(layer)


def _with_eps_added(layer: CheckedLayer) -> Iterator[Observation]:
    """Yield a layer whose smallest variance is eps itself, in several channels: 0 + eps."""
    sound = layer.var[layer.is_sound]
    if not sound.size:
        return
    smallest = float(sound.min())
    usual = layer.in_stored_precision(layer.eps, *_USUAL_EPS)
    is_at_eps = layer.is_sound & (layer.var == smallest)
    if int(is_at_eps.sum()) >= FEWEST_CHANNELS_AT_EPS and smallest > 0 and smallest in usual:
        channels = worst_first(is_at_eps, layer.gain)
        yield Observation(
            layer=layer.name,
            severity="warning",
            channels=channels,
            value=smallest,
            threshold=smallest,
            message=(
                f"the smallest running_var is exactly {smallest:.6g}, an eps, in {count(len(channels), 'channel')}: "
                "eps seems to have been added before the variance was stored, and is now added twice"
            ),
        )


RULE = Rule(
    code="BN603",
    name="foreign-encoding",
    severity="warning",
    summary="A statistic is in another framework's encoding: a standard deviation, or a variance with eps in it.",
    rationale=(
        "Frameworks store different things under similar names. Keras 1 wrote its variance as running_std; batch "
        "renormalization keeps a standard deviation; some converters add eps to the variance because the target lacks "
        "it. Taken for a variance as it is, such a number shifts every channel a little, which is hard to see. Two "
        "channels or more whose variance is eps to the last bit, with none below, give the addition away.\n\n"
        "Two other encodings leave no trace in the numbers: Caffe's statistics before they are divided by their third "
        "blob, and the scale of an MXNet layer with fix_gamma=True, which is not used."
    ),
    thresholds=(
        Threshold(
            FEWEST_CHANNELS_AT_EPS,
            "channels whose running_var is the smallest of the layer and equals eps: warning",
            "A single one may be a dead channel that was clamped.",
        ),
    ),
    remedy="Convert with the framework that wrote the file, or undo the encoding before loading.",
    snippet="""\
bn.running_var.sub_(bn.eps).clamp_(min=0)  # where eps was added before storing
""",
    references=("chainer/chainer#4505", "facebookresearch/detectron2#3160", "apache/mxnet#15717"),
    evaluate=_evaluate,
)
