"""Two people, two grants, two tokens, two sessions: what ends for one goes on for the other."""

from uuid import uuid4

import pytest

from portal.accounts.models import ApiToken, GrantScope, Role, Session
from portal.accounts.queries import people_with_roles, reach_of, sites_with
from portal.accounts.services.people import disable_person, grant_role, revoke_role
from portal.accounts.services.tokens import create_token, revoke_token, rotate_token
from portal.accounts.sessions import digest_of_key
from tests import cast
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
SITE, OTHER_SITE, WORKSPACE = uuid4(), uuid4(), uuid4()


def session_of(client, person):
    client.force_login(person)
    return digest_of_key(client.session.session_key)


def token_of(person, name="export"):
    return create_token(owner=person, name=name, scopes=["read"], by=person, now=NOON).token


def valid_tokens(person):
    return set(ApiToken.objects.filter(owner=person, revoked_at=None).values_list("pk", flat=True))


def test_an_account_that_is_closed_ends_no_session_and_no_token_of_another(client, sam, leo, ada):
    session_of(client, sam)
    session, token = session_of(client, leo), token_of(leo)
    token_of(sam)
    disable_person(person_id=sam.pk, by=ada, now=NOON)
    assert list(Session.objects.values_list("key_digest", flat=True)) == [session]
    assert (valid_tokens(leo), valid_tokens(sam)) == ({token.pk}, set())


def test_a_token_that_ends_or_is_renewed_leaves_the_second_as_it_is(sam):
    first, second = token_of(sam), token_of(sam, "second")
    renewed = rotate_token(token_id=first.pk, by=sam, now=NOON).token
    assert valid_tokens(sam) == {renewed.pk, second.pk}
    revoke_token(token_id=renewed.pk, by=sam, now=NOON)
    assert valid_tokens(sam) == {second.pk}


@pytest.fixture
def oda(make_person):
    """OT engineer at one site, and analyst in a workspace."""
    return make_person(
        cast.ODA,
        (Role.OT_ENGINEER, GrantScope.SITE, SITE),
        (Role.SOC_ANALYST, GrantScope.WORKSPACE, WORKSPACE),
    )


def test_a_role_counts_only_in_the_scope_of_the_same_grant(oda):
    assert list(people_with_roles([Role.OT_ENGINEER], sites=[SITE])) == [oda]
    assert list(people_with_roles([Role.OT_ENGINEER], workspaces=[WORKSPACE])) == []
    assert list(people_with_roles([Role.SOC_ANALYST], sites=[SITE])) == []
    assert reach_of(oda, {Role.OT_ENGINEER}).workspaces == frozenset()
    assert sites_with([Role.SOC_ANALYST], sites=[SITE]) == set()
    assert sites_with([Role.OT_ENGINEER], sites=[SITE, OTHER_SITE]) == {SITE}


def test_of_two_grants_the_one_that_was_taken_back_counts_no_longer(oda):
    grant = oda.grants.get(role=Role.OT_ENGINEER)
    second = grant_role(
        to=oda,
        role=Role.OT_ENGINEER,
        scope=GrantScope.SITE,
        scope_uuid=OTHER_SITE,
        by="tests",
        now=NOON,
    )
    assert revoke_role(grant_id=grant.pk, by="tests", now=NOON)
    assert list(people_with_roles([Role.OT_ENGINEER], sites=[SITE])) == []
    assert list(people_with_roles([Role.OT_ENGINEER], sites=[OTHER_SITE])) == [oda]
    assert sites_with([Role.OT_ENGINEER], sites=[SITE, OTHER_SITE]) == {OTHER_SITE}
    second.refresh_from_db()
    assert second.revoked_at is None
