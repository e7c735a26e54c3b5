"""The page of the plan: the offer, what each person may do, proposing and asking."""

import re
from uuid import uuid4

import pytest

from alerts.incidents.models import Incident
from alerts.patterns.models import Pattern, PatternState, PlanQuestion
from alerts.patterns.web import plan_rows
from alerts.suppression.backtesting.history_sql import BackTestTimedOut
from alerts.suppression.models import RuleVersion
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_site

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def planned(noon, planned_steps, leo):
    return planned_steps


@pytest.fixture
def page(client, noon):
    """`page(person, address)` gives the page as text; with words it posts them."""

    def text_of(person, address="/plan/", *, proved=True, **values):
        client.force_login(person)
        if proved:
            session = client.session
            session["proved_at"] = NOON.isoformat()
            session.save()
        answer = client.post(address, values) if values else client.get(address)
        text_of.status = answer.status_code
        text_of.to = answer.get("Location", "")
        return " ".join(answer.content.decode().split())

    return text_of


def test_the_offer_stands_first_with_its_evidence(page, planned, leo):
    text = page(leo)
    assert "<h1> Sign this rule: 8 % fewer incidents </h1>" in text
    assert "0 of 12 judged were suspicious." in text
    assert "At least 77.9 % harmless." in text
    assert "Tested together on 360 incidents of 31 days" in text
    assert "analysts' work" not in text  # nobody measured it


def test_plan_and_patterns_say_that_history_is_still_being_read(page, planned, leo):
    assert "still being read" not in page(leo) + page(leo, "/patterns/")
    few = Incident.objects.values("pk")[:99]
    Incident.objects.filter(pk__in=few).update(details_due_at=NOON)
    assert "still being read" not in page(leo)
    Incident.objects.update(details_due_at=NOON)
    for address in ("/plan/", "/patterns/"):
        assert "The alerts of 360 incidents are still being read." in page(leo, address)


def test_the_list_tells_whose_turn_it_is(page, planned, leo):
    text = page(leo)
    assert "1 rule to sign, largest gain first" in text and "1 lacks evidence" in text
    assert "Ready to propose" in text and "Needs 3 answers" in text
    assert "Why it is this wide" in text and "Show as table" in text


def test_the_plan_and_its_rows_say_where_evidence_is_little(page, planned, leo):
    assert "harmless: little evidence" not in page(leo)
    ready = Pattern.objects.filter(has_enough_evidence=True)  # programs a PLC: time-boxed
    ready.update(routine=9, judged=9)
    assert "At least 71.7 % harmless: little evidence" in page(leo)
    ready.update(routine=2, judged=2, verdict_uuids=ready.get().verdict_uuids[:2])
    text = page(leo)
    assert "0 of 2 judged were suspicious.</b> That is little evidence." in text


def test_a_row_is_chosen_by_its_address(page, planned, leo, client):
    row = Pattern.objects.get(has_enough_evidence=False)
    text = page(leo, f"/plan/?pattern={row.uuid}")
    assert 'is-chosen"' in text
    text = page(leo, f"/plan/?pattern={str(row.uuid).upper()}")
    assert 'is-chosen"' in text and "no step of the plan" not in text
    client.force_login(leo)
    part = client.get(f"/plan/?pattern={row.uuid}", headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith("<aside")


def test_an_address_of_no_step_of_the_plan_is_answered_in_a_sentence(page, planned, leo):
    row = Pattern.objects.get(has_enough_evidence=False)
    Pattern.objects.filter(pk=row.pk).update(plan_order=None)
    text = page(leo, f"/plan/?pattern={row.uuid}")
    assert f'<a href="/patterns/{row.uuid}/">' in text
    assert f"no step of the plan of {row.site.name} now." in text
    assert 'is-chosen"' not in text
    for address in ("pattern=garbled", f"pattern={uuid4()}", "site=garbled", f"site={uuid4()}"):
        page(leo, f"/plan/?{address}")
        assert page.status == 404, address


def test_a_site_without_plan_is_not_shown_as_another(page, planned, mia, site):
    other = make_site("Ulm")
    text = page(mia, f"/plan/?site={other.uuid}")
    assert f"Ulm has no plan yet. This is the plan of {site.name}." in text


def test_oda_reads_and_proposes_what_is_ready(page, planned, oda):
    assert "/plan/propose/?site=" in page(oda)
    text = page(oda, "/plan/propose/")
    assert "Read and propose this rule" in text and "Why it" not in text
    assert re.search(r"<b>\+\d[\d.]* % · \d+ incidents</b>", text) and "Plant time" in text
    assert "Proposing counts as your own side’s signature." in text
    assert "I looked at the alerts myself" not in text
    uuid = Pattern.objects.get(has_enough_evidence=True).uuid
    page(oda, "/plan/propose/", pattern=uuid, note="All known.")
    assert page.status == 302
    assert RuleVersion.objects.get().state == "proposed"
    text = page(oda)
    assert "Waiting for the SOC" in text
    assert "<h1> 1 rule waits for the SOC: 8 % fewer incidents </h1>" in text


def test_proposing_asks_for_the_password_when_the_proof_is_old(page, planned, oda):
    assert "Your password again" in page(oda, "/plan/propose/", proved=False)
    text = page(oda, "/plan/propose/", proved=False, site="", password="guess")
    assert page.status == 422 and "That is not your password." in text
    page(oda, "/plan/propose/", proved=False, site="", password=PASSWORD)
    assert page.status == 302


def test_what_is_refused_is_told_as_sentences(page, planned, leo):
    text = page(leo, "/plan/propose/", site="", note="")
    assert page.status == 422
    assert "What was refused" in text and "Fewer than two people judged" in text
    assert not RuleVersion.objects.exists()


def test_the_lead_signs_from_the_plan_in_a_sitting(page, planned, oda, leo):
    page(oda, "/plan/propose/", site="")
    text = page(leo)
    assert "Sign 1 now" in text and "/approvals/sitting/" in text
    rules.sign(RuleVersion.objects.get(), by=leo, now=NOON)
    text = page(leo)
    assert "In its trial" in text and "Sign 1 now" not in text


def test_a_rule_in_its_trial_is_no_effect_yet(page, planned, oda, leo):
    """Its share is covered, not kept from people: another tone and other words, and a sentence."""
    page(oda, "/plan/propose/", pattern=Pattern.objects.get(has_enough_evidence=True).uuid, note="")
    assert "Incidents that no longer reach the SOC" in page(leo)
    rules.sign(RuleVersion.objects.get(), by=leo, now=NOON)
    text = page(leo)
    assert "Incidents that no longer reach the SOC" not in text
    assert "Incidents that rules cover" in text and "step-ok" not in text
    assert "1 of 1 signed rules is in its trial: it only labels, and closes nothing yet." in text
    assert "1 rule is signed:" in text


def test_the_soc_asks_the_questions_and_ot_is_not_offered_that(page, planned, oda, leo):
    assert "/plan/ask/" not in page(oda)
    text = page(leo)
    assert "Ask these 3 questions to gain" in text and "To Oda Nowak" in text
    page(leo, "/plan/ask/", site="")
    assert PlanQuestion.objects.count() == 3
    assert "/plan/ask/" not in page(leo)


def test_a_pattern_is_put_off_or_rejected_with_a_reason_and_comes_back(page, planned, oda):
    uuid = Pattern.objects.get(has_enough_evidence=True).uuid
    page(oda, f"/patterns/{uuid}/snooze/", from_plan="1")
    assert Pattern.objects.get(uuid=uuid).state == PatternState.SNOOZED
    page(oda, f"/patterns/{uuid}/reopen/", a="1")
    page(oda, f"/patterns/{uuid}/reject/", from_plan="1", reason=" ")
    assert page.to.startswith("/plan/?site=")
    assert Pattern.objects.get(uuid=uuid).state == PatternState.OPEN
    page(oda, f"/patterns/{uuid}/reject/", from_plan="1", reason="Ends next week")
    assert Pattern.objects.get(uuid=uuid).state_reason == "Ends next week"
    assert "Nothing to sign at Gdańsk now" in page(oda)


def test_the_plans_former_addresses_lead_to_those_of_the_pattern(page, planned, oda):
    uuid = Pattern.objects.get(has_enough_evidence=True).uuid
    for act in ("snooze", "reject"):
        page(oda, f"/plan/{uuid}/{act}/")
        assert page.to == f"/patterns/{uuid}/{act}/"


def test_who_only_reads_is_offered_nothing(page, planned, make_person):
    from portal.accounts.models import GrantScope, Role
    from tests import cast

    mia = make_person(cast.MIA, (Role.MANAGER, GrantScope.ALL, None))
    text = page(mia)
    for words in ("/plan/propose/", "/plan/ask/", "/snooze/", "/reject/", "Sign 1 now"):
        assert words not in text
    page(mia, "/plan/propose/", site="")
    assert not RuleVersion.objects.exists()


def test_over_all_sites_there_is_a_line_each(page, planned, leo):
    assert "Gdańsk" in page(leo, "/plan/?site=all")


def test_without_history_it_says_what_is_missing(page, leo):
    text = page(leo)
    assert "No plan yet" in text and "0 of 14 days of history" in text


def test_nothing_left_to_gain_says_so(page, planned, leo):
    Pattern.objects.update(plan_order=None)
    assert "Nothing left to gain" in page(leo)


def test_what_signed_rules_would_have_closed_is_counted_after_the_page(page, planned, leo, oda):
    assert 'hx-get="/plan/distance/?site=' in page(leo)
    words = "No rule is signed here yet, so there is nothing to compare with the plan."
    assert words in page(oda, "/plan/distance/")


def test_where_that_takes_too_long_the_page_says_so(page, planned, leo, monkeypatch):
    def too_long(*_args, **_more):
        raise BackTestTimedOut

    monkeypatch.setattr(plan_rows, "signed_share_at", too_long)
    assert "could not be counted in time" in page(leo, "/plan/distance/")
