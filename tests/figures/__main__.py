"""`python -m tests.figures [ADDRESS]` compares what pages of a running demo show with the database.

The SQL is written for it and shares nothing with the product's queries. Exit status 1 where a
figure differs, or where no page shows it.
"""

import argparse
import sys
from itertools import chain
from pathlib import Path

import psycopg

import embedded
from alerts.demo.cast import PASSWORD
from portal.runtime import env
from tests.figures import desk, plant, rules
from tests.figures.figure import Figure, compare
from tests.figures.pages import Reader

FIGURES: tuple[Figure, ...] = (
    *desk.QUEUE,
    *desk.HOMES,
    *desk.QUESTIONS,
    *desk.ANSWERS,
    *plant.PLANT,
    *plant.INSTALLATION,
    *rules.PLAN,
    *rules.RULES,
)


def main() -> int:
    """Compare all figures and print a line each."""
    parser = argparse.ArgumentParser(prog="make figures", description=__doc__)
    parser.add_argument("address", nargs="?", default="http://localhost:8000", help="of the demo")
    address = parser.parse_args().address.rstrip("/")
    # Before its servers: they would be started where no demo runs.
    readers = {"mia": Reader(address, "mia", PASSWORD)}
    home = Path(__file__).resolve().parents[2] / ".data"
    database = embedded.start(Path(env.text("DATA_DIR", str(home)))).database_url
    compared = wrong = 0
    with psycopg.connect(database, autocommit=True) as connection:
        found = (figures_of(connection) for figures_of in rules.FOUND)
        figures = [*FIGURES, *chain.from_iterable(found)]
        for figure in figures:
            reader = readers.get(figure.who)
            if reader is None:
                reader = readers[figure.who] = Reader(address, figure.who, PASSWORD)
            try:
                n, lines = compare(figure, reader, connection)
            except (AssertionError, psycopg.Error) as trouble:
                n, lines = 0, [str(trouble)]
            compared += n
            if lines or not n:
                wrong += 1
            outcome = "WRONG " if lines else "ok    " if n else "absent"
            print(f"{outcome} {figure.name} ({n})")
            for line in lines:
                print(f"       {figure.who} {figure.address}: {line}")
    print(f"{compared} numbers of {len(figures)} figures compared; {wrong} figures disagree.")
    return 1 if wrong else 0


sys.exit(main())
