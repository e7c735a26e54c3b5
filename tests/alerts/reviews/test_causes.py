"""Which causes OT is offered, and that each can be read on a phone in both languages."""

import pytest

from alerts.incidents.engine.catalogue import alert_type_for, all_types
from alerts.reviews.engine.causes import (
    MAX_ON_A_PHONE,
    VERDICT_CODES,
    all_causes,
    cause,
    causes_for,
)

PROGRAMMING = "Unauthorized PLC Programming"


def ids(title, verdict):
    return [cause.id for cause in causes_for(title, verdict)]


def everything_offered():
    for verdict in VERDICT_CODES:
        for entry in all_types():
            yield from causes_for(entry.title, verdict)


def test_the_catalogue_has_36_causes_with_our_verdicts():
    assert len(all_causes()) == 36
    assert {cause.verdict for cause in all_causes()} == {"routine", "maintenance"}
    assert len({cause.id for cause in all_causes()}) == 36


def test_causes_name_only_titles_that_exist():
    for choice in all_causes():
        assert choice.alert_titles
        for title in choice.alert_titles + choice.also_titles:
            entry = alert_type_for(title)
            assert entry is not None
            assert entry.title == title
        assert not set(choice.alert_titles) & set(choice.also_titles)


@pytest.mark.parametrize("verdict", VERDICT_CODES)
def test_every_title_gets_three_to_six_reasons_and_other_last(verdict):
    for title in [entry.title for entry in all_types()] + ["New Port Discovery", ""]:
        offered = ids(title, verdict)
        assert offered[-1] == "other"
        assert 3 <= len(offered) - 1 <= MAX_ON_A_PHONE, title
        assert len(offered) == len(set(offered)), title


@pytest.mark.parametrize("language", ["en", "de"])
def test_labels_fit_a_chip_and_help_is_one_line(language):
    for choice in everything_offered():
        assert 0 < len(choice.label(language)) <= 22
        assert 0 < len(choice.help(language)) <= 90
        assert choice.help(language).endswith(".")


def test_labels_tell_apart_what_is_offered_together():
    for verdict in VERDICT_CODES:
        for entry in all_types():
            for language in ("en", "de"):
                labels = [cause.label(language) for cause in causes_for(entry.title, verdict)]
                assert len(labels) == len(set(labels)), (entry.title, labels)


def test_the_most_typical_cause_of_the_verdict_comes_first():
    assert ids(PROGRAMMING, "maintenance")[0] == "plc-programming-window"
    assert ids(PROGRAMMING, "routine")[0] == "ews-not-flagged"
    assert ids("Unauthorized Database Operation", "routine")[0] == "mes-historian-tags"


def test_how_the_title_is_written_does_not_matter():
    assert ids("(MDIoT) unauthorized plc  programming", "routine") == ids(PROGRAMMING, "routine")


def test_a_related_title_borrows_causes():
    assert "firmware-campaign" in ids("Emerson ROC Firmware Version Changed", "maintenance")
    assert "recipe-change" in ids("Omron FINS Unauthorized Command", "routine")


def test_suspicious_and_not_sure_never_offer_a_routine_cause():
    for verdict in ("suspicious", "not-sure"):
        kinds = {cause.kind for cause in causes_for(PROGRAMMING, verdict)}
        assert kinds == {"general", "other"}
    assert "nobody-of-us" in ids(PROGRAMMING, "suspicious")
    assert "ask-vendor" in ids(PROGRAMMING, "not-sure")


def test_evidence_is_asked_in_the_language_of_the_page():
    for choice in all_causes():
        assert len(choice.evidence) == len(choice.evidence_in("de")) >= 2
    spare = cause("spare-swap")
    assert spare is not None
    assert spare.evidence_in("de-AT")[0] == "Arbeitsauftrag"
    assert spare.evidence_in("fr") == spare.evidence


def test_what_rests_on_our_practice_alone_is_unconfirmed():
    unconfirmed = [cause for cause in all_causes() if cause.unconfirmed]
    assert len(unconfirmed) == 16
    assert all(cause.basis == ("OT practice",) for cause in unconfirmed)


def test_lookalikes_stand_beside_the_cause_they_resemble():
    programming = cause("plc-programming-window")
    assert programming is not None
    assert [lookalike.id for lookalike in programming.lookalikes] == ["right-window-wrong-source"]
    assert sum(len(cause.lookalikes) for cause in all_causes()) == 10


def test_other_and_unknown_ids():
    other = cause("other")
    assert other is not None
    assert other.label("de") == "Anderes"
    assert other.verdict is None
    assert cause("no-such-cause") is None
