"""Writes docs/rules.md from the rules themselves: `python docs/make_rules.py docs/rules.md`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bncli.renderers import markdown
from bncli.renderers.base import Surface
from bncli.reports.document import Document, KeyValues
from bncli.reports.rule_pages import rule_blocks, rule_list
from bncli.rules.catalogue import EXPLANATIONS

if TYPE_CHECKING:
    from bncli.rules.base import Explanation

INTRODUCTION = """\
# The rules of `bncli check` and the verdicts of `bncli diff`

Every rule is about one wrong state of a layer, and is named after it. Thresholds were chosen on 18 published models,
714 batch-normalization layers with 49,821 channels in all. They all work, and no rule gives an error on any of them,
save those for a deployment target and those about data (BN4), which need `--recording`. BN7 are no rules but verdicts
of `bncli diff`, on two files. `bncli rule CODE` shows the same text in the terminal.

| severity | meaning |
|:---|:---|
| error | the layer computes something wrong |
| warning | it works, and something is off |
| info | good to know; only counted in the table unless `--select` asks for it |

In the snippets `model` holds the layer `bn`, between the convolutions `producer` and `following`; `loader` gives
batches of inputs; `state` is the state dict. `torch.optim.swa_utils.update_bn` resets the running statistics and
averages over the batches.
"""

BEYOND_ONE_FILE = """\
## What one file cannot show

| state | why not | what shows it |
|:---|:---|:---|
| frozen weights, drifting statistics | each state alone is sound | `bncli diff BEFORE AFTER` (BN701) |
| momentum 0 in a trained layer | statistics stand still between two files, not in one; only whole modules hold \
the momentum (BN601) | `bncli diff BEFORE AFTER` (BN702) |
| ranks whose statistics disagree | each rank's file is consistent | `bncli diff RANK0 RANK1` (BN704) |
| statistics of another data set, or of class-sorted batches | they are good statistics of what was seen | \
`bncli check FILE --recording RECORDING` (BN401, BN403) |
| batches too small for good statistics | the noise is that of the batches, which are not stored | \
`bncli check FILE --recording RECORDING` (BN402) |
| a bias before the layer that has no effect | which layer feeds which is not in a file of arrays | an ONNX export \
(BN508), or the model's code |
| Caffe's undivided blobs, MXNet's `fix_gamma` | the numbers look like others | the framework's own reader |
"""


def rules_page() -> str:
    """Return the page: an introduction, the list, and everything about each rule."""
    listing = markdown.render(Document("rules", rule_list(EXPLANATIONS).blocks[:1]), Surface())
    return "\n".join([INTRODUCTION, listing, *map(_section, EXPLANATIONS), BEYOND_ONE_FILE])


def _section(rule: Explanation) -> str:
    facts, *blocks = rule_blocks(rule)
    if isinstance(facts, KeyValues):
        facts = replace(facts, title="")  # the heading above says it
    return f"## {rule.code} {rule.name}\n\n" + markdown.render(Document("rules", (facts, *blocks)), Surface())


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(rules_page(), encoding="utf-8")
