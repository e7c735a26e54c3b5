import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from alerts.sites.models import Site
from portal.accounts.models import User
from portal.accounts.queries import reach_of

pytestmark = pytest.mark.django_db


def run(*words, **options):
    out = StringIO()
    call_command(*words, "--json", stdout=out, **options)
    return json.loads(out.getvalue())


@pytest.fixture
def oda(monkeypatch):
    monkeypatch.setenv("ODA_PASSWORD", "correct horse battery")
    run("person", "add", "oda@plant.example", "Oda Nowak", "--password-env", "ODA_PASSWORD")
    return User.objects.get()


def test_a_person_is_added_and_granted_a_site(oda):
    site = Site.objects.create(name="Gdańsk")
    run("grant", "ODA@plant.example", "ot-engineer", "--site", "Gdańsk")
    assert reach_of(oda).sites == {site.uuid}
    assert run("person", "list")[0]["roles"] == ["ot-engineer"]


def test_a_role_is_taken_back_where_it_holds(oda):
    site = Site.objects.create(name="Gdańsk")
    run("grant", "oda@plant.example", "ot-engineer", "--site", "Gdańsk")
    with pytest.raises(CommandError, match="hold it in another scope"):
        run("grant", "revoke", "oda@plant.example", "ot-engineer")
    result = run("grant", "revoke", "ODA@plant.example", "ot-engineer", "--site", "Gdańsk")
    assert result["revoked"] is True
    assert reach_of(User.objects.get()).nowhere
    assert oda.grants.get().revoked_at is not None and oda.grants.get().scope_uuid == site.uuid
    with pytest.raises(CommandError, match="does not hold ot-engineer for the site Gdańsk"):
        run("grant", "revoke", "oda@plant.example", "ot-engineer", "--site", "Gdańsk")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("grant", "revoke", "oda@plant.example"), "Say `grant EMAIL ROLE`"),
        (("grant", "oda@plant.example"), "Say `grant EMAIL ROLE`"),
        (("grant", "nobody@plant.example", "manager"), "Nobody has the address"),
        (("grant", "oda@plant.example", "king"), "There is no role 'king'"),
        (("grant", "oda@plant.example", "ot-engineer", "--site", "Atlantis"), "known: none yet"),
        (("person", "add", "x@y.example", "X", "--password-env", "NOT_SET"), "holds no password"),
    ],
)
def test_wrong_input_is_one_sentence(oda, words, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(*words)
