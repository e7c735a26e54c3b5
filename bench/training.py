"""Pages of training over many answers: the learner's, the team's, the authors'.

Run: `python -m bench.training [--answers N]`; 500 people answer the curriculum that ships.
"""

import argparse
import json
import os
import sys
import time
from typing import Any

from bench.report import Line, show
from bench.setup import own_database
from bench.web import cpu_of

PEOPLE = 500
TURNS = 40
LIMIT = 300  # ms
_ANSWERS = """
INSERT INTO progress_attempt
       (learner_id, version_id, number, answer, is_correct, is_first_right, answered_at)
SELECT learner, version, number, CASE WHEN is_right THEN right_one ELSE wrong_one END, is_right,
       is_right AND count(*) FILTER (WHERE is_right) OVER (
           PARTITION BY learner, version ORDER BY number) = 1,
       now() - interval '300 days' + (number * 30 + random() * 20) * interval '1 day'
  FROM (SELECT u.id AS learner, v.id AS version, number, v.right_one, v.wrong_one,
               random() < 0.4 + 0.05 * number AS is_right
          FROM accounts_user u,
               jsonb_to_recordset(%(versions)s) AS v (id bigint, right_one jsonb, wrong_one jsonb),
               generate_series(1, %(tries)s) AS number) AS made
 ORDER BY number, random()
"""


def store(answers: int) -> int:
    """Import the curriculum, add people and their answers; return how many answers there are."""
    from django.core.management import call_command
    from django.db import connection, transaction

    from portal.accounts.models import Grant, GrantScope, Role, User
    from training.catalog.models import QuestionVersion

    call_command("training", "import", verbosity=0)
    people = User.objects.bulk_create(
        User(email=f"learner{at}@bench.example", name=f"Learner {at}") for at in range(PEOPLE)
    )
    roles = [Role.SOC_ANALYST] * (PEOPLE - 2) + [Role.MANAGER, Role.TRAINING_MANAGER]
    grants = [
        Grant(user=person, role=role, scope=GrantScope.ALL, granted_at="2026-01-01T00:00:00Z")
        for person, role in zip(people, roles, strict=True)
    ]
    Grant.objects.bulk_create(grants)
    versions = [_answers_to(version) for version in QuestionVersion.objects.all()]
    tries = max(1, round(answers / PEOPLE / len(versions)))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(_ANSWERS, {"versions": json.dumps(versions), "tries": tries})
        stored = cursor.rowcount
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM (ANALYZE)")  # as autovacuum does within a minute, but not meanwhile
        cursor.execute("RESET statement_timeout")
    return int(stored)


def _answers_to(version: Any) -> dict[str, Any]:
    """Return a right and a wrong answer to a question, as they are stored."""
    question = version.content
    right: dict[str, Any]
    wrong: dict[str, Any]
    if question.pairs or question.items:
        places = list(range(len(question.pairs or question.items)))
        right, wrong = {"places": places}, {"places": places[1:] + places[:1]}
    elif question.accepted:
        right, wrong = {"text": question.accepted[0]}, {"text": "0"}
    else:
        chosen = [at for at, option in enumerate(question.options) if option.is_correct]
        others = [at for at, option in enumerate(question.options) if not option.is_correct]
        right, wrong = {"chosen": chosen}, {"chosen": others[:1]}
    return {"id": version.pk, "right_one": right, "wrong_one": wrong}


def measure(answers: int) -> list[Line]:
    """Return a line for each page: p95 in ms, and beside it what page and database computed: on a
    busy machine the first is how long the page waited, the second what it costs.
    """
    from django.db import connection
    from django.test import Client

    from portal.accounts.models import User

    pages = {
        "training, learner's home": ("/training/", 0),
        "training, due again": ("/training/due/", 0),
        "training, own record": ("/training/record/", 0),
        "training, team totals": ("/team-progress/", PEOPLE - 2),
        "training, question figures": ("/lesson-notes/figures/", PEOPLE - 1),
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    report_lines = []
    for name, (address, at) in pages.items():
        client = Client(headers={"host": "localhost"})
        client.force_login(User.objects.get(email=f"learner{at}@bench.example"))
        spent: list[float] = []
        cpu = 0.0
        for turn in range(TURNS + 3):
            if turn == 3:
                cpu = cpu_of(os.getpid()) + cpu_of(backend)
            began = time.perf_counter()
            answer = client.get(address)
            if answer.status_code != 200:
                raise SystemExit(f"{address} answered {answer.status_code}.")
            if turn >= 3:
                spent.append((time.perf_counter() - began) * 1000)
        cpu = (cpu_of(os.getpid()) + cpu_of(backend) - cpu) / TURNS * 1000
        p95 = sorted(spent)[int(TURNS * 0.95) - 1]
        report_lines.append(
            Line(f"{name}, p95", f"{answers:,}", f"{p95:.0f} ms", f"CPU {cpu:.0f} ms", p95, LIMIT)
        )
    return report_lines


def main() -> int:
    """Store answers, ask for pages, print; 1 when a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.training", description=__doc__)
    parser.add_argument("--answers", type=int, default=1_000_000)
    options = parser.parse_args()
    with own_database():
        from django.core.management import call_command

        call_command("collectstatic", interactive=False, verbosity=0)
        report_lines = measure(store(options.answers))
    return 0 if show(report_lines) else 1


if __name__ == "__main__":
    sys.exit(main())
