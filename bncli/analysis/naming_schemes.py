"""How each framework names the arrays of a layer, and what it assumes where a file holds no setting: one table."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection

    from bncli.core.batch_statistics import Ddof

ROLES = ("running_mean", "running_var", "weight", "bias", "num_batches_tracked")
STATISTICS = ROLES[:2]
"""What makes a layer one: both of them."""

FOREIGN_STATISTICS = ("running_std", "moving_std", "moving_stddev")
"""Leaves that stand for the variance in files of Keras 1 and of batch renormalization. What they hold differs from
version to version, so they are never taken for a variance."""


@dataclass(frozen=True, slots=True)
class NamingScheme:
    """How one framework names the arrays of a layer, and the settings that it assumes."""

    framework: str
    leaves: tuple[str, ...]
    """Last parts of the names, in the order of `ROLES`; fewer where the framework has no counter, none where the file
    itself tells the roles of its arrays."""
    eps: float
    """The framework's default."""
    momentum: float
    """The framework's default as the weight of the new batch."""
    ddof: Ddof
    """Of the batch variances that the framework averages."""
    trees: tuple[str, str] | None = None
    """Where the statistics and the parameters of a layer lie in two trees, under like paths: the part of the path that
    is the one or the other tree; `None` where they stand side by side."""
    is_of_common_words: bool = False
    """Whether arrays of any purpose may have such names: then only both statistics and a parameter, alike in shape, are
    taken for a layer."""


# MXNet has two rows, since Gluon's layer and the operator differ in names and eps; and Flax has two, since Linen keeps
# two trees and NNX one. ONNX and Caffe files tell roles by place, and `haiku_trees` knows Haiku's; Haiku has no default
# momentum, and its own networks take this one.
# fmt: off
NAMING_SCHEMES = (
    #            framework  running_mean    running_var        weight    bias    num_batches_tracked     eps   mom. ddof
    NamingScheme("torch",  ("running_mean", "running_var",     "weight", "bias", "num_batches_tracked"), 1e-5, 0.1,  1),
    NamingScheme("keras",  ("moving_mean",  "moving_variance", "gamma",  "beta"),                        1e-3, 0.01, 0),
    NamingScheme("paddle", ("_mean",        "_variance",       "weight", "bias"),                        1e-5, 0.1,  0),
    NamingScheme("mxnet",  ("running_mean", "running_var",     "gamma",  "beta"),                        1e-5, 0.1,  0),
    NamingScheme("mxnet",  ("moving_mean",  "moving_var",      "gamma",  "beta"),                        1e-3, 0.1,  0),
    NamingScheme("flax",   ("mean",         "var",             "scale",  "bias"),                        1e-5, 0.01, 0,
                 trees=("batch_stats", "params")),
    NamingScheme("flax",   ("mean",         "var",             "scale",  "bias"),                        1e-5, 0.01, 0,
                 is_of_common_words=True),
    NamingScheme("haiku",  (),                                                                           1e-5, 0.1,  0),
    NamingScheme("onnx",   (),                                                                           1e-5, 0.1,  0),
    NamingScheme("caffe",  (),                                                                           1e-5, 1e-3, 1),
)
# fmt: on

_SIDE_BY_SIDE = tuple(scheme for scheme in NAMING_SCHEMES if scheme.trees is None)
LEAVES_OF_STATISTICS = frozenset(leaf for scheme in NAMING_SCHEMES for leaf in scheme.leaves[: len(STATISTICS)])
"""Last parts of the names of running means and variances, in any scheme."""


def scheme_of_leaves(leaves: Collection[str]) -> NamingScheme | None:
    """Return the scheme that explains most of the last parts of names that stand side by side.

    One of the two statistics is enough to speak of a layer, but for names that are common words; `None` where nothing
    does.
    """
    return _scheme_of(frozenset(leaves))


# The layers of a file have few sets of leaves among them, and a file may have 20,000 layers.
@lru_cache(maxsize=256)
def _scheme_of(leaves: frozenset[str]) -> NamingScheme | None:
    candidates = [scheme for scheme in _SIDE_BY_SIDE if _speaks_of_a_layer(scheme, leaves)]
    return max(candidates, key=lambda scheme: sum(leaf in leaves for leaf in scheme.leaves), default=None)


def _speaks_of_a_layer(scheme: NamingScheme, leaves: Collection[str]) -> bool:
    present = [leaf in leaves for leaf in scheme.leaves]
    statistics, parameters = present[: len(STATISTICS)], present[len(STATISTICS) :]
    return all(statistics) and any(parameters) if scheme.is_of_common_words else any(statistics)


def scheme_of_framework(framework: str | None, mean_name: str) -> NamingScheme:
    """Return the scheme of a framework that a file names; of several, the one by which the running mean is named."""
    schemes = [scheme for scheme in NAMING_SCHEMES if scheme.framework == framework]
    return next((scheme for scheme in schemes if scheme.leaves and mean_name.endswith(scheme.leaves[0])), schemes[0])


def ddof_of_framework(framework: str) -> Ddof:
    """Return the ddof of the batch variances that a framework of the table averages."""
    return next(scheme.ddof for scheme in NAMING_SCHEMES if scheme.framework == framework)
