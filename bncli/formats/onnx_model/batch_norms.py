"""BatchNormalization nodes: which stored arrays they use, their settings, and what they are called."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bncli.core.named_arrays import LayerHint, Skipped
from bncli.formats.decimal_settings import shortest_float32, weight_of_new_batch
from bncli.formats.onnx_model.layer_names import distinct_names, shared_parent
from bncli.formats.onnx_model.stored_inputs import NotStoredError, stored_input
from bncli.formats.stored_array import StoredArray
from bncli.formats.traced_momentum import is_momentum_recorded
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bncli.core.named_arrays import SettingName
    from bncli.formats.companion_files import CompanionFiles
    from bncli.formats.onnx_model.graphs import Scope
    from bncli.formats.onnx_model.nodes import Attribute, Node

_ROLES = ("weight", "bias", "running_mean", "running_var")
"""What inputs 1 to 4 are; input 0 is what is normalized."""
_TRAINING_MODE_OPSET = 14
"""From this version on an attribute says whether a node is in training mode."""
_IS_TEST_OPSET = 7
"""Before this version another one says that it is not."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A node whose inputs are stored."""

    paths: tuple[str, ...]
    """What the layer can be called, the best first; the last is of this node alone."""
    arrays: Mapping[str, str]
    """Role to the array's path."""
    settings: Mapping[SettingName, float | None]
    training_mode: bool
    producer_bias: str | None


class BatchNorms:
    """The layers of a model.

    Args:
        scopes: every graph of the model.
        opset: version of ONNX's operators that the model uses.
        companions: the files that hold external data.
        used: every name that a node takes or a graph gives, as often as that happens.

    Attributes:
        hints: a layer each, with its arrays.
        constants: arrays of layers that are no initializers, by path.
        skipped: the nodes that have no stored arrays.
    """

    def __init__(self, scopes: Iterable[Scope], opset: int, companions: CompanionFiles, used: Iterable[str]) -> None:
        self._opset = opset
        self._companions = companions
        self._num_uses = Counter(used)
        self.constants: dict[str, StoredArray] = {}
        self.skipped: list[Skipped] = []
        found: list[_Found] = []
        for scope in scopes:
            for node in scope.batch_norms:
                try:
                    found.append(self._find(node, scope))
                except NotStoredError as reason:
                    path = shared_parent(*node.inputs[3:5]) or node.path
                    self.skipped.append(Skipped(scope.path + path, str(reason)))
        self.hints = _named(found)

    def _find(self, node: Node, scope: Scope) -> _Found:
        names = dict(zip(_ROLES, node.inputs[1:], strict=False))
        missing = [role for role in _ROLES if not names.get(role)]
        if missing:
            raise NotStoredError(f"has no input for {', '.join(missing)}")
        stored = {role: stored_input(role, name, scope, self._companions) for role, name in names.items()}
        mean = stored["running_mean"]
        if mean.is_per_channel:
            raise NotStoredError("running_mean is computed by an Expand node, not stored")
        for each in stored.values():
            if not each.is_initializer:
                known = each.repeated(mean.values.size) if each.is_per_channel else each
                self.constants[each.path] = known.values
        arrays = {role: each.path for role, each in stored.items()}
        attributes = node.attributes(scope.attributes)
        paths = (scope.path + node.path, scope.path + next(filter(None, node.outputs), ""))
        is_training = self._is_training(node, attributes)
        return _Found(paths, arrays, _settings(attributes), is_training, self._producer_bias(node, scope))

    def _producer_bias(self, node: Node, scope: Scope) -> str | None:
        """Return the path of a bias that nothing but this node sees: one value a channel, stored in the same graph."""
        normalized = node.inputs[0]
        bias = scope.biases.get(normalized)
        if not bias or bias not in scope.initializers:
            return None
        if self._num_uses[normalized] > 1 or self._num_uses[bias] > 1:
            return None
        values = scope.initializers[bias].values
        return scope.path + bias if isinstance(values, StoredArray) and len(values.shape) == 1 else None

    def _is_training(self, node: Node, attributes: Mapping[str, Attribute]) -> bool:
        """Return whether the node normalizes with the statistics of the batch: only then it has further outputs."""
        if sum(map(bool, node.outputs)) > 1:
            return True
        if self._opset >= _TRAINING_MODE_OPSET:
            return _integer(attributes, "training_mode") != 0
        return self._opset < _IS_TEST_OPSET and _integer(attributes, "is_test") == 0


def _integer(attributes: Mapping[str, Attribute], name: str) -> int:
    attribute = attributes.get(name)
    return 0 if attribute is None else attribute.integer or 0


def _settings(attributes: Mapping[str, Attribute]) -> dict[SettingName, float | None]:
    settings: dict[SettingName, float | None] = {}
    epsilon = attributes.get("epsilon")
    if epsilon is not None and epsilon.float32 is not None:
        settings["eps"] = shortest_float32(epsilon.float32)
    decay = attributes.get("momentum")
    if decay is not None and decay.float32 is not None:
        momentum = weight_of_new_batch(decay.float32)
        # torch's exporter writes a cumulative average as a layer that never moves.
        if is_momentum_recorded(momentum, is_training=False):
            settings["momentum"] = momentum
    return settings


def _named(found: list[_Found]) -> dict[str, LayerHint]:
    """Return each layer under a name of its own: that of its arrays, as torch's exporter keeps it, or of its node.

    Nodes that use the same arrays are one layer, which the model applies several times.
    """
    layers: dict[tuple[str, ...], list[_Found]] = {}
    for node in found:
        layers.setdefault(tuple(node.arrays[role] for role in _ROLES), []).append(node)
    names = distinct_names([(shared_parent(mean, var), nodes[0].paths) for (_, _, mean, var), nodes in layers.items()])
    return {
        name: LayerHint(
            layer=name,
            class_name="BatchNormalization",
            settings=nodes[0].settings,
            roles=nodes[0].arrays,
            training_mode=any(node.training_mode for node in nodes),
            # Statistics that several inputs share hold no one's bias alone.
            producer_bias=nodes[0].producer_bias if len(nodes) == 1 else None,
            framework="onnx",
        )
        for name, nodes in zip(names, layers.values(), strict=True)
    }
