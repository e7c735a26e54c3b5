"""Each list page needs so many queries and no more, however many rows it shows."""

import tomllib
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alerts.incidents.ingest.groups import regroup
from alerts.intake.models import Cursor
from alerts.patterns.services.mine_patterns import mine_patterns
from alerts.reviews.services.questions import ask_ot
from alerts.reviews.services.verdicts import give_verdict
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.alerts.suppression.past import judge, routine
from tests.alerts.suppression.samples import DOWNLOADS
from tests.architecture.tree import HOME
from tests.conftest import NOON, add_person
from tests.factories import lessons
from tests.factories.automation import make_found_rule, make_made_rule, make_playbook, make_run
from tests.factories.incidents import make_alert, make_incident, make_site, make_workspace
from tests.factories.lessons import make_draft, make_lessons, publish_modules
from tests.factories.planned import make_planned_work
from tests.factories.rule_rows import make_entry, make_version, make_wanted
from training.catalog.models import Draft

BUDGETS = tomllib.loads((HOME / "tests" / "query_budgets.toml").read_text())["page"]
FEW, MANY = 2, 9

pytestmark = pytest.mark.django_db


def test_list_pages_keep_their_budgets_however_many_rows_they_show(noon):
    place = make_place()
    people = add_people(place[0])
    faults = {}
    for n, name in ((FEW, "queries_of_few"), (MANY, "queries")):
        fill(*place, people, n)
        for page in BUDGETS:
            asked = queries_of(people[page["person"]], page["path"])
            if len(asked) != page.get(name, page["queries"]):
                faults[page["path"], page["person"], name] = (len(asked), asked)
    assert faults == {}, "\n".join(map(describe, faults.items()))


def describe(fault):
    (path, person, name), (n, asked) = fault
    return "\n  ".join((f"{path} of {person} needs {n} {name}:", *asked))


def make_place():
    """A site and a workspace that was read in full."""
    site, workspace = make_site(), make_workspace(added_at=NOON - timedelta(days=30))
    publish_modules()
    Cursor.objects.create(workspace=workspace, fresh_at=NOON, backfilled_until=NOON)
    return site, workspace


def add_people(site):
    """Who opens pages, by their names in the file."""
    everything = (GrantScope.ALL, None)
    return {
        "oda": add_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid)),
        "sam": add_person(cast.SAM, (Role.SOC_ANALYST, *everything)),
        "leo": add_person(cast.LEO, (Role.SOC_LEAD, *everything)),
        "mia": add_person(cast.MIA, (Role.MANAGER, *everything)),
        "ada": add_person(cast.ADA, (Role.ADMINISTRATOR, *everything)),
        "tom": add_person(
            cast.Person("tom@demo.example", "Tom Berg"), (Role.TRAINING_MANAGER, *everything)
        ),
    }


def fill(site, workspace, people, n):
    """So many rows of each kind: untouched, owned by Leo, waiting for OT, answered by Oda."""
    for number in range(n):
        rows = []
        for kind in ("new", "mine", "waiting", "answered"):
            mine = {"owner_id": cast.LEO.email, "owner_name": cast.LEO.name}
            row = make_incident(
                workspace,
                site_ids=[site.pk],
                place=site.name,
                pattern=uuid.uuid4(),
                source=f"ENG-{number}",
                destination=f"PLC-{kind}-{number}",
                **(mine if kind == "mine" else {}),
            )
            make_alert(row, site=site)
            rows.append(row)
        regroup([row.pk for row in rows], now=NOON)
        for row in rows[2:]:
            asked = ask_ot(
                incident_ids=[row.pk],
                site_id=site.pk,
                question="Yours?",
                by=people["leo"],
                now=NOON - timedelta(hours=1),
            )
        give_verdict(
            by=people["oda"],
            key=uuid.uuid4(),
            verdict="routine",
            cause="other",
            question_id=asked.pk,
            now=NOON - timedelta(minutes=5),
        )
        fill_rules(site, workspace, people)
    fill_patterns(site, workspace, people, n)
    for _number in range(n):
        make_planned_work(site, by=people["oda"])
    for number in range(n):
        make_incident(workspace, site_ids=[make_site(f"Site {n}-{number}").pk])
    make_lessons(n)
    fill_drafts(people["tom"], n)
    for number in range(n):
        role = (Role.MANAGER, GrantScope.SITE, site.uuid)
        add_person(cast.Person(f"{n}-{number}@demo.example", "Somebody"), role)


def fill_drafts(author, n):
    """So many new lessons of a module, and so many new modules; of another module one text."""
    for _number in range(n):
        name = uuid.uuid4().hex[:8]
        make_draft("first-module", f"02-{name}.md", author)
        make_draft(f"new-{name}", "module.yaml", author)
        make_draft("paths", f"{name}.yaml", author)
    if not Draft.objects.filter(module_slug="second-module").exists():
        cards = lessons.CARDS.replace("stops.[", "halts.[")
        make_draft("second-module", "cards.md", author, cards)


def fill_rules(site, workspace, people):
    """One rule that closed something, and one that waits for a signature."""
    here = {"ot": people["oda"], "soc": people["leo"], "workspace": workspace, "site": site}
    live = make_version("live", of=DOWNLOADS, **here)
    make_entry(live, workspace=workspace, site=site)
    make_wanted(live, workspace=workspace)
    playbook = make_playbook(workspace, f"isolate-{live.pk}")
    make_run(playbook, make_incident(workspace, site_ids=[site.pk]))
    make_found_rule(workspace, f"rule-{live.pk}")
    make_made_rule(workspace, make_incident(workspace), by=people["leo"])
    make_version("proposed", of=DOWNLOADS, **here)


def fill_patterns(site, workspace, people, n):
    """So many candidates, each judged, with history enough."""
    for number in range(n):
        days = routine(workspace, site, days=15, source=f"STATION-{number}")
        for incident in days[:5]:
            judge([incident], people["oda"])
    mine_patterns(now=NOON)


def queries_of(person, path):
    """Open the page as this person, and leave nothing of the visit behind."""
    with transaction.atomic():
        client = Client()
        client.force_login(person)
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(path, headers={"HX-Request": "true"})  # the list without its frame
        transaction.set_rollback(True)
    assert answer.status_code == 200, path
    return [query["sql"][:160] for query in asked.captured_queries]
