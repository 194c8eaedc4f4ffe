"""The command `bncli rule`."""

from typing import Annotated

import typer

from bncli.cli import options
from bncli.cli.command import Command
from bncli.cli.output import OutputOptions, emit

EXAMPLES = (
    "bncli rule",
    "bncli rule BN301",
    "bncli rule never-updated --format markdown",
)


def rule(
    code: Annotated[
        str | None, typer.Argument(metavar="[CODE]", help="Code or name of a rule, or of a verdict that has a code.")
    ] = None,
    *,
    output_format: options.Format = None,
    output: options.Output = None,
    force: options.Force = False,
    color: options.Color = "auto",
) -> None:
    """Explain a rule of check or a verdict of diff.

    Says what it means, why it matters and what to do; without a code all are listed.
    """
    from bncli.reports.rule_pages import rule_list, rule_page
    from bncli.rules.catalogue import EXPLANATIONS
    from bncli.rules.selection import find_rule

    destination = OutputOptions(output_format, output, force, color)
    emit(rule_list(EXPLANATIONS) if code is None else rule_page(find_rule(EXPLANATIONS, code)), destination)


COMMAND = Command(rule, EXAMPLES)
