"""The pieces say what they are given, escaped, and tell states by words."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils.html import strip_tags
from django.utils.translation import override

from portal.ui.charts import parts_bar
from portal.ui.pieces import BarPart, ChartPoint, LinePoint, ScorePart, Tab
from portal.ui.shell import Count
from portal.ui.words import numeral

NOW = datetime(2026, 11, 25, 8, 44, tzinfo=UTC)


def drawn(source: str, path: str = "/", **context) -> str:
    values = {"now": NOW, "request": RequestFactory().get(path), **context}
    return Template("{% load ui %}" + source).render(Context(values))


def test_what_comes_from_outside_is_escaped():
    html = drawn("{% chip name %}{% avatar name %}{% button name %}", name="<b>PLC</b>")
    assert "<b>PLC" not in html and "&lt;b&gt;PLC" in html


def test_a_button_takes_any_attribute_and_binds_its_key():
    html = drawn('{% button "Ask OT" kind="primary" key="R" hx_post="/ask/" disabled=False %}')
    assert 'hx-post="/ask/"' in html and 'data-key="r"' in html and "disabled" not in html


def test_a_button_with_an_address_is_a_link():
    assert drawn('{% button "Open" href="/x/" %}').startswith('<a href="/x/"')


def test_a_link_in_a_legend_is_large_enough_for_a_thumb():
    html = parts_bar([BarPart("open", 1, "1 open", "/incidents/"), BarPart("rest", 2, "2 others")])
    assert '<a class="link-alone" href="/incidents/">1 open</a>' in html
    assert html.count("<a") == 1


def test_a_button_that_is_only_an_icon_has_a_name():
    assert 'aria-label="Close"' in drawn('{% button "Close" icon="x" icon_only=True %}')


@pytest.mark.parametrize("tag", ['{% chip "x" "pink" %}', '{% button "x" kind="pink" %}'])
def test_a_kind_that_does_not_exist_is_a_mistake(tag):
    with pytest.raises(ValueError, match="does not exist"):
        drawn(tag)


@pytest.mark.parametrize(
    ("level", "bars", "word"),
    [
        ("High", 3, "High"),
        ("Medium", 2, "Medium"),
        ("low", 1, "Low"),
        ("Informational", 0, "Informational"),
        ("Strange", 0, "Strange"),
    ],
)
def test_severity_is_bars_and_a_word(level, bars, word):
    html = drawn("{% sev level %}", level=level)
    assert html.count('class="on"') == bars and html.endswith(f"{word}</span>")


@pytest.mark.parametrize(
    ("value", "tone"), [(85, "priority-red"), (84, "priority-amber"), (40, "priority-amber")]
)
def test_priority_is_red_from_85_and_amber_from_40(value, tone):
    assert tone in drawn("{% prio value %}", value=value)
    assert "priority-" not in drawn("{% prio 39 %}")


@pytest.mark.parametrize(
    ("minutes", "says", "tone"),
    [
        (130, "2 h 10", 'class="sla"'),
        (41, "41 min", "sla-soon"),
        (-12, "Late 12 min", "sla-late"),
        (60 * 30, "1 day", 'class="sla"'),
    ],
)
def test_time_left_turns_amber_in_its_last_quarter_and_red_when_late(minutes, says, tone):
    due = NOW + timedelta(minutes=minutes)
    html = drawn("{% sla due start=start %}", due=due, start=NOW - timedelta(hours=4))
    assert f">{says}</time>" in html and tone in html


def test_an_answered_question_has_no_time_left():
    assert "Answered" in drawn("{% sla due answered=True %}", due=NOW)


def test_moments_under_a_day_are_relative_with_the_exact_time_as_tooltip():
    html = drawn('{% time at zone="Europe/Warsaw" %}', at=NOW - timedelta(minutes=6))
    assert ">6 min ago</time>" in html
    assert 'title="25 Nov 2026, 09:38:00 CET (08:38:00 UTC)"' in html


def test_a_page_whose_view_gives_no_time_uses_the_frames():
    frame = SimpleNamespace(now=NOW)
    html = Template('{% load ui %}{% time at zone="reader" %}{% sla at %}').render(
        Context({"shell": frame, "at": NOW - timedelta(minutes=6)})
    )
    assert "6 min ago" in html and "Late 6 min" in html


def test_a_zone_the_machine_does_not_know_falls_back():
    assert "25 Nov 2026, 08:44:00 UTC" in drawn('{% time at "full" zone="Mars/Base" %}', at=NOW)


def test_parts_of_a_score_are_signed_and_summed():
    html = drawn(
        "{% why_list parts 35 %}",
        parts=[ScorePart(44, "new logic"), ScorePart(-9, "known station")],
    )
    assert "+44" in html and "−9" in html and ">35<" in html


def test_the_query_keeps_what_it_is_not_asked_to_change():
    assert drawn('{% query state="open" %}', "/?sev=high&sev=low&state=new&after=m") == (
        "?sev=high&amp;sev=low&amp;state=open"
    )


def test_the_current_tab_says_so_and_counts_are_shown():
    html = drawn(
        "{% tabs tabs 'Views' %}", tabs=[Tab("Mine", "/m", 4, current=True), Tab("All", "/a")]
    )
    assert html.count('aria-current="page"') == 1 and '<span class="count">4</span>' in html


def test_large_numbers_carry_the_mark_of_the_language():
    some = {"some": Count(999, more=True)}
    text = "{% count 4889 %} {% count some %} {{ 1234567|number }} {{ '–'|number }}"
    for language, parts in (("en", "4,889 999+ 1,234,567 –"), ("de", "4.889 999+ 1.234.567 –")):
        with override(language):
            assert strip_tags(drawn(text, **some)) == parts


@pytest.mark.parametrize(
    ("filtered", "english", "german"),
    [
        ("1234567|number", "1,234,567", "1.234.567"),
        ("5.25|number:1", "5.2", "5,2"),
        ("0.105|percent", "10.5 %", "10,5 %"),
        ("1|percent", "100.0 %", "100,0 %"),
        ("0.875|percent:0", "88 %", "88 %"),
        ("0.9999|percent", "99.9 %", "99,9 %"),
        ("0.0001|percent", "0.1 %", "0,1 %"),
        ("0|percent", "0.0 %", "0,0 %"),
        ("59.4|hours", "59 min", "59 min"),
        ("59.6|hours", "1.0 h", "1,0 h"),
        ("312|hours", "5.2 h", "5,2 h"),
        ("598|hours", "10 h", "10 h"),
        ("74040|hours", "1,234 h", "1.234 h"),
        ("'–'|percent", "–", "–"),
    ],
)
def test_numbers_are_written_as_the_language_writes_them(filtered, english, german):
    for language, text in (("en", english), ("de", german)):
        with override(language):
            assert drawn(f"{{{{ {filtered} }}}}") == text


def test_a_number_in_plain_notation_is_written_as_the_language_writes_it():
    with override("de"):
        assert [numeral(text) for text in ("1234", "10.5 %", "100.0 %", "R-12", "High")] == [
            "1.234",
            "10,5 %",
            "100,0 %",
            "R-12",
            "High",
        ]


def test_a_card_takes_a_head_made_before():
    html = drawn('{% chip "Critical" "high" as c %}{% card "PLC" "cpu" aside=c %}x{% endcard %}')
    assert "<h2>PLC</h2>" in html and "chip-high" in html and html.endswith("x</div></section>")


def test_a_chart_can_be_read_as_a_table():
    points = [ChartPoint("week 1", 3), ChartPoint("week 2", 6, hot=True)]
    html = drawn("{% chart_bars points 'Two weeks' %}", points=points)
    assert html.count("<rect") == 2 and 'class="hot"' in html
    assert '<th scope="row">week 2</th><td class="cell-number">6</td>' in html


def test_charts_without_numbers_say_so():
    assert "No numbers yet." in drawn("{% chart_bars points 'None' %}", points=[])
    assert "No verdict yet." in drawn("{% verdict_bar counts %}", counts={"routine": 0})


def test_verdicts_are_told_by_icon_and_word_whatever_their_spelling():
    for spelling in ("not-sure", "not_sure", "NOT_SURE"):
        html = drawn("{% verdict_badge v %}", v=spelling)
        assert "Not sure" in html and "#circle-question-mark" in html


def test_no_verdict_is_preselected():
    assert "checked" not in drawn("{% verdict_choices %}")
    assert drawn('{% verdict_choices "verdict" "routine" %}').count("checked") == 1


def test_short_device_names_stay_whole_at_the_end_of_a_line():
    html = drawn("{{ words|unbroken }}", words="<i>BI-REP-01 and E-Mail-Adresse")
    name = '<span class="unbroken">BI-REP-01</span>'
    assert html == f"<span>&lt;i&gt;{name} and E-Mail-Adresse</span>", "one piece in a flexible box"
    assert 'unbroken"' not in drawn("{{ words|unbroken }}", words="PACKAGING-LINE-CONTROLLER-01")


def test_a_line_breaks_where_a_value_is_missing_and_marks_what_should_be_there():
    points = [
        LinePoint("3 Nov", 4, "4"),
        LinePoint("10 Nov", None, "–", gap="7 days not read"),
        LinePoint("17 Nov", None, "–"),
        LinePoint("24 Nov", 0, "0"),
    ]
    html = drawn("{% chart_line points 'Open: 0 now' when='Week to' %}", points=points)
    assert html.count("<polyline") == html.count('class="dot"') == 2
    assert html.count('class="gap"') == 1
    assert 'role="img" aria-label="Open: 0 now"' in html
    assert '<th scope="col">Week to</th>' in html
    cells = re.findall(r'<th scope="row">(.*?)</th><td class="cell-number">(.*?)</td>', html)
    assert cells == [
        ("3 Nov", "4"),
        ("10 Nov", "7 days not read"),
        ("17 Nov", "–"),
        ("24 Nov", "0"),
    ]
    assert "<title>10 Nov: 7 days not read</title>" in html


def test_a_line_without_any_value_says_so():
    points = [LinePoint("3 Nov", None, "–")]
    assert "No numbers yet." in drawn("{% chart_line points 'None' %}", points=points)
