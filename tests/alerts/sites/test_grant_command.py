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


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("grant", "nobody@plant.example", "manager"), "Nobody has the address"),
        (("grant", "oda@plant.example", "king"), "There is no role 'king'"),
        (("grant", "oda@plant.example", "ot-engineer", "--site", "Atlantis"), "known: none yet"),
        (("person", "add", "x@y.example", "X", "--password-env", "NOT_SET"), "holds no password"),
    ],
)
def test_wrong_input_is_one_sentence(oda, words, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(*words)
