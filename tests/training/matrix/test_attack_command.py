"""`attack lint` and `attack import`: old ids by their places, a bundle in one sentence."""

import json

import pytest
from django.core.management import CommandError, call_command

from tests.alerts.suppression.samples import DOWNLOADS, but, clause
from tests.factories.incidents import make_site, make_workspace
from tests.factories.rule_rows import make_version
from tests.factories.stix import make_bundle

pytestmark = pytest.mark.django_db


def test_lint_names_old_ids_in_lessons_and_rules_and_fails(capsys, lesson, sam, leo):
    call_command("attack", "lint")
    assert "0 faults by ATT&CK for ICS 19.1." in capsys.readouterr().out
    lesson.techniques = ["T0818"]
    lesson.save()
    call_command("attack", "lint")
    out = capsys.readouterr().out
    assert "T0818 (Engineering Workstation Compromise) is deprecated" in out and "(note)" in out
    lesson.techniques = ["T0855"]
    lesson.save()
    of = but(DOWNLOADS, clause("techniques", "is", "T9999"))
    make_version("live", of=of, ot=sam, soc=leo, workspace=make_workspace(), site=make_site())
    with pytest.raises(SystemExit):
        call_command("attack", "lint", "--json")
    faults = json.loads(capsys.readouterr().out)["faults"]
    assert [(each["place"], each["technique_id"]) for each in faults] == [
        ("lesson one-stop", "T0855"), ("rule R-1 v1", "T9999"),
    ]  # fmt: skip
    assert "was replaced by T1692.001" in faults[0]["text"]


def test_import_says_what_it_took_and_what_is_wrong(capsys, tmp_path):
    file = tmp_path / "bundle.json"
    file.write_bytes(make_bundle("20.0"))
    call_command("attack", "import", str(file))
    assert "ATT&CK for ICS 20.0: 2 tactics, 1 techniques" in capsys.readouterr().out
    call_command("attack", "import", str(file))
    assert "No change." in capsys.readouterr().out
    file.write_text("{")
    with pytest.raises(CommandError, match="not JSON"):
        call_command("attack", "import", str(file))
