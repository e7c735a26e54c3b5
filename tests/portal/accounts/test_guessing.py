"""Guessing passwords: what it costs who guesses, and that it keeps nobody else out (A06)."""

import threading
from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.db import connection
from django.test import Client

from portal import clock
from portal.accounts.models import FailuresOfAnHour, SignInFailure
from portal.accounts.password_checks import (
    OWN_DEVICES,
    STRANGERS,
    CheckQueue,
    PasswordCheck,
    TooManyChecks,
    check_password_again,
)
from portal.accounts.services.attempts import (
    MAX_OF_ACCOUNT,
    MAX_OF_ADDRESS,
    MAX_OF_PAIR,
    record_failures,
)
from portal.audit.models import Entry
from tests import cast

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
COOKIE = settings.DEVICE_COOKIE_NAME


@pytest.fixture
def sam(make_person):
    return make_person(cast.SAM)


@pytest.fixture
def leo(make_person):
    return make_person(cast.LEO)


def sign_in(client, email=cast.SAM.email, password=PASSWORD, address="192.0.2.1"):
    form = {"username": email, "password": password}
    return client.post("/login/", form, REMOTE_ADDR=address)


def guess(n, email=cast.SAM.email, address="192.0.2.1"):
    """The last status of so many wrong passwords of a stranger."""
    return [sign_in(Client(), email, f"wrong {i}", address).status_code for i in range(n)][-1]


def used_device(email=cast.SAM.email):
    """A browser in which this person signed in and out again."""
    client = Client()
    assert sign_in(client, email, address="192.0.2.200").status_code == 302
    client.post("/logout/")
    return client


def test_who_waits_is_told_for_how_long(sam):
    assert guess(MAX_OF_PAIR) == 422
    answer = sign_in(Client())
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    assert "on a device that you have used before" in answer.text
    assert f'value="{sam.email}"' in answer.text


@pytest.mark.abuse("A06")
def test_on_a_known_device_nobody_waits_for_the_guesses_of_others(sam):
    device = used_device()
    for host in range(10):
        guess(MAX_OF_PAIR, address=f"198.51.100.{host}")
    assert sign_in(Client(), address="203.0.113.9").status_code == 429, "closed to strangers"
    assert sign_in(device, address="198.51.100.1").status_code == 302


@pytest.mark.abuse("A06")
def test_guesses_from_one_address_close_an_account_to_no_other_address(sam):
    guess(MAX_OF_PAIR + 60)
    assert SignInFailure.objects.count() == MAX_OF_PAIR < MAX_OF_ACCOUNT
    assert sign_in(Client(), address="192.0.2.2").status_code == 302


@pytest.mark.abuse("A06")
def test_whoever_has_all_networks_of_a_site_closes_an_account_to_no_other_site(sam):
    for network in range(10):
        guess(MAX_OF_PAIR, address=f"2001:db8:1:{network:x}::1")
    assert SignInFailure.objects.count() == MAX_OF_PAIR
    assert sign_in(Client(), address="2001:db8:2::1").status_code == 302


@pytest.mark.abuse("A06")
def test_one_address_that_tries_all_accounts_waits(sam):
    for i in range(MAX_OF_ADDRESS):
        assert guess(1, f"person{i}@demo.example") == 422
    assert sign_in(Client()).status_code == 429
    assert sign_in(used_device()).status_code == 302, "not on a device of theirs"


@pytest.mark.abuse("A06")
def test_a_known_device_has_its_own_count(sam):
    device = used_device()
    for _ in range(MAX_OF_PAIR):
        assert sign_in(device, password="wrong").status_code == 422
    refused = sign_in(device)
    assert refused.status_code == 429
    assert "Wait 15 minutes" in refused.text and "have used before" not in refused.text
    assert sign_in(Client()).status_code == 302, "and makes nobody else wait"


@pytest.mark.abuse("A06")
def test_the_device_of_another_account_is_a_stranger_here(sam, leo):
    device = used_device(leo.email)
    guess(MAX_OF_PAIR)
    assert sign_in(device).status_code == 429
    assert sign_in(device, leo.email).status_code == 302


@pytest.mark.abuse("A06")
@pytest.mark.parametrize("change", [str.upper, lambda value: value[:-2] + "xx", lambda _: "[]"])
def test_a_device_that_somebody_made_up_is_a_stranger(sam, change):
    device = used_device()
    device.cookies[COOKIE] = change(device.cookies[COOKIE].value)
    guess(MAX_OF_PAIR)
    assert sign_in(device).status_code == 429


@pytest.mark.abuse("A06")
def test_a_new_password_makes_all_devices_strangers(sam):
    device = used_device()
    sam.set_password(PASSWORD)
    sam.save()
    guess(MAX_OF_PAIR)
    assert sign_in(device).status_code == 429


@pytest.mark.abuse("A06")
def test_the_cookie_of_a_device_is_for_the_sign_in_alone(sam):
    cookie = used_device().cookies[COOKIE]
    assert cookie["httponly"] and cookie["samesite"] == "Strict" and cookie["path"] == "/login/"
    assert sam.email not in cookie.value


def test_a_browser_knows_several_people_and_forgets_none_who_signs_in_again(sam, leo):
    desk = used_device()
    assert sign_in(desk, leo.email, address="192.0.2.200").status_code == 302
    desk.post("/logout/")
    guess(MAX_OF_PAIR)
    assert sign_in(desk).status_code == 302


@pytest.mark.abuse("A06")
def test_after_a_right_password_the_wrong_ones_before_it_count_no_longer(sam):
    for _ in range(3):
        guess(MAX_OF_PAIR - 1)
        assert sign_in(Client()).status_code == 302


def test_a_quarter_of_an_hour_later_one_may_try_again(sam):
    guess(MAX_OF_PAIR)
    SignInFailure.objects.update(at=clock.unshifted() - timedelta(minutes=15, seconds=1))
    assert sign_in(Client()).status_code == 302


@pytest.mark.abuse("A06")
def test_behind_a_proxy_each_client_has_its_own_count(sam, settings):
    settings.TRUSTED_PROXIES = 1
    for i in range(MAX_OF_PAIR + 1):
        made_up = f"10.1.2.{i}, 192.0.2.1"
        last = Client(headers={"X-Forwarded-For": made_up}).post(
            "/login/", {"username": sam.email, "password": "wrong"}
        )
    assert last.status_code == 429
    other = Client(headers={"X-Forwarded-For": "192.0.2.2"})
    assert sign_in(other, address="127.0.0.1").status_code == 302


@pytest.fixture
def asked_again(sam, rf):
    """`asked_again(client, password)` is what comes of a password that signing asks for."""

    def asked(client, password):
        request = rf.post("/", REMOTE_ADDR="192.0.2.1")
        request.user, request.session = sam, client.session
        return check_password_again(request, password, now=clock.now())

    return asked


@pytest.mark.abuse("A06")
def test_strangers_do_not_keep_anybody_from_signing(sam, asked_again):
    client = Client()
    client.force_login(sam)
    guess(MAX_OF_PAIR)
    assert asked_again(client, PASSWORD) is PasswordCheck.RIGHT


@pytest.mark.abuse("A06")
def test_the_password_asked_again_counts_for_its_session(sam, asked_again):
    thief, owner = Client(), Client()
    thief.force_login(sam)
    owner.force_login(sam)
    for _ in range(MAX_OF_PAIR):
        assert asked_again(thief, "wrong") is PasswordCheck.WRONG
    assert asked_again(thief, PASSWORD) is PasswordCheck.TOO_MANY_TRIES
    assert asked_again(owner, PASSWORD) is PasswordCheck.RIGHT
    assert sign_in(Client()).status_code == 302


@pytest.mark.abuse("A06")
def test_guesses_write_nothing_into_the_record_until_their_hour_is_over(sam):
    guess(3)
    guess(2, "nobody@demo.example")
    guess(1, "nobody-else@demo.example")
    assert not Entry.objects.exists()
    assert record_failures(now=clock.unshifted()) == 0
    later = clock.unshifted() + timedelta(hours=1)
    assert record_failures(now=later) == 2
    details = {
        (entry.actor_label, entry.object_label): (
            entry.details["failures"],
            entry.details["address"],
        )
        for entry in Entry.objects.filter(action="accounts.sign_in.failed")
    }
    assert details == {
        ("somebody at sign-in", str(sam)): (3, "192.0.2.1"),
        ("somebody at sign-in", "3 wrong passwords from 192.0.2.1"): (3, "192.0.2.1"),
    }
    assert not FailuresOfAnHour.objects.exists()
    assert record_failures(now=later) == 0


@pytest.mark.abuse("A06")
def test_what_was_typed_instead_of_an_address_is_not_on_record(sam):
    guess(1, "my secret password")
    record_failures(now=clock.unshifted() + timedelta(hours=1))
    assert "my secret password" not in str(list(Entry.objects.values()))


def test_nor_is_it_kept_while_it_counts(sam):
    guess(1, "my secret password")
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(f)::text FROM accounts_signinfailure f")
        (stored,) = cursor.fetchone()
    assert "secret" not in stored


class Telling:
    """A semaphore that tells when somebody comes to it."""

    def __init__(self, inner, come):
        self._inner, self._come = inner, come

    def acquire(self, **how):
        self._come.set()
        return self._inner.acquire(**how)

    def release(self):
        self._inner.release()


@pytest.mark.abuse("A06")
def test_one_check_runs_one_waits_and_a_third_is_sent_away():
    queue, order, come = CheckQueue(), [], threading.Event()

    def second():
        with queue.place("second"), queue.turn():
            order.append("second")

    thread = threading.Thread(target=second)
    with queue.place("first"), queue.turn():
        queue._running = Telling(queue._running, come)
        thread.start()
        assert come.wait(5)
        with pytest.raises(TooManyChecks), queue.place("third"):
            pass
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


@pytest.mark.abuse("A06")
def test_an_account_that_signs_in_again_and_again_leaves_a_place_to_others():
    queue, order, waits = CheckQueue(), [], threading.Event()

    def again():
        with queue.place("sam"):
            order.append("sam again")

    thread = threading.Thread(target=again)
    with queue.place("sam"), queue.turn():
        queue._shares["sam"].place = Telling(queue._shares["sam"].place, waits)
        thread.start()
        assert waits.wait(5), "who clicks twice waits for the first click"
        with pytest.raises(TooManyChecks), queue.place("sam"):
            pass
        with queue.place("leo"):
            order.append("leo")
    thread.join(5)
    assert order == ["leo", "sam again"]
    assert not queue._shares, "nothing is kept of who has been here"


@pytest.mark.abuse("A06")
def test_where_many_sign_in_at_once_others_are_asked_to_come_back(sam, django_assert_num_queries):
    device = used_device()
    with STRANGERS.place("one"), STRANGERS.place("other"):
        answer = sign_in(Client())
        assert (answer.status_code, answer["Retry-After"]) == (503, "3")
        assert "Try again in a few seconds" in answer.text
        assert not SignInFailure.objects.exists(), "what nobody looked at does not count"
        with django_assert_num_queries(0):
            sign_in(Client())
        assert sign_in(device).status_code == 302, "strangers do not hold up known people"


@pytest.mark.abuse("A06")
def test_signing_says_so_too_where_many_sign_in_at_once(sam, asked_again):
    client = Client()
    client.force_login(sam)
    with OWN_DEVICES.place("one"), OWN_DEVICES.place("other"):
        assert asked_again(client, PASSWORD) is PasswordCheck.TOO_BUSY
    assert asked_again(client, PASSWORD) is PasswordCheck.RIGHT


@pytest.mark.abuse("A06")
def test_an_endless_password_is_not_looked_at(sam, monkeypatch):
    looked = []
    monkeypatch.setattr(ModelBackend, "authenticate", lambda *_, **options: looked.append(options))
    assert sign_in(Client(), password="x" * 100_000).status_code == 422
    assert looked == []


@pytest.mark.abuse("A06")
@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_instant_count_as_well(sam, monkeypatch):
    looked, start = [], threading.Barrier(24)
    monkeypatch.setattr(STRANGERS, "place", lambda _account: nullcontext())
    monkeypatch.setattr(STRANGERS, "turn", nullcontext)
    monkeypatch.setattr(
        ModelBackend, "authenticate", lambda *_, **options: looked.append(options["password"])
    )

    def one(i):
        start.wait(10)
        try:
            sign_in(Client(raise_request_exception=False), password=f"wrong {i}")
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(i,)) for i in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(looked) <= MAX_OF_PAIR
    assert SignInFailure.objects.count() <= MAX_OF_PAIR


@pytest.mark.abuse("A06")
def test_a_right_password_from_one_address_gives_no_new_tries_to_another(sam):
    guess(MAX_OF_PAIR, address="198.51.100.7")
    assert sign_in(Client(), address="192.0.2.1").status_code == 302
    assert SignInFailure.objects.filter(address="198.51.100.7").count() == MAX_OF_PAIR
    assert sign_in(Client(), address="198.51.100.7").status_code == 429


@pytest.mark.abuse("A06")
def test_a_right_password_of_one_account_gives_no_new_tries_at_another(sam, leo):
    guess(MAX_OF_PAIR, leo.email)
    assert sign_in(Client(), sam.email).status_code == 302
    assert sign_in(Client(), leo.email).status_code == 429
