"""`python -m tests.figures [ADDRESS]` compares what pages of a running demo show with the database,
and what its API answers with the description.

The SQL is written for it and shares nothing with the product's queries. Exit status 1 where a
figure differs or no page shows it, and where an answer does not fit.
"""

import argparse
import subprocess
import sys
from collections import Counter
from itertools import chain
from pathlib import Path

import psycopg

import embedded
from alerts.demo.cast import PASSWORD
from portal.runtime import env
from tests.architecture.tree import HOME
from tests.figures import desk, effect, plant, rules
from tests.figures.answers import Answers
from tests.figures.figure import Figure, compare
from tests.figures.pages import Reader

PEOPLE = ("oda", "olaf", "leo", "sam", "mia", "ada", "tom", "pia", "ines")
FIGURES: tuple[Figure, ...] = (
    *desk.QUEUE,
    *desk.HOMES,
    *desk.QUESTIONS,
    *desk.ANSWERS,
    *plant.PLANT,
    *plant.INSTALLATION,
    *rules.PLAN,
    *rules.RULES,
    *effect.EFFECT,
)


def main() -> int:
    """Compare all figures and print a line each."""
    parser = argparse.ArgumentParser(prog="make figures", description=__doc__)
    parser.add_argument("address", nargs="?", default="http://localhost:8000", help="of the demo")
    address = parser.parse_args().address.rstrip("/")

    def reader_of(name: str) -> Reader:
        return Reader(address, name, PASSWORD)

    # Before its servers: they would be started where no demo runs.
    readers = {"mia": reader_of("mia")}
    database = embedded.start(Path(env.text("DATA_DIR", str(HOME / ".data")))).database_url
    # Patterns are as of their mining, which may have overtaken the reading of details.
    mine = [sys.executable, "manage.py", "patterns", "mine"]
    subprocess.run(mine, cwd=HOME, stdout=subprocess.DEVNULL, check=True)
    compared = wrong = 0
    with psycopg.connect(database, autocommit=True) as connection:
        found = (figures_of(connection) for figures_of in rules.FOUND)
        figures = [*FIGURES, *chain.from_iterable(found)]
        for figure in figures:
            reader = readers.get(figure.who)
            if reader is None:
                reader = readers[figure.who] = reader_of(figure.who)
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
    misfits = check_answers({name: readers.get(name) or reader_of(name) for name in PEOPLE})
    return 1 if wrong or misfits else 0


def check_answers(readers: dict[str, Reader]) -> int:
    """Print what answers of the API do not fit their description; return how many kinds."""
    misfits: Counter[str] = Counter()
    read: set[str] = set()
    count = 0
    for reader in readers.values():
        answers = Answers(reader)
        answers.read_all()
        count, read = count + answers.count, read | answers.read
        misfits += answers.misfits
    for line, times in sorted(misfits.items()):
        print(f"MISFIT {line} ({times} times)")
    people = f"{len(readers)} people"
    print(f"{count} answers of {len(read)} operations to {people} read; {len(misfits)} misfits.")
    return len(misfits)


sys.exit(main())
