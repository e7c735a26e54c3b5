"""What came, what rules closed of it, and what is left to people, by week and by site."""

from datetime import timedelta

import pytest

from alerts.incidents.models import IncidentStatus
from alerts.suppression.models import Ending
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_site
from tests.factories.rule_rows import make_entry, make_version
from tests.factories.rules import downloads

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("fixed_clocks", "keep_contexts"),
]
DAY = timedelta(days=1)
PAGE = "/effect/"


@pytest.fixture
def see(client):
    """`see(person, "?weeks=4")` is the page, with `text` and `context`."""

    def seen(person, query=""):
        client.force_login(person)
        page = client.get(f"{PAGE}{query}")
        page.text_of = " ".join(page.content.decode().split())
        return page

    return seen


@pytest.fixture
def busy(workspace, site):
    """Of the last week six incidents: rules closed three, one of which was reopened."""
    workspace.added_at = NOON - 60 * DAY
    workspace.save()
    porto = make_site("Porto")

    def came(days, *, at=site, **columns):
        return make_incident(workspace, created_at=NOON - days * DAY, site_ids=[at.pk], **columns)

    def closed(days, **columns):
        values = {"status": IncidentStatus.CLOSED, "closed_at": NOON - (days - 0.1) * DAY}
        return came(days, **values | {"modified_at": NOON} | columns)

    closed(1, closed_by="R-1")
    closed(2, closed_by="R-1")
    came(2, closed_by="R-1", destination="PLC-2")  # reopened: no close is in force
    closed(3)
    came(4, at=porto, destination="PLC-2")
    came(5, destination="PLC-2", merged_into=7)  # another one counts
    closed(20, closed_by="R-1")
    came(20)
    return porto


def test_headline_chart_and_sites_count_what_came(see, busy, mia):
    page = see(mia)
    assert page.context["headline"] == "Of 100 incidents, 40 no longer reach a person."
    assert (
        "In the last 7 days 5 incidents came: rules closed 2, 3 were left to people."
        in page.text_of
    )
    weeks = [(week["it"].came, week["it"].by_rule) for week in page.context["rows"]]
    assert weeks[-3:] == [(2, 1), (0, 0), (5, 2)] and len(weeks) == 12
    assert [(row["label"], row["it"].came, row["share"]) for row in page.context["sites"]] == [
        ("Gdańsk", 4, "50 %"),
        ("Porto", 1, "0 %"),
    ]
    whole = page.context["it"].whole
    assert (whole.came, whole.by_rule + whole.to_people) == (5, 5)


def test_a_period_and_a_site_are_chosen(see, busy, mia, site):
    page = see(mia, "?weeks=4")
    assert "In the last 4 weeks 7 incidents came: rules closed 3" in page.text_of
    page = see(mia, f"?site={busy.uuid}")
    assert page.context["headline"] == "All incidents reach people: rules closed none."
    assert see(mia, "?weeks=999999").context["it"].whole.came == 5
    assert see(mia, "?site=x").status_code == 404


def test_what_is_left_is_listed_with_its_devices(see, busy, mia):
    kinds = see(mia).context["kinds"]
    assert sum(kind["it"].n for kind in kinds) == 3
    assert kinds[0]["it"].n == 2 and kinds[0]["it"].destination == "PLC-2"


def test_nobody_reads_numbers_of_other_places(see, busy, make_person, oda, mia):
    assert see(oda).status_code == 403
    boss = make_person(cast.PIA, (Role.MANAGER, GrantScope.SITE, busy.uuid))
    page = see(boss)
    assert page.context["it"].whole.came == 1 and "Gdańsk" not in page.text_of


def test_an_empty_installation_says_so(see, workspace, mia):
    page = see(mia)
    assert page.context["headline"] == "No incident came."
    assert "Rules have closed nothing yet." in page.text_of
    assert "No rule has gone live yet." in page.text_of and "Not known yet" in page.text_of


@pytest.mark.parametrize(
    ("ending", "looked_at", "words"),
    [
        ("", False, "nobody looked at any of them afterwards: that proves no upper limit."),
        (Ending.REOPENED, False, "people looked at 1 of them afterwards: too few"),
        ("", True, "people looked at 1 of them afterwards: too few"),
    ],
)
def test_what_was_found_later_has_its_limit(
    see, workspace, site, oda, leo, mia, ending, looked_at, words
):
    where = {"workspace": workspace, "site": site}
    version = make_version("live", of=downloads(), ot=oda, soc=leo, **where)
    make_entry(version, ending=ending, reviewed_at=NOON if looked_at else None, **where)
    page = see(mia)
    assert words in page.text_of
    looked = "0 of 1" if looked_at else "–"
    assert page.context["findings"]["value"] == ("1 of 1" if ending else looked)


def test_the_homes_lead_to_it_with_the_same_sums(client, busy, mia):
    client.force_login(mia)
    page = " ".join(client.get("/").content.decode().split())
    assert "Of 100 incidents, 40 no longer reach a person." in page and f'href="{PAGE}"' in page
    assert "In the last 7 days 5 incidents came: rules closed 2" in page
