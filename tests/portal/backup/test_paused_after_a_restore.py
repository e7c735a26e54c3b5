"""While nobody has looked at a restored Tagout, nothing leaves it and no rule begins to act."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail as outbox

from alerts.suppression.enforcing import decide
from alerts.suppression.watching import watch
from portal import clock
from portal.backup.models import Restore
from portal.notifications.services import send_one_mail
from tests import cast
from tests.conftest import NOON
from tests.factories.inbox import notify
from tests.factories.incidents import make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def paused():
    return Restore.objects.create(
        backup_made_at=NOON,
        backup_version="0.1.0",
        record_seq=0,
        restored_at=NOON,
        restored_by_label="command line",
    )


def resume():
    Restore.objects.update(resumed_at=NOON)


def test_no_mail_is_sent(paused, make_person):
    notify(make_person(cast.SAM), now=NOON)
    assert not send_one_mail(now=clock.unshifted())
    assert not outbox.outbox
    resume()
    assert send_one_mail(now=clock.unshifted())
    assert len(outbox.outbox) == 1


def test_rules_decide_on_nothing(paused, monkeypatch):
    workspace, decided_in = make_workspace(), []
    monkeypatch.setattr(decide, "acting_set", lambda: SimpleNamespace(versions={12: "R-12"}))
    monkeypatch.setattr(
        decide, "_decide_in", lambda place, **_: decided_in.append(place) or len(decided_in)
    )
    assert decide.decide_new_incidents(now=NOON) == 0
    assert decided_in == []
    resume()
    decide.decide_new_incidents(now=NOON)
    assert decided_in == [workspace]


def test_trials_do_not_begin_to_close_but_what_ends_or_is_forbidden_stops(paused, monkeypatch):
    ran = []
    for name in ("expire_due", "stop_forbidden", "promote_due", "ask_owners", "warn_of_ends"):
        monkeypatch.setattr(watch, name, lambda name=name, **_: ran.append(name) or 0)
    watch.watch_rules(now=NOON)
    assert ran == ["expire_due", "stop_forbidden", "warn_of_ends"]
    resume()
    watch.watch_rules(now=NOON + timedelta(minutes=1))
    assert ran[3:] == ["expire_due", "stop_forbidden", "promote_due", "ask_owners", "warn_of_ends"]
