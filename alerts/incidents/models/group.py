"""Rows of many incidents."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from alerts.incidents.models.incident import HAS_SITES, IncidentStatus, OtState, Severity

PAIR_NEW_HOURS = 24
HAS_OT_STATE = ~Q(ot_states=[OtState.NOT_ASKED.value])
HAS_OWNER = ~Q(owner_ids=[""])


class Group(models.Model):
    """Open incidents of equal pattern and severity: one row of the triage queue. All its incidents
    share every column up to `severity`; the rest is counted from them. They may be in different
    states, which the row lists: a filter finds the row in which one incident is as it asks. The row
    is named after its `lead`: number, priority and all that explains it are of this one incident.
    """

    key = models.UUIDField(primary_key=True)
    workspace = models.ForeignKey(
        "sentinel.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    site_ids = ArrayField(models.BigIntegerField(), default=list)
    place = models.CharField(max_length=200, blank=True)
    alert_type = models.TextField()
    title = models.TextField()
    protocol = models.CharField(max_length=80, blank=True)
    source = models.CharField(max_length=120, blank=True)
    destination = models.CharField(max_length=120, blank=True)
    pattern = models.UUIDField(null=True)  # None: details pending, then a group of one
    severity = models.SmallIntegerField(choices=Severity)

    n = models.IntegerField()
    # What its incidents differ in, each value once and in order; "" is unasked, or nobody.
    statuses = ArrayField(models.SmallIntegerField(choices=IncidentStatus), db_default=[])
    ot_states = ArrayField(models.CharField(max_length=12, choices=OtState), db_default=[])
    owner_ids = ArrayField(models.CharField(max_length=64), db_default=[])
    owner_names = ArrayField(models.CharField(max_length=120), db_default=[])
    n_unasked = models.IntegerField(db_default=0)  # incidents that OT was not asked about
    n_waiting = models.IntegerField(db_default=0)  # incidents that wait for OT
    latest = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    lead = models.ForeignKey(  # of the highest priority, the newest of these
        "incidents.Incident",
        on_delete=models.CASCADE,
        related_name="+",
        db_constraint=False,
        db_index=False,
        null=True,
    )
    number = models.IntegerField(null=True)  # of the lead
    priority = models.SmallIntegerField()  # of the lead
    first_at = models.DateTimeField()  # when the first alerts of all were active
    latest_at = models.DateTimeField()  # when the last were
    ot_due_at = models.DateTimeField(null=True)  # of those that wait, the first
    changed_at = models.DateTimeField()
    # Of the row into which a storm is folded: since when, how many came in the busiest time of so
    # many hours before, and how many devices it reaches.
    storm_since = models.DateTimeField(null=True)
    storm_before = models.IntegerField(null=True)
    storm_hours = models.SmallIntegerField(null=True)
    storm_peers = models.IntegerField(null=True)
    # Where all its incidents are put aside: until when the first of them is, and who did it.
    aside_until = models.DateTimeField(null=True)
    aside_by = models.CharField(max_length=120, blank=True, default="", db_default="")

    class Meta:
        indexes = [
            # Rows that one source has raised; until details come a row has none.
            models.Index(
                fields=["source", "alert_type"], condition=~Q(source=""), name="queue_by_source"
            ),
            models.Index(fields=["-priority", "-latest_at", "key"], name="queue_order"),
            models.Index(fields=["workspace", "-priority"], name="queue_of_a_workspace"),
            # Most rows are unasked and nobody's: no entry for these.
            GinIndex(
                fields=["ot_states"], fastupdate=False, condition=HAS_OT_STATE, name="queue_of_ot"
            ),
            GinIndex(
                fields=["owner_ids"], fastupdate=False, condition=HAS_OWNER, name="queue_of_owners"
            ),
            GinIndex(
                fields=["site_ids"], fastupdate=False, condition=HAS_SITES, name="queue_of_a_site"
            ),
            # Each page of the queue counts them, and they are few.
            models.Index(
                fields=["aside_until"],
                condition=Q(aside_until__isnull=False),
                name="queue_put_aside",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ×{self.n}"


class PatternMemory(models.Model):
    """What is known about all incidents of one pattern, open or not: how often it was seen and
    what OT said. Written as incidents and verdicts come, so that a list need not count.
    """

    pattern = models.UUIDField(primary_key=True)
    first_seen_at = models.DateTimeField()
    latest_seen_at = models.DateTimeField()
    seen = models.IntegerField(default=0)
    routine = models.IntegerField(default=0)  # verdicts, not alerts: one tap is one trial
    maintenance = models.IntegerField(default=0)
    suspicious = models.IntegerField(default=0)
    not_sure = models.IntegerField(default=0)
    latest_verdict_at = models.DateTimeField(null=True)
    latest_verdict_by = models.CharField(max_length=120, blank=True)
    latest_verdict = models.CharField(max_length=12, blank=True)
    latest_note = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.pattern}: seen {self.seen}"


class PairMemory(models.Model):
    """Since when alerts named two devices together at a place: "pair never seen before" (product
    §8). Which of the two began does not matter, nor whether the alert has it.
    """

    pair = models.UUIDField(primary_key=True)  # of workspace, place and both ends
    first_seen_at = models.DateTimeField()
    first_incident = models.BigIntegerField()  # no key: the memory outlives the incident
    seen_again_at = models.DateTimeField(null=True)  # by another incident, as late as was noted

    class Meta:
        indexes = [models.Index(fields=["first_incident"], name="pairs_first_seen_in")]

    def __str__(self) -> str:
        return f"{self.pair} since {self.first_seen_at:%Y-%m-%d}"


# In SQL for the ranking of many incidents, as `p`: a pair that other incidents show on a later day
# is no longer new, not even in the incident that showed it first.
PAIR_IS_NEW = f"""
    (p.seen_again_at IS NULL
     OR p.seen_again_at < p.first_seen_at + interval '{PAIR_NEW_HOURS} hours')
"""
