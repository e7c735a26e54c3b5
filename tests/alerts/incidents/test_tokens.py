"""The filter language."""

from datetime import timedelta

import pytest

from alerts.incidents.engine.tokens import (
    Term,
    bound_of,
    chosen,
    has_too_many_terms,
    parse_query,
    render,
    span_of,
    toggled,
    without,
)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        ("   ", ()),
        ("sev:high,medium", (Term("sev", ("high", "medium")),)),
        ("-proto:smb", (Term("proto", ("smb",), negated=True),)),
        ("SEV:High", (Term("sev", ("High",)),)),
        ('type:"PLC Stop",Scan', (Term("type", ("PLC Stop", "Scan")),)),
        ("free text", (Term("", ("free",)), Term("", ("text",)))),
        ('"two words"', (Term("", ("two words",)),)),
        ("00:1a:2b:3c", (Term("", ("00:1a:2b:3c",)),)),
        ("nofield:x", (Term("", ("nofield:x",)),)),
        ("sev:", ()),
        ('type:"never closed', (Term("type", ("never closed",)),)),
        ("age:>2h owner:me", (Term("age", (">2h",)), Term("owner", ("me",)))),
    ],
)
def test_a_query_is_read(text, terms):
    assert parse_query(text) == terms


@pytest.mark.parametrize(
    "text", ["sev:high,medium", '-type:"PLC Stop",Scan', '"two words" x', "-10.1.2.3", "age:>2h"]
)
def test_what_is_read_says_itself_again(text):
    assert parse_query(render(parse_query(text))) == parse_query(text)


def test_a_menu_adds_and_takes_away_values():
    one = toggled((), "sev", "high")
    two = toggled(one, "sev", "medium")
    assert render(two) == "sev:high,medium"
    assert render(toggled(two, "sev", "HIGH")) == "sev:medium"
    assert toggled(one, "sev", "high") == ()
    assert chosen(two, "sev") == {"high", "medium"}


def test_a_menu_leaves_what_is_ruled_out_alone():
    assert render(toggled(parse_query("-sev:low"), "sev", "high")) == "-sev:low sev:high"
    no_smb = toggled(parse_query("proto:smb,http sev:low"), "proto", "SMB", negated=True)
    assert render(no_smb) == "proto:http sev:low -proto:SMB", "a value is never both"
    assert render(toggled(no_smb, "proto", "ftp", negated=True)) == (
        "proto:http sev:low -proto:SMB,ftp"
    )
    assert render(toggled(no_smb, "proto", "smb", negated=True)) == "proto:http sev:low"


def test_one_condition_is_taken_away():
    terms = parse_query("sev:high -proto:smb x")
    assert render(without(terms, terms[1])) == "sev:high x"


def test_spans_and_bounds():
    assert span_of(">2h") == (">", timedelta(hours=2))
    assert span_of("<3d") == ("<", timedelta(days=3))
    assert span_of("2h") is None
    assert span_of(">1y") is None
    assert bound_of("85") == (">=", 85)
    assert bound_of("<40") == ("<", 40)
    assert bound_of("high") is None


def test_no_query_is_too_long_to_read():
    assert len(parse_query(" ".join(f"x{n}" for n in range(5000)))) == 20


def test_a_condition_that_is_repeated_is_there_once():
    query = "10.0.0.0/8 " * 40 + "sev:high"
    assert render(parse_query(query)) == "10.0.0.0/8 sev:high"
    assert not has_too_many_terms(query)
