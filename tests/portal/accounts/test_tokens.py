"""Tokens: made once, shown once, ended at once."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from portal.accounts.models import ApiToken, TokenScope
from portal.accounts.queries import digest_of, token_of
from portal.accounts.services.tokens import (
    CannotCreateToken,
    CannotRotateToken,
    create_token,
    note_token_use,
    revoke_token,
    rotate_token,
)
from portal.audit.models import Entry
from portal.audit.services import record
from tests import cast
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam(make_person):
    return make_person(cast.SAM)


def make(owner, *scopes, **more):
    options = {"name": "export", "by": owner, "now": NOON, "scopes": scopes or ["read"]}
    return create_token(owner=owner, **options | more)


@pytest.mark.abuse("A18")
def test_only_a_digest_of_the_secret_is_kept(sam):
    made = make(sam)
    assert len(made.secret) > 43  # more than 256 bits of base64
    row = ApiToken.objects.values().get()
    assert made.secret not in str(row) and made.secret.split("_", 2)[2] not in str(row)
    assert row["digest"] == digest_of(made.secret)
    assert token_of(made.secret) == made.token


@pytest.mark.parametrize(
    "wrong", ["", "tagout", "tagout_x_y", "tagout_\x00_y", f"tagout_{chr(0xD800)}_y"]
)
def test_what_is_no_token_finds_none(sam, wrong):
    prefix = make(sam).token.prefix
    assert token_of(wrong) is None
    assert token_of(f"tagout_{prefix}_guess") is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": " "}, "what will use it"),
        ({"scopes": ["everything"]}, "Unknown scope everything"),
        ({"scopes": []}, "at least one thing"),
        ({"days": 0}, "1 to 365"),
        ({"days": 366}, "1 to 365"),
    ],
)
def test_odd_tokens_are_refused_in_one_sentence(sam, options, message):
    with pytest.raises(CannotCreateToken, match=message):
        make(sam, **options)
    assert not ApiToken.objects.exists()


def test_a_token_ends_after_ninety_days_unless_said_otherwise(sam):
    assert make(sam).token.expires_at == NOON + timedelta(days=90)


def test_rotation_ends_the_old_secret_at_once_and_keeps_name_scopes_and_term(sam):
    old = make(sam, "read", "reviews:write", days=7)
    new = rotate_token(token_id=old.token.pk, by=sam, now=NOON + timedelta(days=5))
    assert token_of(old.secret).revoked_at == NOON + timedelta(days=5)
    assert new.token.scopes == ["read", "reviews:write"]
    assert new.token.expires_at == NOON + timedelta(days=12)
    with pytest.raises(CannotRotateToken):
        rotate_token(token_id=old.token.pk, by=sam, now=NOON + timedelta(days=5))


def test_nobody_rotates_the_token_of_another(sam, make_person):
    token = make(sam).token
    with pytest.raises(CannotRotateToken):
        rotate_token(token_id=token.pk, by=make_person(cast.LEO), now=NOON)


@pytest.mark.abuse("A18")
def test_each_step_is_on_record_without_the_secret(sam):
    made = make(sam)
    rotated = rotate_token(token_id=made.token.pk, by=sam, now=NOON)
    assert revoke_token(token_id=rotated.token.pk, by=sam, now=NOON)
    assert not revoke_token(token_id=rotated.token.pk, by=sam, now=NOON)
    actions = list(Entry.objects.order_by("seq").values_list("action", flat=True))
    assert actions == [f"accounts.token.{done}" for done in ("created", "rotated", "revoked")]
    assert made.secret not in str(list(Entry.objects.values()))


def test_without_a_record_there_is_no_token(sam, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("no audit")

    monkeypatch.setattr("portal.accounts.services.tokens.record", fail)
    with pytest.raises(RuntimeError):
        make(sam)
    assert not ApiToken.objects.exists()


def test_use_is_noted_once_a_minute_and_coarsely(sam, django_assert_num_queries):
    token = make(sam).token
    note_token_use(token=token, address="192.0.2.77", now=NOON)
    token.refresh_from_db()
    assert (token.used_at, token.used_from) == (NOON, "192.0.2.0/24")
    with django_assert_num_queries(0):
        note_token_use(token=token, address="198.51.100.1", now=NOON + timedelta(seconds=59))
    note_token_use(token=token, address="2001:db8:1:2::3", now=NOON + timedelta(minutes=2))
    token.refresh_from_db()
    assert token.used_from == "2001:db8:1::/48"


def test_the_record_says_that_a_token_did_it(sam):
    token = make(sam).token
    assert sam.kind == "person"
    sam.via_token = token
    assert sam.kind == "token"
    record("accounts.person.enabled", on=sam, by=sam, at=NOON)
    entry = Entry.objects.latest("seq")
    assert entry.actor == sam and entry.details["via_token"] == token.prefix
    assert entry.actor_label == f"Sam Keller, with the token export ({token.prefix})"


def ask(capsys, *words):
    call_command("token", *words, "--json")
    return json.loads(capsys.readouterr().out)


def test_the_command_prints_the_token_once(sam, noon, capsys):
    made = ask(capsys, "create", "SAM@demo.example", "--scope", "read,incidents:write")
    assert token_of(made["token"]).scopes == [TokenScope.READ, TokenScope.INCIDENTS_WRITE]
    listed = ask(capsys, "list")
    assert [row["prefix"] for row in listed] == [made["prefix"]] and "token" not in listed[0]
    assert ask(capsys, "revoke", made["prefix"])["revoked_at"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("create", "nobody@demo.example", "--scope", "read"), "Nobody has the address"),
        (("create", "sam@demo.example", "--scope", "all"), "Unknown scope all"),
        (("create", "sam@demo.example", "--scope", "read", "--expires", "999"), "1 to 365 days"),
        (("create", "sam@demo.example"), "--scope"),
        (("revoke", "nothing"), "No token begins with"),
    ],
)
def test_the_command_says_what_is_wrong_in_one_sentence(sam, noon, words, message):
    with pytest.raises(CommandError, match=message):
        call_command("token", *words)
