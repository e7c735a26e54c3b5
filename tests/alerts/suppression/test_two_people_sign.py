"""What acts was signed by two people of two sides: the database refuses anything else, whoever
writes.
"""

import pytest
from django.db import IntegrityError, connection, transaction

from alerts.suppression.models import (
    RuleVersion,
    Signature,
    WatchlistRequest,
    WatchlistSignature,
)
from tests.conftest import NOON
from tests.factories import rule_rows, rules
from tests.worker_roles import take_on

REFUSED = "Two people of two sides have to sign"


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def commit():
    """Have the database check what it checks at the end of a transaction."""
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute("SET CONSTRAINTS ALL DEFERRED")


def refused():
    return pytest.raises(IntegrityError, match=REFUSED)


@pytest.fixture
def version(people, workspace, site):
    """`version(state, sides)`: a version in a state that these sides have signed."""

    def make(state="proposed", sides=("ot", "soc"), **columns):
        made = rule_rows.signed_version(
            rules.downloads(),
            by=(people.oda, people.leo),
            state=state,
            sides=sides,
            workspace_ids=[workspace.pk],
            site_ids=[site.pk],
            **columns,
        )
        return RuleVersion.objects.filter(pk=made.pk)

    return make


@pytest.mark.parametrize("state", ["canary", "live"])
@pytest.mark.parametrize("sides", [(), ("ot",), ("soc",)])
def test_no_version_acts_that_both_sides_have_not_signed(version, state, sides):
    rows = version(sides=sides)
    commit()
    with refused(), transaction.atomic():
        rows.update(state=state)
        commit()
    with refused(), transaction.atomic():
        version(state, sides)
        commit()
    assert rows.get().state == "proposed"


@pytest.mark.parametrize("state", ["canary", "live"])
def test_what_both_sides_have_signed_acts(version, state):
    version().update(state=state)
    version(state)
    commit()


@pytest.mark.parametrize("side", ["ot", "soc"])
@pytest.mark.parametrize("column", ["void_at", "rule_hash"])
def test_neither_a_void_signature_nor_one_of_another_text_counts(version, people, side, column):
    rows = version(sides=("soc",) if side == "ot" else ("ot",))
    rows.get().signatures.create(
        side=side,
        by=people.oda if side == "ot" else people.leo,
        signed_at=NOON,
        rule_hash="0" * 64 if column == "rule_hash" else rows.get().rule_hash,
        void_at=NOON if column == "void_at" else None,
    )
    with refused(), transaction.atomic():
        rows.update(state="live")
        commit()


def test_one_person_does_not_sign_for_both(version, people):
    rows = version(sides=("ot",))
    with pytest.raises(IntegrityError, match="nobody_signs_a_version"), transaction.atomic():
        rows.get().signatures.create(
            side="soc", by=people.oda, signed_at=NOON, rule_hash=rows.get().rule_hash
        )


def test_what_acts_keeps_its_signatures_and_its_hash(version):
    rows = version("live")
    commit()
    with refused(), transaction.atomic():
        Signature.objects.filter(side="ot").update(void_at=NOON)
        commit()
    with refused(), transaction.atomic():
        Signature.objects.filter(side="ot").delete()
        commit()
    with refused(), transaction.atomic():
        rows.update(rule_hash="0" * 64)
        commit()
    rows.update(state="paused")
    Signature.objects.filter(side="ot").update(void_at=NOON)
    commit()


@pytest.mark.abuse("A42")
def test_a_temporary_table_of_the_same_name_is_not_asked(version):
    with take_on("bulk"):  # a worker makes such tables for what it takes in
        execute("CREATE TEMP TABLE suppression_ruleversion (id bigint, state text)")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM suppression_ruleversion")
        assert cursor.fetchone() == (0,)
    with refused(), transaction.atomic():
        execute("SET LOCAL search_path = public, pg_temp")
        version("canary", sides=())
        execute("SET LOCAL search_path = pg_temp, public")
        commit()


@pytest.fixture
def request_of(workspace, people):
    """`request_of(state, sides)`: a request for the watchlist of the workspace."""

    def make(state="proposed", sides=("ot", "soc")):
        row = WatchlistRequest.objects.create(
            workspace=workspace,
            text_hash="1" * 64,
            state=state,
            on_at=NOON,
            proposed_by=people.oda,
            proposer_side="ot",
            proposed_at=NOON,
        )
        for side in sides:
            by = people.oda if side == "ot" else people.leo
            row.signatures.create(side=side, by=by, text_hash="1" * 64, signed_at=NOON)
        return WatchlistRequest.objects.filter(pk=row.pk)

    return make


@pytest.mark.parametrize("sides", [(), ("ot",), ("soc",)])
def test_no_watchlist_is_on_that_both_sides_have_not_signed(request_of, sides):
    rows = request_of(sides=sides)
    commit()
    with refused(), transaction.atomic():
        rows.update(state="on")
        commit()
    rows.delete() if not sides else rows.update(state="ended")
    with refused(), transaction.atomic():
        request_of("on", sides)
        commit()


def test_a_watchlist_that_is_on_keeps_its_signatures(request_of):
    rows = request_of()
    rows.update(state="on")
    commit()
    with refused(), transaction.atomic():
        rows.update(text_hash="2" * 64)
        commit()
    for change in (
        lambda found: found.update(text_hash="2" * 64),
        lambda found: found.delete(),
    ):
        with refused(), transaction.atomic():
            change(WatchlistSignature.objects.filter(side="soc"))
            commit()
    rows.update(state="ended")
    WatchlistSignature.objects.filter(side="soc").delete()
    commit()
