"""Mail that is owed goes out once, whatever other mails and the mail server do."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.core.mail import mailers

from portal import clock
from portal.jobs.models import CircuitBreaker, JobState
from portal.jobs.services import WORKER_DIED, claim_due
from portal.notifications.models import Mail, Notification
from portal.notifications.queries import mail_backlog
from portal.notifications.services import send_one_mail
from tests import cast
from tests.conftest import NOON
from tests.factories.inbox import notify

pytestmark = pytest.mark.django_db


def send_all():
    while send_one_mail(now=clock.unshifted()):
        pass


@pytest.fixture
def send():
    def send_one(person, subject="OT was asked"):
        return notify(person, subject, now=NOON).mail

    return send_one


@pytest.fixture
def server(monkeypatch):
    """`server(error)` has the mail server answer every mail so."""

    def answers(error):
        def fail(messages):
            raise error

        monkeypatch.setattr(type(mailers.default), "send_messages", lambda _, sent: fail(sent))

    return answers


def test_a_mail_that_cannot_be_written_does_not_hold_up_the_next(send, make_person):
    broken, sound = send(make_person(cast.ODA)), send(make_person(cast.SAM))
    Mail.objects.filter(pk=broken.pk).update(address="oda@demo.example\nBcc: all@demo.example")
    send_all()
    assert [message.to for message in outbox.outbox] == [[cast.SAM.email]]
    sound.refresh_from_db()
    broken.refresh_from_db()
    assert sound.state == JobState.DONE
    assert (broken.state, broken.attempts) == (JobState.WAITING, 1)
    assert "newline" in broken.latest_error.lower() or "header" in broken.latest_error.lower()


def test_a_mail_that_never_can_be_written_is_given_up(send, make_person):
    broken = send(make_person(cast.ODA))
    Mail.objects.update(
        address="oda@demo.example\nBcc: all@demo.example", attempts=19, latest_error="Before."
    )
    send_one_mail(now=clock.unshifted())
    broken.refresh_from_db()
    assert broken.state == JobState.DEAD


def test_a_mail_that_kills_its_worker_is_given_up_after_four_tries(send, make_person):
    poison, now = send(make_person(cast.ODA)), clock.unshifted()
    for turn in range(4):
        assert claim_due(
            Mail.objects.all(), now=now + timedelta(minutes=3 * turn), max_attempts=None
        )
    send_one_mail(now=now + timedelta(minutes=12))
    poison.refresh_from_db()
    assert (poison.state, poison.latest_error) == (JobState.DEAD, WORKER_DIED)
    assert outbox.outbox == []


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(111, "Connection refused"),
        TimeoutError("timed out"),
        smtplib.SMTPServerDisconnected("Connection unexpectedly closed"),
        smtplib.SMTPAuthenticationError(535, b"the password was changed"),
    ],
)
def test_a_mail_server_that_is_away_for_days_loses_nothing(send, make_person, server, error):
    waiting = send(make_person(cast.ODA))
    Mail.objects.update(attempts=400, latest_error="Before.")
    server(error)
    send_one_mail(now=clock.unshifted())
    waiting.refresh_from_db()
    assert waiting.state == JobState.WAITING
    assert waiting.due_at <= clock.unshifted() + timedelta(minutes=5)


def test_an_address_that_the_server_refuses_is_given_up_some_time(send, make_person, server):
    refused = send(make_person(cast.ODA))
    Mail.objects.update(attempts=19, latest_error="Before.")
    server(smtplib.SMTPRecipientsRefused({cast.ODA.email: (550, b"unknown")}))
    send_one_mail(now=clock.unshifted())
    refused.refresh_from_db()
    assert refused.state == JobState.DEAD
    assert mail_backlog().given_up == 1


def test_a_mail_given_up_is_no_trouble_any_more_once_one_arrives_there(send, make_person):
    oda, olaf = make_person(cast.ODA), make_person(cast.OLAF)
    for person in (oda, olaf):
        send(person)
    Mail.objects.update(state=JobState.DEAD, settled_at=clock.unshifted())
    send(oda)
    send_all()
    assert mail_backlog().given_up == 1, "only Olaf's"


@pytest.mark.abuse("A05")
def test_who_left_meanwhile_gets_no_mail(send, make_person):
    oda = make_person(cast.ODA)
    owed = send(oda)
    type(oda).objects.update(is_active=False)
    send_all()
    owed.refresh_from_db()
    assert outbox.outbox == []
    assert (owed.state, owed.latest_error) == (JobState.DONE, "The account is not active any more.")
    assert mail_backlog().given_up == 0


def test_a_mail_server_that_is_away_is_tried_once_in_thirty_seconds(
    send, make_person, server, monkeypatch
):
    moment = clock.unshifted()
    monkeypatch.setattr("portal.clock.unshifted", lambda: moment)
    oda = make_person(cast.ODA)
    for number in range(40):
        send(oda, subject=f"Mail {number}")
    server(TimeoutError("timed out"))
    tries = 0
    for _ in range(60):  # five minutes, as the schedule wakes
        while send_one_mail(now=moment):
            tries += 1
        moment += timedelta(seconds=5)
    assert 5 + 8 <= tries <= 5 + 10
    assert mail_backlog().error == "timed out" and mail_backlog().failing_since
    monkeypatch.undo()
    Mail.objects.update(due_at=clock.unshifted())
    CircuitBreaker.objects.update(open_until=clock.unshifted())
    send_all()
    assert len(outbox.outbox) == 40
    assert mail_backlog().failing_since is None


def test_what_a_mail_server_says_to_one_mail_is_an_answer(send, make_person, server):
    oda = make_person(cast.ODA)
    for number in range(8):
        send(oda, subject=f"Mail {number}")
    server(smtplib.SMTPRecipientsRefused({cast.ODA.email: (550, b"unknown")}))
    send_all()
    assert set(Mail.objects.values_list("attempts", flat=True)) == {1}
    assert mail_backlog().failing_since is None


def test_what_is_due_together_to_one_person_is_one_mail(send, make_person, server):
    """Six questions were six mails within five seconds. One that was refused goes alone."""
    oda, sam = make_person(cast.ODA), make_person(cast.SAM)
    for subject in ("Was this you?", "Was that planned?", "Do you know it?"):
        send(oda, subject)
    send(sam)
    other = send(oda, "OT has answered")
    Notification.objects.filter(pk=other.notification_id).update(kind="reviews.answered")
    send_all()
    found = {message.subject: message for message in outbox.outbox}
    assert sorted(found) == ["OT has answered", "OT was asked", "Was this you?, and 2 more"]
    body = found["Was this you?, and 2 more"].body
    assert body.count("http") == 3 and "Was that planned?" in body
    assert not Mail.objects.exclude(state=JobState.DONE).exists()
    outbox.outbox.clear()
    Mail.objects.exclude(pk=other.pk).filter(address=oda.email).update(
        state=JobState.WAITING, attempts=1
    )
    send_all()
    assert len(outbox.outbox) == 3
