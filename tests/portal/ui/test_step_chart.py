"""The chart of steps: what each adds stands on what came before."""

import re

from portal.ui.step_chart import ChartLevel, ChartStep, chart_steps

STEPS = [ChartStep("1", 0.3, "ot"), ChartStep("2", 0.2, "open", is_current=True)]


def bars(markup):
    """Top and height of each bar of the wide drawing."""
    wide = markup.split("steps-narrow")[0]
    found = re.findall(r'class="step-bar [^>]* y="([\d.]+)" height="([\d.]+)"', wide)
    return [(float(top), float(height)) for top, height in found]


def test_each_step_begins_where_the_one_before_ended():
    (first_top, _), (second_top, second_height) = bars(chart_steps(STEPS, "A plan"))
    assert abs(second_top + second_height - first_top) < 0.2


def test_it_comes_for_both_widths_with_a_table_and_is_read_out():
    made = chart_steps(STEPS, "Two rules take half", levels=[ChartLevel(0.5, 2, "with these")])
    assert made.count('aria-label="Two rules take half"') == 2
    assert "Show as table" in made and "+30.0 %" in made and "+20.0 %" in made
    assert "with these" in made and "50 %" in made
    assert made.count('fill="url(#hatch-') == 2
    assert "style=" not in made


def test_what_adds_nearly_nothing_is_still_seen():
    ((_, height),) = bars(chart_steps([ChartStep("1", 0.0001, "ok")], "Small"))
    assert height >= 2


def test_many_steps_are_labelled_now_and_then():
    steps = [ChartStep(str(n), 0.01, "ot") for n in range(1, 61)]
    wide = chart_steps(steps, "Many").split("steps-narrow")[0]
    assert 10 < wide.count('text-anchor="middle"') < 40


def test_nothing_is_an_empty_frame():
    assert "step-bar" not in chart_steps([], "Nothing")


def test_a_folded_tail_has_its_name_where_there_is_room_and_in_the_table():
    tail = ChartStep("+23", 0.04, "ot", "23 more: +4.0 %", "23 more")
    wide, narrow = chart_steps([*STEPS, tail], "A plan").split("steps-narrow")
    assert ">23 more</text>" in wide and ">+23</text>" not in wide
    narrow, numbers = narrow.split("chart-table")
    assert ">+23</text>" in narrow and ">23 more</text>" not in narrow
    assert "23 more" in numbers
