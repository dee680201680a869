"""`meantime measure`: the values of periods by a measure document, from what a server has recorded."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from cli.access import Access, find_access
from cli.backtest_report import span
from cli.document_files import read_mapping
from cli.errors import OptionError
from cli.graphql import GatewayRefusalError, open_gateway_client
from cli.measuring import Measured, MeasuredPeriod, PeriodQuestion, measure
from cli.results import Format
from cli.runtime import DATA_DIRECTORY

__all__ = ["app", "measure_periods"]

MAX_DIGITS = 20
VARIABLE = re.compile(r"(?s)Variable '\$(?P<name>\w+)(?P<path>)' has invalid value: (?P<reason>.*)")
FIELD = re.compile(
    r"(?s)(?P<name>measure|period|rollingDays|start|end|unit|zone|firstDay|by|where)"
    r"(?:\.(?P<path>[\w.]+))?: (?P<reason>.*)"
)
UPPER = re.compile(r"(?=[A-Z])")
NOT_SHARES = frozenset({"mean", "percentile", "ratio", "nps"})

app = typer.Typer(add_completion=False)


class Unit(StrEnum):
    """The civil periods of a zone."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@app.command()
def measure_periods(
    *,
    document: Annotated[
        Path, typer.Option("--file", "-f", help="A measure document, YAML or JSON.", show_default=False)
    ],
    period: Annotated[
        str | None, typer.Option(help="Its label: 2026, 2026-Q1, 2026-03, 2026-W11, 2026-03-14.")
    ] = None,
    rolling_days: Annotated[int | None, typer.Option(help="That many days up to --end.")] = None,
    start: Annotated[str | None, typer.Option(help="[--start, --end), RFC 3339; by --unit: a trend.")] = None,
    end: Annotated[str | None, typer.Option(help="The end, RFC 3339; else it is now.")] = None,
    unit: Annotated[Unit | None, typer.Option(help="Each such period; alone: the present one.")] = None,
    zone: Annotated[str, typer.Option(help="Whose months and days these are.")] = "Etc/UTC",
    first_day: Annotated[int, typer.Option(help="Of the month, for billing cycles.")] = 1,
    by: Annotated[
        str | None, typer.Option(help="Parts: policy, metric, target or subject.<attribute>.")
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option(help="Only Subjects of that attribute: NAME=VALUE; repeatable.")
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print the result.")] = Format.TABLE,
    url: Annotated[str | None, typer.Option(help="The gateway's GraphQL.", show_default=False)] = None,
    token: Annotated[str | None, typer.Option(help="An API key with the scope read.")] = None,
    data: Annotated[Path, typer.Option(help="The data directory of `meantime up`.")] = DATA_DIRECTORY,
) -> None:
    """Measure periods by a document, as services/clocks/README.md lists: `{kind: csat}`, or an attainment."""
    question = PeriodQuestion(
        measure=read_mapping(document),
        period=period,
        rolling_days=rolling_days,
        start=start,
        end=end,
        unit=None if unit is None else unit.name,
        zone=zone,
        first_day=first_day,
        by=by,
        where=[attribute(each) for each in where or ()],
    )
    access = find_access(tenant=None, url=url, token=token, data=data, environ=os.environ)
    report(question, asyncio.run(ask(access, question, document)), output)


def attribute(argument: str) -> Mapping[str, str]:
    """Read `NAME=VALUE`. Raises OptionError."""
    name, separator, value = argument.partition("=")
    if not separator:
        raise OptionError("--where: NAME=VALUE is needed", field="--where")
    return {"name": name, "value": value}


async def ask(access: Access, question: PeriodQuestion, document: Path) -> tuple[MeasuredPeriod, ...]:
    """Ask the gateway. Raises GatewayRefusalError, that names options and places of the document."""
    async with open_gateway_client(access) as client:
        try:
            return await measure(client, question)
        except GatewayRefusalError as error:
            raise in_options(error, document) from None


def in_options(error: GatewayRefusalError, document: Path) -> GatewayRefusalError:
    """Say a refusal in the words of this command: --rolling-days for rollingDays, the file for `measure`."""
    said = VARIABLE.fullmatch(str(error)) or FIELD.fullmatch(str(error))
    if said is None:
        return error
    name = said["name"]
    if name == "measure":
        field = f"{document}: {said['path']}" if said["path"] else str(document)
    else:
        field = f"--{UPPER.sub('-', name).lower()}"
    return GatewayRefusalError(f"{field}: {said['reason']}", code=error.code, kind=error.kind, field=field)


def report(question: PeriodQuestion, periods: Iterable[MeasuredPeriod], output: Format) -> None:
    """Print the values: a line of JSON a period, or a table with a row for it and each of its parts."""
    if output is Format.JSON:
        sys.stdout.buffer.writelines(msgspec.json.encode(each) + b"\n" for each in periods)
        return
    table = Table(title=str(question.measure.get("kind", "")))
    for name in ("Period", *([question.by] if question.by else [])):
        table.add_column(name, no_wrap=True)
    for name in ("Value", "Numerator", "Denominator", "Samples"):
        table.add_column(name, justify="right")
    for each in periods:
        for label, part in rows(each):
            names = (each.label, label) if question.by else (each.label,)
            table.add_row(*names, value(question.measure, part), *figures(part), f"{part.samples:,}")
        if each.unusable:
            typer.echo(f"{each.label}: {each.unusable:,} events say nothing that can be measured", err=True)
    Console(file=sys.stdout).print(table)


def rows(period: MeasuredPeriod) -> Iterator[tuple[str, Measured]]:
    """List a period as a whole, and its parts."""
    yield "(all)", period
    for part in period.parts:
        yield part.name if part.name is not None else "(none)", part


def value(document: Mapping[str, Any], measured: Measured) -> str:
    """Show a value: a share as a percentage, a time in hours and minutes, both cut off; else a number."""
    if measured.decimal is None:
        return "no data"
    kind = document["kind"]
    if kind not in NOT_SHARES:
        hundredths = int(measured.decimal.replace(".", "")) // 10**5
        return f"{hundredths // 100}.{hundredths % 100:02d} %"
    if kind in {"mean", "percentile"} and document["of"]["kind"] != "numbers":
        return span(int(measured.decimal.partition(".")[0]))
    return measured.decimal


def figures(measured: Measured) -> Iterator[str]:
    """Show both whole numbers; a mean of rates has some with thousands of digits."""
    for number in (measured.numerator, measured.denominator):
        yield number if len(number) <= MAX_DIGITS else f"({len(number):,} digits)"
