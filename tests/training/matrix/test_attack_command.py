"""`attack lint` and `attack import`: old ids by their places, a bundle in one sentence."""

import json

import pytest
from django.core.management import CommandError, call_command

from portal.attack.models import Release
from tests.alerts.suppression.samples import DOWNLOADS, but, clause
from tests.factories.incidents import make_site, make_workspace
from tests.factories.rule_rows import make_version
from tests.factories.stix import make_bundle, make_release

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
    assert [(fault["place"], fault["technique_id"]) for fault in faults] == [
        ("lesson one-stop", "T0855"),
        ("rule R-1 v1", "T9999"),
    ]
    assert "was replaced by T1692.001" in faults[0]["text"]


def test_a_dry_run_names_each_change_and_what_it_touches(capsys, tmp_path, lesson):
    file = tmp_path / "bundle.json"
    file.write_bytes(
        make_release(
            "20.0",
            added=(("T0846.004", "Neighbour Discovery", "discovery"), ("T2001", "New", "impact")),
            revoked={"T0858": "T0843"},
            renamed={"T0843": "Program Transfer"},
            dropped=("T0892",),
        )
    )
    call_command("attack", "import", str(file), "--dry-run", "--json")
    result = json.loads(capsys.readouterr().out)
    assert (result["before"], result["after"]) == ("19.1", "20.0")
    changes = {(change["kind"], change["technique_id"]): change for change in result["changes"]}
    assert [key for key in changes if "." not in key[1]] == [
        ("new", "T2001"),
        ("revoked", "T0858"),
        ("deprecated", "T0892"),
        ("renamed", "T0843"),
    ]
    part = changes["new", "T0846.004"]
    assert part["name"] == "Remote System Discovery: Neighbour Discovery"
    assert "review of “Address Scan Detected”" in part["places"], "a part may say it better"
    stop = changes["revoked", "T0858"]
    assert stop["text"] == "T0843 Program Transfer"
    assert {"review of “Controller Stop”", "lesson one-stop", "card stop"} <= {*stop["places"]}
    assert changes["new", "T2001"]["places"] == changes["deprecated", "T0892"]["places"] == []
    call_command("attack", "import", str(file), "--dry-run")
    out = capsys.readouterr().out
    assert "revoked: T0858 Change Operating Mode → T0843 Program Transfer" in out
    assert "19.1 → 20.0" in out and "none made." in out
    assert not Release.objects.exists()
    file.write_bytes(make_bundle("18.1"))
    with pytest.raises(CommandError, match=r"18\.1 is older than 19\.1"):
        call_command("attack", "import", str(file), "--dry-run")


def test_the_same_release_again_has_no_change(capsys, tmp_path, db):
    file = tmp_path / "bundle.json"
    file.write_bytes(make_release("19.1"))
    call_command("attack", "import", str(file), "--dry-run")
    assert "19.1 → 19.1: 0 changes" in capsys.readouterr().out


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
