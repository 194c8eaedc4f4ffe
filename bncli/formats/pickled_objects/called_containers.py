"""Containers that a pickle makes by a call: all that is in them stands in the first argument, as a dictionary."""

from __future__ import annotations

from bncli.formats.pickles.inert import Record

_CALLS = frozenset(
    {
        "flax.core.frozen_dict.FrozenDict",
        "torch.fx.graph_module.reduce_deploy_graph_module",
        "torch.fx.graph_module.reduce_graph_module",
        "torch.fx.graph_module.reduce_package_graph_module",
    }
)
"""Of a graph module of torch.fx, it is the module's own state; the text of its code follows, and is left alone."""


def with_contents(record: Record) -> Record:
    """Return a record that holds, as its state, what such a call gives to the container; any other as it is."""
    if record.class_name not in _CALLS or record.state is not None:
        return record
    contents = next((argument for argument in record.args if isinstance(argument, dict)), None)
    if contents is None:
        return record
    opened = Record(record.class_name, ())
    opened.state = contents
    return opened
