"""S5: two people of two sides, each on exactly what was on the screen."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rules.guards.signing import (
    SideSignature,
    Signer,
    SigningSide,
    Version,
    reasons_against_evidence,
    reasons_against_signing,
    reasons_not_signed,
)
from tests.alerts.suppression.samples import NOW

OT, SOC = SigningSide.OT, SigningSide.SOC
SECOND, WEEK = timedelta(seconds=1), timedelta(days=7)
VERSION = Version(
    rule_hash="h1",
    forms=("trial", "live"),
    proposer="oda",
    proposer_side=OT,
    evidence_givers=frozenset({"oda", "olaf"}),
    backtest_hash="h1",
    backtest_at=NOW - timedelta(days=1),
)
LITTLE = replace(VERSION, is_little_evidence=True)
LEO = Signer(
    person="leo", kind="person", rights=frozenset({SOC}), proved_at=NOW - timedelta(minutes=1)
)
ODA = replace(LEO, person="oda", rights=frozenset({OT}))


def signed(side=OT, person="oda", **values):
    usual = {"rule_hash": "h1", "forms": ("trial", "live"), "signed_at": NOW - timedelta(days=1)}
    return SideSignature(side=side, person=person, **usual | values)


def codes(reasons):
    return [reason.code for reason in reasons]


def refusals(version=VERSION, signer=LEO, side=SOC, signatures=(), **conditions):
    usual = {"seen_hash": "h1", "now": NOW}
    return codes(
        reasons_against_signing(
            version, signer, side=side, signatures=signatures, **usual | conditions
        )
    )


def test_ot_proposes_and_the_soc_lead_signs():
    assert refusals(signer=ODA, side=OT) == []
    assert refusals(signatures=[signed()]) == []
    both = [signed(), signed(SOC, "leo")]
    assert reasons_not_signed(VERSION, both, now=NOW) == []


@pytest.mark.abuse("A19")
@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        ({"signer": replace(LEO, kind="token")}, "sign.not_a_person"),
        ({"signer": replace(LEO, kind="service")}, "sign.not_a_person"),
        ({"signer": replace(LEO, kind="superuser")}, "sign.not_a_person"),
        ({"signer": replace(LEO, kind="")}, "sign.not_a_person"),
        ({"signer": replace(LEO, rights=frozenset())}, "sign.right"),
        ({"signer": replace(LEO, rights=frozenset({OT}))}, "sign.right"),
        ({"signatures": [signed(SOC, "lena")]}, "sign.twice"),
        ({"signatures": [signed(SOC, "leo")]}, "sign.twice"),
        ({"signatures": [signed(OT, "leo")]}, "sign.second_person"),
        ({"signer": replace(LEO, person="olaf")}, "sign.evidence"),
        ({"seen_hash": "h0"}, "sign.hash"),
        ({"signer": replace(LEO, proved_at=None)}, "sign.fresh"),
        ({"signer": replace(LEO, proved_at=NOW - timedelta(minutes=5) - SECOND)}, "sign.fresh"),
        ({"signer": replace(LEO, proved_at=NOW + SECOND)}, "sign.fresh"),
        ({"version": replace(VERSION, backtest_at=None)}, "sign.backtest"),
        ({"version": replace(VERSION, backtest_hash="h0")}, "sign.backtest"),
        ({"version": replace(VERSION, backtest_at=NOW - WEEK - SECOND)}, "sign.backtest"),
        ({"version": LITTLE, "is_checked": True}, "sign.little"),
        ({"version": LITTLE, "is_checked": True, "note": " "}, "sign.little"),
        ({"version": LITTLE, "note": "Same as R-3"}, "sign.look"),
    ],
)
def test_each_thing_alone_refuses_a_signature(conditions, code):
    assert refusals(**conditions) == [code]


@pytest.mark.parametrize(
    "conditions",
    [
        {"signer": replace(LEO, proved_at=NOW - timedelta(minutes=5))},
        {"signer": replace(LEO, proved_at=NOW)},
        {"version": replace(VERSION, backtest_at=NOW - WEEK)},
        {"version": LITTLE, "note": "Same as R-3", "is_checked": True},
        {"signatures": [signed(SOC, "lena", rule_hash="h0")]},
        {"signatures": [signed(SOC, "lena", forms=("trial",))]},
        {"signatures": [signed(SOC, "lena", signed_at=NOW - WEEK - SECOND)]},
    ],
)
def test_what_is_just_in_time_or_void_does_not_refuse(conditions):
    assert refusals(**conditions) == []


@pytest.mark.abuse("A19")
def test_who_proposes_gives_the_signature_of_their_own_side_only():
    both = replace(ODA, rights=frozenset({OT, SOC}))
    no_evidence = replace(VERSION, evidence_givers=frozenset())
    assert refusals(no_evidence, both, OT) == []
    assert refusals(no_evidence, both, SOC) == ["sign.proposer"]
    analyst = replace(no_evidence, proposer="sam", proposer_side=None)
    sam = replace(both, person="sam")
    assert refusals(analyst, sam, SOC) == refusals(analyst, sam, OT) == ["sign.proposer"]


def test_who_gave_evidence_signs_for_ot():
    olaf = replace(ODA, person="olaf", rights=frozenset({OT, SOC}))
    assert refusals(VERSION, olaf, OT) == []
    assert refusals(VERSION, olaf, SOC) == ["sign.evidence"]


def test_little_evidence_asks_only_the_soc_for_words_and_a_look():
    assert refusals(LITTLE, ODA, OT) == []


ODAS, LEOS = signed(), signed(SOC, "leo")


@pytest.mark.abuse("A19")
@pytest.mark.parametrize(
    ("signatures", "found"),
    [
        ([], ["sign.missing", "sign.missing"]),
        ([ODAS], ["sign.missing"]),
        ([LEOS], ["sign.missing"]),
        ([ODAS, signed(SOC, "leo", rule_hash="h0")], ["sign.missing"]),
        ([ODAS, signed(SOC, "leo", forms=("live", "trial"))], ["sign.missing"]),
        ([ODAS, signed(SOC, "leo", forms=())], ["sign.missing"]),
        ([ODAS, signed(SOC, "leo", signed_at=NOW - WEEK - SECOND)], ["sign.old"]),
        ([ODAS, signed(SOC, "leo", signed_at=NOW + SECOND)], ["sign.old"]),
        ([ODAS, signed(SOC, "leo", signed_at=NOW - WEEK)], []),
        ([ODAS, signed(SOC, "leo", signed_at=NOW)], []),
        ([ODAS, signed(SOC, "oda")], ["sign.missing"]),
        ([ODAS, signed(SOC, "olaf")], ["sign.missing"]),
        ([signed(OT, "leo"), LEOS], ["sign.same"]),
        ([signed(OT, "leo"), ODAS, LEOS], []),
    ],
)
def test_a_version_is_signed_by_two_people_of_two_sides_or_not_at_all(signatures, found):
    assert codes(reasons_not_signed(VERSION, signatures, now=NOW)) == found


def test_the_missing_side_is_named():
    assert reasons_not_signed(VERSION, [], now=NOW) == [
        "The signature for OT is missing.",
        "The signature for the SOC is missing.",
    ]
    assert reasons_not_signed(VERSION, [ODAS], now=NOW)[0].detail == {"side": "the SOC"}
    assert refusals(signer=replace(LEO, proved_at=None)) == ["sign.fresh"]


PEOPLE = st.sampled_from(["oda", "olaf", "leo", "sam"])


@pytest.mark.abuse("A19")
@given(
    st.lists(
        st.builds(
            signed,
            st.sampled_from(SigningSide),
            PEOPLE,
            rule_hash=st.sampled_from(["h1", "h1", "h0"]),
            signed_at=st.sampled_from([NOW, NOW - timedelta(days=8)]),
        ),
        max_size=5,
    ),
    PEOPLE,
    st.sampled_from([OT, SOC, None]),
)
def test_no_mix_of_signatures_replaces_a_second_person(signatures, proposer, side):
    version = replace(VERSION, proposer=proposer, proposer_side=side)
    if reasons_not_signed(version, signatures, now=NOW):
        return
    good = [
        signature
        for signature in signatures
        if signature.rule_hash == "h1" and signature.signed_at == NOW
    ]
    pairs = {(a.person, b.person) for a in good for b in good if (a.side, b.side) == (OT, SOC)}
    assert any(
        ot != soc
        and soc not in version.evidence_givers
        and (ot != proposer or side is OT)
        and (soc != proposer or side is SOC)
        for ot, soc in pairs
    )


@pytest.mark.parametrize(
    ("people", "checked", "enough"),
    [
        (["oda", "olaf"], False, True),
        (["oda", "oda"], False, False),
        (["oda"], True, True),
        ([], True, False),
    ],
)
def test_evidence_comes_from_two_people_or_is_checked(people, checked, enough):
    assert (not reasons_against_evidence(people, is_checked_by_approver=checked)) is enough
