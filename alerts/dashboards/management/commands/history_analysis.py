"""`history_analysis [--days N] [--alerts|--types|--patterns FILE]`: what history shows."""

import csv
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from alerts.dashboards.queries.history_analysis import (
    ALERT_COLUMNS,
    alert_rows,
    analyse_history,
)
from portal import clock
from portal.command import TagoutCommand
from portal.formats.csv_files import csv_bytes

MAX_DAYS = 3_650
_PIECE = 5_000


class Command(TagoutCommand):
    """Analyse all alerts of a period, and write them and what was found as tables."""

    help = "Analyse all alerts of the latest days: types, harmless patterns, proposed severities."

    def add_arguments(self, parser: CommandParser) -> None:
        """The period, and where tables go."""
        parser.add_argument("--days", default="90", help="how many days until now")
        for table in ("alerts", "types", "patterns"):
            parser.add_argument(
                f"--{table}", default="", help=f"write the {table} to this CSV file"
            )

    def run(self, **options: Any) -> dict[str, object]:
        """Analyse; write the tables that were asked for."""
        days = options["days"]
        if not (days.isascii() and days.isdecimal() and 0 < int(days[:6]) <= MAX_DAYS):
            raise CommandError(f"--days is a number from 1 to {MAX_DAYS}.")
        until = clock.now()
        since = until - timedelta(days=int(days))
        analysis = analyse_history(None, since=since, until=until)
        result = analysis.as_json()
        for table in ("types", "patterns"):
            if options[table]:
                lines = result[table]
                columns = list(lines[0]) if lines else ["alert_type"]
                _write(options[table], columns, (list(line.values()) for line in lines))
        if options["alerts"]:
            _write(options["alerts"], ALERT_COLUMNS, alert_rows(None, since=since, until=until))
        return {"since": since, "until": until, **result}

    def show(self, result: Any) -> None:
        """The totals, then every proposal."""
        super().show({name: result[name] for name in ("alerts", "incidents", "verdicts")})
        for line in result["types"]:
            if line["proposed"] != line["severity"]:
                self.stdout.write(
                    f"{line['alert_type']}: {line['severity']} → {line['proposed']} ({line['why']})"
                )


def _write(file: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table a piece at a time, so that its size costs no memory."""
    lines = iter(rows)
    try:
        with Path(file).open("wb") as out:
            out.write(csv_bytes(columns, islice(lines, _PIECE)))
            while piece := list(islice(lines, _PIECE)):
                out.write(csv_bytes(columns, piece).partition(b"\r\n")[2])
    except (OSError, csv.Error) as error:
        raise CommandError(f"{file} cannot be written: {error}.") from error
