"""Official bundles: any release is read, taken over as a whole, or refused in one sentence."""

import json

import pytest

from portal.attack import engine
from portal.attack.bundle import read_bundle
from portal.attack.models import Release
from portal.attack.releases import CannotImportAttack, import_bundle
from portal.audit.models import Entry
from tests.conftest import NOON
from tests.factories.stix import make_bundle

pytestmark = pytest.mark.django_db


def take(data):
    return import_bundle(data=data, by="tests", now=NOON)


@pytest.fixture
def shipped_again():
    yield
    engine.use(None)


def test_a_bundle_is_read_with_matrix_sub_techniques_and_crosswalk():
    catalogue = read_bundle(make_bundle("18.1"))
    assert (catalogue["version"], catalogue["year"]) == ("18.1", "2026")
    assert [row["name"] for row in catalogue["tactics"]] == ["Lateral Movement", "Evasion"]
    rows = {row["id"]: row for row in catalogue["techniques"]}
    assert rows["T0843.001"]["full_name"] == "Program Download: Download All"
    assert rows["T0843.001"]["parent"] == "T0843" and rows["T0843"]["parent"] is None
    assert rows["T0855"]["revoked_by"] == "T0843.001"
    assert rows["T0843.001"]["former_id"] == "T0855"


def test_a_release_is_taken_over_once_and_keeps_ids_it_no_longer_has(shipped_again):
    first = take(make_bundle("20.0"))
    assert first == {
        "version": "20.0",
        "tactics": 2,
        "techniques": 1,
        "subtechniques": 1,
        "is_changed": True,
    }
    assert engine.version() == "19.1"
    engine.use(Release.objects.get().catalogue)
    assert engine.version() == "20.0" and "© 2026 The MITRE" in engine.notice()
    assert engine.resolve("T0855") == "T0843.001"
    gone = engine.technique("T0842")
    assert gone is not None and gone.is_deprecated
    assert not take(make_bundle("20.0"))["is_changed"]
    assert Release.objects.count() == Entry.objects.count() == 1


def test_what_is_no_bundle_of_a_later_release_is_refused_and_changes_nothing():
    whole = json.loads(make_bundle("20.0"))
    for change, words in (
        (b"{", "not JSON"),
        (b"[]", "not a STIX bundle"),
        (json.dumps({**whole, "objects": whole["objects"][1:]}).encode(), "names no release"),
        (json.dumps({**whole, "objects": whole["objects"][:1]}).encode(), "no matrix"),
        (make_bundle("20.0", tactics=("evasion",)), "T0843 names the tactic lateral-movement"),
        (make_bundle("18.1"), "Release 18.1 is older than 19.1"),
    ):
        with pytest.raises(CannotImportAttack, match=words):
            take(change)
    assert not Release.objects.exists()
