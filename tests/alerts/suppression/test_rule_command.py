"""`rule compile` and `rule backtest`: a rule in a file, one sentence for what is wrong with it."""

import json

import pytest
from django.core.management import CommandError, call_command

from alerts.rules.rule import Clause, RuleDefinition, as_json, rule_hash
from alerts.suppression.models import BackTestRun
from tests.alerts.suppression.past import routine, rule_for
from tests.factories.incidents import make_site, make_workspace

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def site():
    return make_site()


@pytest.fixture
def written(tmp_path):
    """`written(rule or data)` is the name of a file that holds it."""

    def write(content):
        file = tmp_path / "rule.json"
        data = as_json(content) if isinstance(content, RuleDefinition) else content
        file.write_text(data if isinstance(data, str) else json.dumps(data))
        return str(file)

    return write


def _json(capsys, *words):
    call_command("rule", *words, "--json")
    return json.loads(capsys.readouterr().out)


def test_a_back_test_prints_what_would_have_been(written, site, capsys):
    routine(make_workspace(), site)
    rule = rule_for(site)
    result = _json(capsys, "backtest", written(rule), "--days", "60")
    assert (result["rule_hash"], result["alerts"], result["after_each"]) == (
        rule_hash(rule),
        30,
        [30, 30, 30],
    )
    assert len(result["reasons"]) == 1
    assert "Gdańsk" in result["reasons"][0]
    assert BackTestRun.objects.get().body["alerts"] == 30
    call_command("rule", "backtest", written(rule))
    assert "against it:" in capsys.readouterr().out


def test_as_sql_what_a_person_wrote_travels_apart(written, site, capsys):
    result = _json(capsys, "compile", written(rule_for(site)), "--to", "sql")
    assert "ENG-WS-04" not in result["sql"]
    assert "ENG-WS-04" in result["params"]
    call_command("rule", "compile", written(rule_for(site)), "--to", "sql")
    assert "SELECT a.id" in capsys.readouterr().out


def test_as_kql_it_names_what_only_tagout_knows(written, site, capsys):
    result = _json(capsys, "compile", written(rule_for(site)), "--to", "kql")
    assert result["is_exact"] and result["left_out"] == []
    assert '| where SourceDevice in ("ENG-WS-04")' in result["kql"]
    rule = rule_for(site)
    work = Clause("planned_work", "within", ("backup",))
    rule = RuleDefinition(title=rule.title, all_of=(*rule.all_of, work))
    result = _json(capsys, "compile", written(rule), "--to", "kql")
    assert not result["is_exact"]
    assert [line["field"] for line in result["left_out"]] == ["planned_work"]
    call_command("rule", "compile", written(rule), "--to", "kql")
    out = capsys.readouterr().out
    assert out.startswith("// left out, because only Tagout knows it: planned work\n")
    assert "backup" not in out


def test_as_an_automation_rule_each_workspace_says_how_exact(written, site, capsys):
    make_workspace("north")
    make_workspace("south")
    lines = (
        Clause("workspace", "is", ("north",)),
        Clause("alert_type", "is", ("DNP3 Restart",)),
        Clause("source_device", "is", ("ENG-WS-04",)),
    )
    rule = RuleDefinition(title="What the north does", all_of=lines)
    result = _json(capsys, "compile", written(rule), "--to", "automation-rule")
    assert [form["workspace"] for form in result["forms"]] == ["north"]
    assert result["forms"][0]["verdict"] == "impossible"  # direction, and nobody probed it yet
    assert result["forms"][0]["reasons"]
    call_command(
        "rule", "compile", written(rule), "--to", "automation-rule", "--workspace", "south"
    )
    assert "south: impossible" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("{", "JSON"),
        ({"version": 1, "title": "A rule", "all_of": [], "colour": "red"}, "colour"),
        ({"version": 1, "title": "A rule", "all_of": []}, "no condition"),
        (
            {
                "version": 1,
                "title": "A rule",
                "all_of": [
                    {
                        "field": "time",
                        "operator": "within",
                        "values": ["Tue 06:00-08:00 Europe/Atlantis"],
                    }
                ],
            },
            "Europe/Atlantis",
        ),
    ],
)
def test_what_is_no_rule_is_refused_in_a_sentence(written, data, text):
    for words in (("backtest",), ("compile", "--to", "sql")):
        with pytest.raises(CommandError, match=text):
            call_command("rule", words[0], written(data), *words[1:])
    assert not BackTestRun.objects.exists()


def test_wrong_words_are_one_sentence(written, site):
    file = written(rule_for(site))
    for words, text in (
        ((), "Name what to do: compile or backtest"),
        (("compile",), "needs a file"),
        (("compile", "nowhere.json", "--to", "sql"), "cannot be read"),
        (("compile", file), "--to sql, kql or automation-rule"),
        (("compile", file, "--to", "spl"), "--to sql, kql or automation-rule"),
        (("compile", file, "--to", "automation-rule"), "no workspace yet"),
        (("compile", file, "--to", "automation-rule", "--workspace", "x"), "named x"),
        (("backtest", file, "--days", "many"), "number of days"),
        (("backtest", file, "--days", "0"), "1 to 400 days"),
    ):
        with pytest.raises(CommandError, match=text):
            call_command("rule", *words)
