"""Rows that stand for many incidents."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from alerts.incidents.models.incident import HAS_SITES, IncidentStatus, OtState, Severity

PAIR_NEW_HOURS = 24


class Group(models.Model):
    """Open incidents of equal pattern in an equal state: one row of the triage queue. All its
    incidents share every column up to `owner_name`; the rest is counted from them. Filters on
    this table are therefore exact, and acting on the row acts on alike things. The row is named
    after its `lead`: number, priority and all that explains it are of this one incident.
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
    status = models.SmallIntegerField(choices=IncidentStatus)
    ot_state = models.CharField(max_length=12, choices=OtState, blank=True)
    owner_id = models.CharField(max_length=64, blank=True)
    owner_name = models.CharField(max_length=120, blank=True)

    n = models.IntegerField()
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
    ot_due_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["-priority", "-latest_at", "key"], name="queue_order"),
            models.Index(fields=["workspace", "-priority"], name="queue_of_a_workspace"),
            models.Index(fields=["ot_state", "ot_due_at"], name="queue_by_ot_state"),
            models.Index(fields=["owner_id"], condition=~Q(owner_id=""), name="queue_by_owner"),
            GinIndex(
                fields=["site_ids"], fastupdate=False, condition=HAS_SITES, name="queue_of_a_site"
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
    §8). Which of the two began does not matter, nor whether the alert told it.
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
