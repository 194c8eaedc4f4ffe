"""The contract of a rule: what it says about itself, and how it observes the state that it is named after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bncli.analysis.batch_evidence import BatchEvidence
    from bncli.rules.checked_file import CheckedFile
    from bncli.rules.checked_layer import CheckedLayer

Severity = Literal["error", "warning", "info"]
"""`error`: the layer computes something wrong. `warning`: it works, and something is off. `info`: good to know."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""The gravest first."""

Target = Literal["fp16", "int8"]
"""What the model is to be deployed as."""

TARGETS: tuple[Target, ...] = ("fp16", "int8")


def order_of(severity: Severity) -> int:
    """Return the place of a severity among all, by which they are compared: 0 is that of the gravest."""
    return SEVERITIES.index(severity)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number from which on a rule speaks, and where it comes from."""

    value: float
    meaning: str
    """What is compared with it, and which severity follows."""
    provenance: str
    """How it was found: on which published models it fires how often, or which arithmetic fixes it."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One rule's state, seen in one layer or in a file as a whole."""

    layer: str | None
    """Stored name of the layer; `None` where the state is the whole file's."""
    severity: Severity
    message: str
    """One sentence with numbers: what was seen, and what it means for this model."""
    channels: tuple[int, ...] = ()
    """Every channel in that state, the worst first; empty where the state is the layer's as a whole."""
    value: float | None = None
    """The measured value of the worst channel, or of the layer; `None` where no number says it."""
    threshold: float | None = None
    """The limit that the value is beyond, the gravest of several; `None` where it was compared with nothing."""
    remedy: str | None = None
    """What to do in this particular case; `None` for the rule's own remedy."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What `bncli rule` says about a state: one that a rule finds, or a verdict on two files."""

    code: str
    """`BN` and three digits; the first one groups them: 1 values, 2 updates, 3 channels, 4 data, 5 deployment,
    6 settings, 7 two files."""
    name: str
    """The wrong state, in words that read well after "allow": `dead-input`."""
    severity: Severity
    """The gravest that it has."""
    summary: str
    """One sentence that says what is wrong."""
    rationale: str
    """Why it matters and how it comes about; paragraphs are parted by empty lines."""
    thresholds: tuple[Threshold, ...]
    """Empty where the condition has no number in it."""
    remedy: str
    """What to do, in one or two sentences."""
    snippet: str
    """The remedy in PyTorch: `model` holds the layer `bn`, `loader` gives batches of inputs; empty without a fault."""
    references: tuple[str, ...]
    """Public threads, such as `pytorch/pytorch#90342`, and papers."""


@dataclass(frozen=True, slots=True)
class Rule(Explanation):
    """One rule of `bncli check`."""

    evaluate: Callable[[CheckedFile], Iterable[Observation]]
    """Yield an observation for each layer in that state. Pure: never prints, never reads a file."""
    target: Target | None = None
    """The deployment that the rule is about; `None` for all."""
    needs_recording: bool = False
    """Whether the rule looks at the batches of a recording, and says nothing without one."""
    is_mended_by_calibrating: bool = False
    """Whether statistics of that recording in place of the stored ones are the remedy."""
    spreads: bool = False
    """Whether the state passes on to the layers behind, so that the one nearest to the cause, not the one with most
    channels in that state, is the worst. The rule then yields its layers from the cause on."""


def each_recorded_layer(
    evaluate: Callable[[CheckedLayer, BatchEvidence], Iterable[Observation]],
) -> Callable[[CheckedFile], Iterator[Observation]]:
    """Return the evaluation of a file that looks at each layer of which a recording holds batches."""

    def evaluate_file(file: CheckedFile) -> Iterator[Observation]:
        for layer, evidence in file.recorded:
            yield from evaluate(layer, evidence)

    return evaluate_file


def each_layer(
    evaluate: Callable[[CheckedLayer], Iterable[Observation]],
) -> Callable[[CheckedFile], Iterator[Observation]]:
    """Return the evaluation of a file that looks at each of its layers by itself."""

    def evaluate_file(file: CheckedFile) -> Iterator[Observation]:
        for layer in file.layers:
            yield from evaluate(layer)

    return evaluate_file
