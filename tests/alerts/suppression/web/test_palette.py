"""Rules and patterns in the portal's search, within the person's reach."""

import re

import pytest

from alerts.patterns.services.mine_patterns import mine_patterns
from tests.alerts.suppression.past import routine
from tests.alerts.suppression.samples import DOWNLOADS
from tests.conftest import NOON
from tests.factories.rule_rows import make_version


@pytest.fixture
def find(client, noon):
    def found(user, text):
        client.force_login(user)
        answer = client.get("/search/", {"q": text}, headers={"HX-Request": "true"})
        part = answer.content.decode()
        return re.findall(r'href="(/rules/[^"]*|/patterns/[0-9a-f][^"]*)"', part)

    return found


@pytest.fixture
def rule(workspace, site, oda, leo):
    return make_version("live", of=DOWNLOADS, ot=oda, soc=leo, workspace=workspace, site=site)


def test_a_rule_is_found_by_number_and_title(find, rule, leo, client):
    here = f"/rules/{rule.uuid}/"
    label = rule.rule.label
    word = rule.title.split()[0].lower()
    for text in (label, label.lower(), str(rule.rule.number), word):
        assert here in find(leo, text)
    answer = client.get("/search/", {"q": label})
    assert (answer.status_code, answer["Location"]) == (302, here)
    assert find(leo, f"R-{rule.rule.number + 100}") == []


def test_the_version_that_acts_speaks_for_its_rule(find, rule, leo):
    rule.pk, rule.uuid, rule.number, rule.state = None, "1" * 32, rule.number + 1, "draft"
    rule.save(force_insert=True)
    (found,) = find(leo, rule.rule.label)
    assert "1111" not in found


def test_a_rule_out_of_reach_is_not_found(find, rule, pia, ada):
    for person in (pia, ada):
        for text in (rule.rule.label, rule.title, rule.title.split()[0]):
            assert find(person, text) == []


def test_a_pattern_is_found_by_its_words_within_reach(find, workspace, site, leo, oda, pia, ada):
    routine(workspace, site, days=15, source="STATION-7")
    mine_patterns(now=NOON)
    for person in (leo, oda):
        assert len(find(person, "station-7")) == 1
        assert len(find(person, "gda station")) == 1
    for person in (pia, ada):
        assert find(person, "station-7") == []
