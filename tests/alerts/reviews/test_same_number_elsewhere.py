"""Two workspaces count their incidents alike: what was merged stays within its own."""

from datetime import timedelta

import pytest

from alerts.incidents.models import DetailsState, Incident, OtState
from alerts.incidents.page.incident import survivor_of
from alerts.reviews.models import AskedIncident
from alerts.reviews.services.merged_verdicts import move_merged_verdict
from alerts.reviews.tasks import move_merged_verdicts
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.alerts.reviews.conftest import answer_of, make_alike
from tests.conftest import NOON
from tests.factories.incidents import make_workspace

pytestmark = pytest.mark.django_db
SURVIVOR = 4821
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def stranger(site):
    """An incident of another workspace with the number of the survivor, stored before it."""
    workspace = make_workspace("porto")
    return make_alike(workspace, site, number=SURVIVOR, details_state=DetailsState.FETCHED)[0]


@pytest.fixture
def loser(incident):
    return incident


@pytest.fixture
def survivor(stranger, workspace, site, loser):
    """What is left of the two, of which the details are not read yet."""
    (row,) = make_alike(workspace, site, number=SURVIVOR, details_state=DetailsState.PENDING)
    return row


def merge(loser):
    Incident.objects.filter(pk=loser.pk).update(merged_into=SURVIVOR)
    loser.refresh_from_db()


def test_a_suspicion_goes_to_no_incident_of_another_workspace(stranger, loser, survivor, oda):
    answer_of(oda, incident_ids=[loser.pk], verdict="suspicious", cause="other", note="Odd.")
    merge(loser)
    assert not move_merged_verdict(now=NOON), "its own survivor is not read yet"
    Incident.objects.filter(pk=survivor.pk).update(details_state=DetailsState.FETCHED)
    assert move_merged_verdict(now=NOON)
    states = {row.pk: row.ot_state for row in Incident.objects.filter(number=SURVIVOR)}
    assert states == {survivor.pk: OtState.SUSPICIOUS, stranger.pk: OtState.NOT_ASKED}


def test_a_question_goes_to_no_incident_of_another_workspace(stranger, loser, survivor, ask):
    question = ask([loser])
    merge(loser)
    move_merged_verdicts()
    waiting = AskedIncident.objects.filter(question=question, answer=None)
    assert [row.incident_id for row in waiting] == [loser.pk]


def test_a_verdict_on_both_is_superseded_by_the_next_on_the_one_that_is_left(
    stranger, loser, survivor, oda
):
    both = [loser.pk, survivor.pk]
    first = answer_of(oda, incident_ids=both, verdict="routine", cause="other", note="Weekly.")
    merge(loser)
    answer_of(oda, incident_ids=[survivor.pk], now=LATER)
    first.refresh_from_db()
    assert first.superseded_by is not None, "the survivor speaks for the one that is gone"


def test_the_page_leads_to_the_survivor_of_its_own_workspace(
    stranger, loser, survivor, make_person
):
    everywhere = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None))
    merge(loser)
    assert survivor_of(loser, everywhere) == survivor, "not the older one with the same number"
