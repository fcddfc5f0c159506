"""The commands of `zdscan` about single points, limit curves, cases and constraints, beside `zdscan.cli`.

They are as light to import as it is: everything heavy is imported inside the command that needs it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from zdscan.evaluation.settings import SETTINGS


def point(
    case: Annotated[str, typer.Option(help="Case: A, B, C, a name of `zdscan cases`, or a file ./mine.toml.")],
    mass: Annotated[float, typer.Option(help="Mass of the Z_D in GeV.")],
    parameters: Annotated[
        list[str] | None, typer.Option("-p", "--parameter", metavar="NAME=VALUE", help="A parameter of the case.")
    ] = None,
    eps: Annotated[float | None, typer.Option(help="Kinetic mixing, as -p eps=.")] = None,
    eps_z: Annotated[float | None, typer.Option(help="Mass mixing, as -p eps_z=.")] = None,
    g_mu: Annotated[float | None, typer.Option(help="Direct vector coupling to the muon, as -p g_mu=.")] = None,
    wilson: Annotated[
        str | None,
        typer.Option(metavar="Q2,...", help="Print Wilson coefficients at these q2 (GeV2) as JSON for flavio or EOS."),
    ] = None,
    hadron: Annotated[str, typer.Option(help="What b -> s l l makes, for --wilson: K, K* or phi.")] = "K",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    **settings: Any,
) -> None:
    """Evaluate one point: couplings, widths, the rows, chi2 and every constraint."""
    from zdscan.physics.cases import named_case
    from zdscan.point import evaluate
    from zdscan.terminal.coefficients import coefficients_at
    from zdscan.terminal.limits import parameters as typed

    named = {"eps": eps, "eps_z": eps_z, "g_mu": g_mu}
    given = [f"{name}={value!r}" for name, value in named.items() if value is not None]
    chosen = named_case(case)
    values = typed([*(parameters or ()), *given], chosen.parameters.used)
    evaluated = evaluate(chosen, mass, *(values.get(name, 0.0) for name in chosen.parameters.used), **settings)
    coefficients = None if wilson is None else coefficients_at(evaluated, wilson, hadron)
    if coefficients is not None and not as_json:
        print(json.dumps(coefficients, indent=2))
        return
    result = evaluated.to_dict() | ({} if coefficients is None else {"wilson": coefficients})
    if as_json:
        print(json.dumps(result, indent=2))
    else:
        from zdscan.terminal import report

        report.show_point(result, evaluated.physics.case.name, evaluated.physics.model.emission)


def limits(
    case: Annotated[str, typer.Option(help="Case, as for `zdscan point`.")],
    along: Annotated[str, typer.Option(help="Parameter whose limits are wanted.")],
    mass: Annotated[
        str, typer.Option(metavar="LOW:HIGH:N", help="Masses in GeV, evenly in the logarithm, or numbers with commas.")
    ] = "0.01:2:200",
    parameters: Annotated[
        list[str] | None, typer.Option("-p", "--parameter", metavar="NAME=VALUE", help="Another parameter's value.")
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting, with its key in a scan file.")
    ] = None,
    negative: Annotated[bool, typer.Option("--negative", help="Follow the parameter to negative values.")] = False,
    csv: Annotated[Path | None, typer.Option(metavar="LIMITS.csv", help="Write every interval as a table.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Draw the curves: PNG, PDF or SVG.")] = None,
    labels: Annotated[
        int, typer.Option("--strongest", "--labels", min=0, help="How many constraints have a name in the picture.")
    ] = 12,
    unit: Annotated[str, typer.Option(help="Of the mass in the picture: GeV or MeV.")] = "GeV",
    heading: Annotated[bool, typer.Option("--heading/--no-heading", help="A line above the picture.")] = True,
    size: Annotated[
        str | None, typer.Option(metavar="W,H", help="one-column, two-column, or width and height in inches.")
    ] = None,
    x_range: Annotated[str | None, typer.Option(metavar="LOW,HIGH", help="Show these masses (GeV).")] = None,
    y_range: Annotated[str | None, typer.Option(metavar="LOW,HIGH", help="Show these sizes of the parameter.")] = None,
    style: Annotated[str | None, typer.Option(help="Letters and ticks of an experiment (needs mplhep).")] = None,
    **settings: Any,
) -> None:
    """Find the limit of every constraint on one parameter at each mass, both edges of closed regions included."""
    from zdscan.edges.limits import limits as find_limits
    from zdscan.terminal import limits as typed

    settings |= typed.settings(overrides or ())
    held = typed.parameters(parameters or ())
    masses = typed.masses(mass)
    if output:
        from zdscan.analysis.pictures.limits import check, draw
        from zdscan.analysis.pictures.sheet import Options
        from zdscan.analysis.pictures.typed import parse_range, parse_size

        options = Options(
            unit,
            strongest=labels,
            heading=heading,
            size=None if size is None else parse_size(size),
            x_range=None if x_range is None else parse_range(x_range, "--x-range"),
            y_range=None if y_range is None else parse_range(y_range, "--y-range"),
            style=style,
        )
        check(masses, output, options)
    curves = find_limits(case, along, masses, parameters=held, negative=negative, **settings)
    typed.show_limits(curves)
    if csv:
        curves.write_csv(csv)
    said = []
    if output:
        said = draw(curves, output, options)
    for path in filter(None, (csv, output)):
        print(f"wrote {path}")
    for sentence in said:
        print(sentence)


def cases(
    name: Annotated[str | None, typer.Argument(metavar="[CASE]", help="One case in full: a name or a file.")] = None,
) -> None:
    """List the cases: built-in ones with their coupling matrices, models with parameters, anomalies, conservation."""
    from zdscan.physics import models
    from zdscan.physics.cases import CASES, named_case
    from zdscan.terminal.cases import show_case, show_cases

    if name is None:
        show_cases(CASES, models.available())
    else:
        show_case(name, named_case(name))


def constraints(
    limits: Annotated[str, typer.Option(help="The set of limits, as in a scan file.")] = SETTINGS["limits"].default,
) -> None:
    """List the constraints with what they limit, where they apply and the limit's source."""
    from zdscan.constraints import available, select
    from zdscan.terminal import report

    report.show_constraints(select(available(), limits=limits))
