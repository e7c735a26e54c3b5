"""Trial, lease and gate are explained in one sentence where a page uses them first."""

import re
from datetime import timedelta

import pytest

from alerts.suppression.deploying.desired import GATE
from tests.conftest import NOON
from tests.factories import rule_rows

pytestmark = pytest.mark.django_db
TERMS = {
    "trial": "Trial: for seven days at least, a signed rule only labels",
    "lease": "Lease: until then Sentinel may act alone;",
    "gate": "Gate: one switch in each workspace",
}
NEAR = 120  # characters of text between the word and its sentence


def text_of(page):
    main = page[page.index("<main") : page.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)).replace(" :", ":")


def unexplained(page):
    """The words that the page uses before, or without, saying what they are."""
    text = text_of(page)
    found = []
    for word, sentence in TERMS.items():
        used = re.search(rf"\b{word}\b", text, re.I)
        if used and not 0 <= text.find(sentence) - used.start() <= NEAR:
            found.append(word)
    return found


def uses(page, *words):
    text = text_of(page)
    return [word for word in TERMS if re.search(rf"\b{word}\b", text, re.I)] == list(words)


@pytest.fixture
def in_sentinel(make_version, stand_in_sentinel, workspace):
    """A version in trial that stands in Sentinel with its lease, behind a gate."""
    version = make_version("canary", enforcement="sentinel")
    form = {"triggeringLogic": {"isEnabled": True, "expirationTimeUtc": "2026-11-25T12:00:00Z"}}
    stand_in_sentinel(
        version, wanted=form, landed=form, landed_at=NOON, wanted_version=1, landed_version=1
    )
    gate = {"triggeringLogic": {"isEnabled": False}}
    rule_rows.make_wanted(
        version,
        workspace=workspace,
        name=GATE,
        about=GATE,
        kind="gate",
        label="gate",
        wanted=gate,
        landed=gate,
        landed_at=NOON,
        wanted_version=1,
        landed_version=1,
    )
    return version


def test_on_a_rule_s_page(opened, in_sentinel, oda):
    page = opened(oda, f"/rules/{in_sentinel.uuid}/")
    assert uses(page, "trial", "lease") and unexplained(page) == []


def test_in_the_editor(opened, make_version, oda):
    page = opened(oda, f"/rules/{make_version('draft').uuid}/edit/")
    assert uses(page, "trial") and unexplained(page) == []


@pytest.mark.parametrize("state", ["force", "work", "ended"])
def test_in_the_list_of_rules(opened, make_version, oda, state):
    assert unexplained(opened(oda, f"/rules/?state={state}")) == []
    canary = make_version("canary")
    make_version("draft", rule=canary.rule)
    make_version("expired")
    page = opened(oda, f"/rules/?state={state}")
    assert unexplained(page) == []
    assert uses(page, "trial"), "a tab is called so"


def test_among_what_was_decided(opened, make_version, leo):
    make_version("canary", at=NOON - timedelta(days=1))
    page = opened(leo, "/approvals/")
    assert uses(page, "trial") and unexplained(page) == []


def test_in_deployments(opened, in_sentinel, leo):
    page = opened(leo, "/deployments/")
    assert uses(page, "lease", "gate") and unexplained(page) == []


def test_at_the_kill_switch(opened, in_sentinel, leo):
    page = opened(leo, "/rules/off/")
    assert uses(page, "gate") and unexplained(page) == []


def test_where_nothing_of_ours_stands_no_word_is_used(opened, leo):
    for path in ("/deployments/", "/rules/off/", "/ledger/", "/approvals/"):
        assert unexplained(opened(leo, path)) == []
