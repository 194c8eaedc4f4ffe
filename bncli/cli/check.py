"""The command `bncli check`."""

from pathlib import Path
from typing import Annotated

import typer

from bncli.cli import options
from bncli.cli.command import Command

EXAMPLES = (
    "bncli check samples/digits.pt",
    "bncli check samples/digits.pt samples/digits_ema.pt --fail-on warning --ignore BN203",
    "bncli check samples/digits.pt --select BN3 --target fp16 --format json",
)
EXIT_FINDINGS = 1


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Checkpoints.")],
    *,
    select: Annotated[
        list[str] | None, typer.Option("--select", metavar="CODE", help="Only these rules: BN301, BN3 or dead-input.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", metavar="CODE", help="Not these rules.")] = None,
    target: Annotated[
        list[str] | None, typer.Option("--target", metavar="NAME", help="Add the rules for fp16 or int8.")
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on", metavar="SEVERITY", help="Exit with 1 on error, warning, info or never. [default: error]"
        ),
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", metavar="FILE", help="Leave out the findings of this baseline.")
    ] = None,
    write_baseline: Annotated[
        Path | None, typer.Option("--write-baseline", metavar="FILE", help="Accept all findings: write a baseline.")
    ] = None,
    recording: Annotated[
        Path | None,
        typer.Option("--recording", metavar="RUN", help="Add the rules about data: batches that bncli record wrote."),
    ] = None,
    layer: options.Layers = None,
    sort: options.Sort = None,
    top: options.Top = None,
    where: options.LayersWhere = None,
    columns: options.Columns = None,
    eps: options.Eps = None,
    momentum: options.Momentum = None,
    output_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            metavar="NAME",
            help="table, json, csv, markdown, html, github or sarif. [default: table]",
        ),
    ] = None,
    output: options.Output = None,
    force: options.Force = False,
    color: options.Color = "auto",
) -> None:
    """Find what is wrong with batch-normalization layers.

    Says of each checkpoint which layers and channels, why, and what to do.
    """
    from bncli.analysis.channel_filter import ChannelFilter
    from bncli.atomic_file import check_writable
    from bncli.cli.arrangement_options import arrangement, shows_columns_help
    from bncli.cli.baseline_file import write_baseline as write
    from bncli.cli.check_run import accepting, check_files
    from bncli.cli.check_settings import GivenOptions, check_settings
    from bncli.cli.given_settings import given_settings
    from bncli.cli.kept_inputs import require_apart, require_two_files
    from bncli.cli.output import OutputOptions, emit
    from bncli.cli.project_settings import project_settings
    from bncli.cli.step_summary import add_to_step_summary
    from bncli.errors import BncliError
    from bncli.reports.arrangement import columns_document
    from bncli.reports.finding_fields import ALL_FIELDS
    from bncli.reports.findings import findings_document
    from bncli.rules.baseline import baseline_of

    project = project_settings(Path.cwd())
    inputs = (*files, recording, baseline or project.baseline, project.path)
    destination = OutputOptions(output_format, output, force, color, kind="check", inputs=inputs)
    if shows_columns_help(columns):
        emit(columns_document(ALL_FIELDS), destination)
        return
    order = arrangement(sort, top, columns, ALL_FIELDS)
    if write_baseline is not None:
        require_apart("--write-baseline", write_baseline, (*files, recording))
        require_two_files("--write-baseline", write_baseline, "--output", output)
        check_writable(write_baseline, force=force)
    given = GivenOptions(select or (), ignore or (), target or (), fail_on, baseline)
    settings = check_settings(given, project)
    condition = ChannelFilter.parse_all(where or ())
    found = check_files(files, settings, given_settings(eps, momentum), layer or (), condition, recording)
    if write_baseline is not None:
        write(write_baseline, baseline_of(found.findings), force=force)
    outcome = accepting(found, settings.baseline)
    document = findings_document(outcome, order, lists_all=bool(select))
    emit(document, destination)
    if output_format == "github":
        add_to_step_summary(document)
    if outcome.unreadable:
        raise typer.Exit(BncliError.exit_code)
    if write_baseline is None and settings.fails(outcome.findings):
        raise typer.Exit(EXIT_FINDINGS)


COMMAND = Command(check, EXAMPLES)
