"""Ledger, signatures, back-tests and verdicts: the database keeps what was written once."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from alerts.reviews.models import Verdict
from alerts.suppression.models import BackTestRun, LedgerEntry, RuleVersion, Signature
from tests.conftest import NOON
from tests.factories import rule_rows, rules

LIVE = {
    LedgerEntry: {
        "alerts",
        "change_key",
        "landed_at",
        "ending",
        "ended_at",
        "ending_note",
        "review_again_at",
        "reviewed_at",
        "kept_open",
    },
    Signature: {"void_at"},
    Verdict: {"question", "superseded_by", "withdrawn_at"},
    BackTestRun: {"rule"},
}
OTHER = {"TextField": "other", "JSONField": {}, "ArrayField": ["other"]}


@pytest.fixture
def rows(people, history, workspace, site):
    version = rule_rows.make_version(
        "live", of=rules.downloads(), ot=people.oda, soc=people.leo, workspace=workspace, site=site
    )
    line = rule_rows.make_entry(version, workspace=workspace, site=site)
    return {
        LedgerEntry: line,
        Signature: version.signatures.first(),
        Verdict: history.verdicts[0],
        BackTestRun: version.backtest,
    }


def other_value(field):
    kind = field.get_internal_type()
    if kind == "DateTimeField":
        return NOON.replace(year=2001)
    if kind in ("IntegerField", "PositiveIntegerField", "FloatField", "ForeignKey", "BooleanField"):
        return None
    if kind == "UUIDField":
        return "00000000-0000-4000-8000-000000000001"
    return OTHER.get(kind, "other"[: field.max_length])


@pytest.mark.abuse("A42")
@pytest.mark.parametrize("model", LIVE)
def test_only_the_columns_that_live_change(rows, model):
    row, passed = rows[model], set()
    for field in model._meta.concrete_fields:
        if field.primary_key or field.name in LIVE[model]:
            continue
        value = other_value(field)
        if value is None:
            boolean = field.get_internal_type() == "BooleanField"
            value = not getattr(row, field.attname) if boolean else F(field.attname) + 1
            value = 999_999 if getattr(row, field.attname) is None else value
        try:
            with transaction.atomic():
                model.objects.filter(pk=row.pk).update(**{field.attname: value})
            passed.add(field.name)
        except DatabaseError as error:
            assert "only these columns change" in str(error), field.name
    assert passed == set()


def test_what_lives_changes(rows):
    RuleVersion.objects.update(state="paused")  # what acts keeps its signatures
    LedgerEntry.objects.update(landed_at=NOON, ending="reopened", ended_at=NOON, alerts=[1])
    Signature.objects.update(void_at=NOON)
    Verdict.objects.update(withdrawn_at=NOON)


def test_a_line_that_was_not_carried_out_begins_anew_with_its_rule_and_incident(rows):
    LedgerEntry.objects.update(ending="not-sent")
    LedgerEntry.objects.update(reason="Another", text="Another", at=NOON, ending="")
    LedgerEntry.objects.update(ending="not-sent")
    with pytest.raises(DatabaseError, match="only these columns"), transaction.atomic():
        LedgerEntry.objects.update(act="tagged")


@pytest.mark.parametrize(
    "change",
    [
        {"rule_hash": "f" * 64},
        {"text": "Another"},
        {"signed_soc": "Another"},
        {"landed_at": None},
        {"landed_at": None, "text": "Another"},
    ],
)
def test_a_close_that_landed_is_not_written_over_by_calling_it_not_sent(rows, change):
    assert rows[LedgerEntry].act == "closed"
    LedgerEntry.objects.update(landed_at=NOON)
    LedgerEntry.objects.update(ending="not-sent")
    with pytest.raises(DatabaseError, match="only these columns"), transaction.atomic():
        LedgerEntry.objects.update(**change, ending="")


@pytest.mark.abuse("A42")
def test_a_void_signature_stays_void(rows):
    RuleVersion.objects.update(state="paused")
    Signature.objects.update(void_at=NOON)
    with pytest.raises(DatabaseError, match="only these columns"), transaction.atomic():
        Signature.objects.update(void_at=None)


@pytest.mark.abuse("A42")
@pytest.mark.parametrize("table", ["suppression_ledgerentry", "suppression_signature"])
def test_the_role_of_the_application_removes_none_of_it(rows, table):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("CREATE ROLE tagout_tests_app")
        cursor.execute(f"GRANT ALL ON {table} TO tagout_tests_app")
        cursor.execute("SELECT others_may(%s::regclass, 'SELECT, INSERT, UPDATE')", [table])
        cursor.execute("SET LOCAL ROLE tagout_tests_app")
        for sql in (f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                cursor.execute(sql)
        cursor.execute("RESET ROLE")
