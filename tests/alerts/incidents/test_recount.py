"""Stored priorities follow the weights of the version that runs."""

import hashlib
import json
from datetime import timedelta
from io import StringIO
from itertools import product

import pytest
from django.core.management import CommandError, call_command

from alerts.incidents.engine import priority
from alerts.incidents.engine.catalogue import all_types
from alerts.incidents.engine.priority import PRIORITY_VERSION, PriorityFacts, priority_of
from alerts.incidents.ingest import groups, recount
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.ingest.recount import WAIT, process_recount
from alerts.incidents.models import Group, Incident
from portal.audit.models import Entry
from portal.jobs.models import Job
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_workspace

# Of the weights of each version; a version that was released keeps its line.
WEIGHTS = {1: "029152481b6e"}
FACTS = {
    "severity": ("High", "Medium", "Low", "Informational"),
    "guard": (None, "never", "timeboxed", "scoped"),
    "criticality": ("normal", "important", "crown-jewel", "safety"),
    "routine_share_lower": (None, 0.69, 0.7, 0.89, 0.9),
}
MARKS = {
    "crosses_levels": True,
    "tactics": ("Impact",),
    "other_products": ("Other",),
    "is_new_pair": True,
    "times_suspicious": 1,
    "in_planned_work": True,
    "is_overrun": True,
    "is_beside_plan": True,
    "is_answer_late": True,
}
LATER = NOON + WAIT


def digest_of_weights():
    rows = [dict(zip(FACTS, values, strict=True)) for values in product(*FACTS.values())]
    rows += [{"severity": "Low", name: value} for name, value in MARKS.items()]
    scores = [priority_of(PriorityFacts(**row)).parts for row in rows]
    points = [[(part.code, part.points) for part in parts] for parts in scores]
    guards = sorted((kind.title, kind.guard) for kind in all_types())
    return hashlib.sha256(json.dumps([points, guards], default=str).encode()).hexdigest()[:12]


def test_weights_have_the_version_under_which_they_are_stored():
    words = "Weights or guards have changed: raise PRIORITY_VERSION and add its line to WEIGHTS."
    assert WEIGHTS.get(PRIORITY_VERSION) == digest_of_weights(), words


def forget():
    for cached in (groups._rank, groups._weigh, groups.rank_unread):
        cached.cache_clear()


@pytest.fixture
def queue(db, monkeypatch):
    """Five open incidents and a closed one, all of high severity, and pieces of two."""
    monkeypatch.setattr(recount, "PIECE", 2)
    workspace = make_workspace()
    rows = [make_incident(workspace, severity=4, status=1) for _ in range(5)]
    rows.append(make_incident(workspace, severity=4, status=3))
    regroup([row.pk for row in rows], now=NOON)
    work_off(NOON)
    work_off(LATER)
    assert stored() == {50}
    Entry.objects.get(action="incidents.priorities.recounted", details__changed=0)
    yield rows
    forget()


@pytest.fixture
def heavier(monkeypatch):
    """A release in which high severity weighs more."""

    def release(version=PRIORITY_VERSION + 1, points=55):
        monkeypatch.setitem(priority.SEVERITY_POINTS, "High", points)
        monkeypatch.setattr(recount, "PRIORITY_VERSION", version)
        forget()

    return release


def work_off(at):
    n = 0
    while process_recount(unshifted=at, now=at):
        n += 1
    return n


def stored():
    open_ones = Incident.objects.filter(group_key__isnull=False)
    rows = set(open_ones.values_list("priority", flat=True))
    assert rows == set(Group.objects.values_list("priority", flat=True))
    return rows


def entries():
    return Entry.objects.filter(action="incidents.priorities.recounted").order_by("seq")


def test_a_release_with_other_weights_has_all_open_incidents_ranked_again(queue, heavier):
    heavier()
    assert work_off(NOON) == 0  # workers of the version before may still rank
    assert work_off(NOON + WAIT) == 3
    assert stored() == {65}
    entry = entries().last()
    assert (entry.actor_label, entry.object_type) == ("Tagout", "jobs.job")
    assert entry.details == {"version": PRIORITY_VERSION + 1, "incidents": 5, "changed": 5}


def test_it_is_done_once_and_written_once(queue, heavier):
    heavier()
    work_off(NOON)
    work_off(NOON + WAIT)
    written = entries().count()
    assert work_off(NOON + timedelta(days=1)) == 0
    assert entries().count() == written == 2


def test_beside_a_worker_of_the_version_before_it_is_begun_once_and_ends(queue, heavier):
    """Two workers of two versions began it anew in turn, for as long as both ran."""
    for minute in range(4):
        heavier()
        work_off(NOON + minute * WAIT)
        heavier(PRIORITY_VERSION, 50)
        assert work_off(NOON + minute * WAIT) == 0, "it ranks by no other weights than its own"
    assert stored() == {65}
    assert entries().count() == 2


def test_a_version_that_is_rolled_back_ranks_by_its_own_weights_on_command(queue, heavier):
    heavier()
    work_off(NOON)
    work_off(NOON + WAIT)
    heavier(PRIORITY_VERSION, 40)
    assert work_off(NOON + 2 * WAIT) == 0
    assert rerank() == {"incidents": 5, "changed": 5}
    assert stored() == {50}
    assert work_off(NOON + 3 * WAIT) == 0


def test_a_worker_that_ends_in_the_middle_goes_on_where_it_was(queue, heavier):
    heavier()
    work_off(NOON)
    assert process_recount(unshifted=LATER, now=LATER)
    assert sorted(Incident.objects.filter(group_key__isnull=False).values_list("priority")) == [
        *[(50,)] * 3,
        *[(65,)] * 2,
    ]
    assert work_off(LATER) == 2
    assert entries().last().details["changed"] == 5


@pytest.mark.django_db
def test_a_new_installation_records_nothing():
    work_off(NOON)
    assert work_off(LATER) == 1
    assert not entries().exists()
    assert Job.objects.get(kind=recount.KIND).payload["version"] == PRIORITY_VERSION


def test_the_command_ranks_again_at_once_and_says_how_many_changed(queue, heavier):
    heavier()
    assert rerank() == {"incidents": 5, "changed": 5}
    assert entries().last().actor_label == "command line"
    assert rerank() == {"incidents": 5, "changed": 0}
    assert work_off(NOON + timedelta(days=1)) == 0


@pytest.mark.django_db
def test_another_word_is_one_sentence():
    with pytest.raises(CommandError, match="has one action: rerank"):
        call_command("incidents", "sort", stdout=StringIO())


def rerank():
    out = StringIO()
    call_command("incidents", "rerank", json=True, stdout=out)
    return json.loads(out.getvalue())
