"""Two people and two acts: what is taken back or read of one stays of the other."""

from uuid import uuid4

import pytest

from portal.notifications.models import Mail, Notification
from portal.notifications.queries import has_notification_about
from portal.notifications.services import mark_read, withdraw_notifications
from tests.conftest import NOON
from tests.factories.inbox import notify

pytestmark = pytest.mark.django_db


def notify_of(person, act, *, mail=True):
    return notify(person, now=NOON, mail=mail, act=act)


@pytest.mark.parametrize("mail", [True, False])
def test_what_one_act_told_is_taken_back_and_what_another_told_stays(sam, mail):
    first, second = uuid4(), uuid4()
    notify_of(sam, first, mail=mail)
    line = notify_of(sam, second, mail=mail)
    assert withdraw_notifications(act=first) == 1
    assert list(Notification.objects.all()) == [line]
    assert Mail.objects.count() == (1 if mail else 0)


def test_what_two_people_were_told_by_one_act_is_taken_back_from_both(sam, leo):
    act = uuid4()
    notify_of(sam, act)
    notify_of(leo, act, mail=False)
    assert withdraw_notifications(act=act) == 2


def test_one_person_reads_all_and_the_other_has_read_nothing(sam, leo):
    notify_of(sam, uuid4())
    line = notify_of(leo, uuid4())
    assert mark_read(user=sam, now=NOON) == 1
    assert mark_read(user=sam, now=NOON, ids=[line.pk]) == 0
    line.refresh_from_db()
    assert line.read_at is None


def test_who_was_told_of_an_act_is_asked_for_each_person(sam, leo):
    act = uuid4()
    notify_of(sam, act)
    assert has_notification_about(sam, act=act) and not has_notification_about(leo, act=act)
