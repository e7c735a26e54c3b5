"""What was given up waits for a person, who tries again or lets it go."""

import pytest

from alerts.outbox.models import Change, ChangeOutcome
from alerts.outbox.queries import failed_changes
from alerts.outbox.services.enqueue import CannotRetry, discard_change, retry_change
from alerts.sentinel.client.port import SentinelRefused
from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_workspace


@pytest.fixture
def refused(desk, sentinel, clock):
    change = desk.enqueue(sentinel.add_incident(), {"severity": "Low"})
    sentinel.fail_next(SentinelRefused("Not today.", status=400), verb="put_incident")
    clock.go(seconds=10)
    desk.deliver()
    return change


@pytest.fixture
def ada(make_person):
    return make_person(cast.ADA, (Role.ADMINISTRATOR, GrantScope.ALL, None))


def test_a_given_up_write_is_tried_again_on_request(refused, desk, ada):
    retry_change(change_id=refused.pk, by=ada, now=NOON)
    assert desk.deliver().outcome == ChangeOutcome.SENT
    assert Entry.objects.filter(action="outbox.change.retried", actor=ada).exists()


def test_a_given_up_write_can_be_let_go_once(refused, desk, ada):
    discard_change(change_id=refused.pk, by=ada, now=NOON)
    assert Change.objects.get().outcome == ChangeOutcome.DROPPED
    assert not failed_changes().exists()
    assert desk.deliver() is None
    with pytest.raises(CannotRetry, match="somebody else has dealt with it"):
        retry_change(change_id=refused.pk, by=ada, now=NOON)


def test_who_leads_another_workspace_cannot_mend(refused, make_person):
    other = make_workspace("porto")
    leo = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, other.uuid))
    with pytest.raises(CannotRetry, match="Only the SOC lead of this workspace"):
        retry_change(change_id=refused.pk, by=leo, now=NOON)
    assert failed_changes().exists()
