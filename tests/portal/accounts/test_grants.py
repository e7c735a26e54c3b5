import uuid

import pytest

from portal.accounts.models import GrantScope, Role
from portal.accounts.queries import people_with_roles, reach_of
from portal.accounts.services.people import (
    CannotAddPerson,
    CannotGrant,
    add_person,
    grant_role,
    revoke_role,
)
from portal.audit.models import Entry
from tests import cast

pytestmark = pytest.mark.django_db
GDANSK = uuid.UUID(int=1)


def test_rights_add_up(make_person):
    oda = make_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.SITE, GDANSK))
    assert reach_of(oda).sites == {GDANSK}
    assert not reach_of(oda).everywhere
    assert list(people_with_roles([Role.OT_ENGINEER], sites=[GDANSK])) == [oda]


def test_an_administrator_reads_no_incidents(make_person):
    ada = make_person(cast.ADA, (Role.ADMINISTRATOR, GrantScope.ALL, None))
    assert reach_of(ada).nowhere


@pytest.mark.abuse("A05")
def test_a_revoked_grant_gives_nothing_but_stays_on_record(make_person, noon):
    oda = make_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.SITE, GDANSK))
    assert revoke_role(grant_id=oda.grants.get().pk, by="tests", now=noon)
    oda.__dict__.pop("_tagout_grants", None)
    assert reach_of(oda).nowhere
    assert oda.grants.count() == 1
    details = Entry.objects.latest("seq").details
    assert details == {"role": Role.OT_ENGINEER, "scope": GrantScope.SITE, "where": str(GDANSK)}


def test_a_role_is_granted_only_where_it_makes_sense(make_person, noon):
    sam = make_person(cast.SAM)
    with pytest.raises(CannotGrant, match="SOC analyst cannot be granted for one site"):
        grant_role(
            to=sam,
            role=Role.SOC_ANALYST,
            scope=GrantScope.SITE,
            scope_uuid=GDANSK,
            by="tests",
            now=noon,
        )


@pytest.mark.parametrize(
    ("email", "password", "reason"),
    [
        ("not an address", "long enough to pass", "not an e-mail address"),
        ("new@demo.example", "short", "too short"),
        ("SAM@demo.example", "long enough to pass", "has an account already"),
    ],
)
def test_odd_people_are_refused_in_one_sentence(make_person, noon, email, password, reason):
    make_person(cast.SAM)
    with pytest.raises(CannotAddPerson, match=reason):
        add_person(email=email, name="Sam", password=password, by="tests", now=noon)
