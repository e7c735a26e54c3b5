"""Each list page needs so many queries and no more, however many rows it shows."""

import tomllib
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.incidents.services.groups import regroup
from alerts.intake.models import Cursor
from alerts.patterns.services.mine import mine_patterns
from alerts.reviews.services import ask_ot, give_verdict
from portal.accounts.models import Role, ScopeKind
from tests import cast
from tests.alerts.suppression.past import judge, routine
from tests.alerts.suppression.samples import DOWNLOADS
from tests.architecture.tree import HOME
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_incident, make_site, make_workspace
from tests.factories.rule_rows import make_entry, make_version, make_wanted

BUDGETS = tomllib.loads((HOME / "tests" / "query_budgets.toml").read_text())["page"]
FEW, MANY = 2, 9

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def people(make_person):
    """Who opens pages, by their names in the file."""
    site, workspace = make_site(), make_workspace(added_at=NOON - timedelta(days=30))
    Cursor.objects.create(workspace=workspace, fresh_at=NOON, backfilled_until=NOON)
    everything = (ScopeKind.ALL, None)
    return site, workspace, {
        "oda": make_person(cast.ODA, (Role.OT_ENGINEER, ScopeKind.SITE, site.uuid)),
        "sam": make_person(cast.SAM, (Role.SOC_ANALYST, *everything)),
        "leo": make_person(cast.LEO, (Role.SOC_LEAD, *everything)),
        "mia": make_person(cast.MIA, (Role.MANAGER, *everything)),
        "ada": make_person(cast.ADA, (Role.ADMINISTRATOR, *everything)),
    }  # fmt: skip


def fill(site, workspace, people, n):
    """So many rows of each kind: untouched, owned by Leo, waiting for OT, answered by Oda."""
    for number in range(n):
        rows = []
        for kind in ("new", "mine", "waiting", "answered"):
            mine = {"owner_id": cast.LEO.email, "owner_name": cast.LEO.name}
            row = make_incident(
                workspace, site_ids=[site.pk], place=site.name, pattern=uuid.uuid4(),
                source=f"ENG-{number}", destination=f"PLC-{kind}-{number}",
                **(mine if kind == "mine" else {}),
            )  # fmt: skip
            make_alert(row, site=site)
            rows.append(row)
        regroup([row.pk for row in rows], now=NOON)
        for row in rows[2:]:
            asked = ask_ot(
                incident_ids=[row.pk], site_id=site.pk, question="Yours?", by=people["leo"],
                now=NOON - timedelta(hours=1),
            )  # fmt: skip
        give_verdict(
            by=people["oda"], key=uuid.uuid4(), verdict="routine", cause="other",
            review_id=asked.pk, now=NOON - timedelta(minutes=5),
        )  # fmt: skip
        fill_rules(site, workspace, people)
    fill_patterns(site, workspace, people, n)


def fill_rules(site, workspace, people):
    """One rule that closed something, and one that waits for a signature."""
    here = {"ot": people["oda"], "soc": people["leo"], "workspace": workspace, "site": site}
    live = make_version("live", of=DOWNLOADS, **here)
    make_entry(live, workspace=workspace, site=site)
    make_wanted(live, workspace=workspace)
    make_version("proposed", of=DOWNLOADS, **here)


def fill_patterns(site, workspace, people, n):
    """So many candidates, each judged, with history enough."""
    for number in range(n):
        days = routine(workspace, site, days=15, source=f"STATION-{number}")
        for each in days[:5]:
            judge([each], people["oda"])
    mine_patterns(now=NOON)


def queries_of(client, path):
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(path, headers={"HX-Request": "true"})  # the list without its frame
    assert answer.status_code == 200
    return [query["sql"][:160] for query in asked.captured_queries]


@pytest.mark.parametrize("page", BUDGETS, ids=lambda page: f"{page['path']} {page['person']}")
def test_a_list_page_keeps_its_budget_with_few_rows_and_with_many(client, people, page):
    site, workspace, cast_of_it = people
    client.force_login(cast_of_it[page["person"]])
    for n in (FEW, MANY):
        fill(site, workspace, cast_of_it, n)
        asked = queries_of(client, page["path"])
        assert len(asked) == page["queries"], "\n".join(asked)
