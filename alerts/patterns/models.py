"""Patterns as rows, and the runs of mining that found them."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from alerts.patterns.engine.pattern import MinedPattern, PatternFormatError, pattern_from_json
from alerts.rules.bound import is_little

HOURS_OF_WEEK = 168


class PatternState(models.TextChoices):
    """What people made of a pattern."""

    OPEN = "open", "Open"
    REJECTED = "rejected", "Rejected"
    SNOOZED = "snoozed", "Snoozed"
    HAS_RULE = "has-rule", "Has a rule"


def check_pattern(data: object) -> None:
    """Refuse what does not spell a pattern of the engine."""
    try:
        pattern_from_json(data)
    except PatternFormatError as error:
        raise ValidationError(str(error)) from None


class Mining(models.Model):
    """One run over history: from how much it drew, and what it found."""

    ran_at = models.DateTimeField()
    days = models.PositiveSmallIntegerField()
    history_days = models.PositiveIntegerField()  # how much of them there was
    alerts = models.PositiveIntegerField()
    verdicts = models.PositiveIntegerField()  # that were sure of it
    patterns = models.PositiveIntegerField(db_column="candidates")
    seconds = models.FloatField()

    class Meta:
        indexes = [models.Index(fields=["-ran_at"], name="minings_newest")]

    def __str__(self) -> str:
        return f"{self.patterns} patterns from {self.alerts} alerts"


class SiteMining(models.Model):
    """What one run of mining found at one site: the totals that the plan's shares are of. An
    incident counts as taken off the SOC where every alert in it is covered.
    """

    mining = models.ForeignKey(Mining, on_delete=models.CASCADE, related_name="sites")
    site = models.ForeignKey("sites.Site", on_delete=models.CASCADE, related_name="+")
    history_days = models.PositiveIntegerField()
    alerts = models.PositiveIntegerField()
    incidents = models.PositiveIntegerField()  # with an alert of the period at this site
    verdicts = models.PositiveIntegerField()  # that were sure of it
    patterns = models.PositiveIntegerField()
    living_incidents = models.PositiveIntegerField()  # that rules which act already cover
    # Of them those that live rules cover; a trial only labels. None: counted before this was.
    live_incidents = models.PositiveIntegerField(null=True)
    plan_incidents = models.PositiveIntegerField()  # the same with all steps of the plan

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mining", "site"], name="a_mining_counts_a_site_once")
        ]

    def __str__(self) -> str:
        return f"{self.site}: {self.patterns} patterns"

    @property
    def living_share(self) -> float:
        """Share of the incidents that rules which act already take off the SOC."""
        return self.living_incidents / self.incidents if self.incidents else 0.0

    @property
    def live_share(self) -> float | None:
        """Share that live rules take off the SOC; None where it was not counted."""
        if self.live_incidents is None:
            return None
        return self.live_incidents / self.incidents if self.incidents else 0.0

    @property
    def plan_share(self) -> float:
        """The same with the whole plan."""
        return self.plan_incidents / self.incidents if self.incidents else 0.0


class Pattern(models.Model):
    """A pattern that may become a rule: one process of a site. Figures are of the latest mining
    that found it; what people made of it stays, although its members grow.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Of the process as it was first seen: `engine.process`. It never changes afterwards.
    key = models.UUIDField(unique=True)
    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.CASCADE, related_name="+")
    # Mining finds patterns of sites only; none: a decision from before that was so.
    site = models.ForeignKey("sites.Site", on_delete=models.CASCADE, null=True, related_name="+")
    title = models.CharField(max_length=200)
    # What `engine.pattern` writes as plain data.
    definition = models.JSONField(validators=[check_pattern], db_column="pattern")
    alert_types = ArrayField(models.TextField())
    search_text = models.TextField(blank=True)  # types and members

    alerts = models.PositiveIntegerField()
    incidents = models.PositiveIntegerField()  # with at least one of its alerts
    days_seen = models.PositiveSmallIntegerField()
    first_at = models.DateTimeField()
    latest_at = models.DateTimeField()
    rhythm = ArrayField(models.PositiveIntegerField(), size=HOURS_OF_WEEK)  # plant time, Monday 00
    type_figures = models.JSONField(default=list)  # [{title, own_title, alerts, judged}]
    member_figures = models.JSONField(default=dict)  # {source, destination: [[name, alerts,
    # judged]]}
    reasons = models.JSONField(default=list)  # [{part, code, detail}]: why it is this wide
    obstacles = models.JSONField(default=list)  # [[code, detail]]: why it cannot become a rule

    routine = models.PositiveIntegerField(default=0)  # verdicts, not alerts
    maintenance = models.PositiveIntegerField(default=0)
    suspicious = models.PositiveIntegerField(default=0)
    not_sure = models.PositiveIntegerField(default=0)
    true_positives = models.PositiveIntegerField(default=0)
    closings = models.PositiveIntegerField(default=0)  # by the SOC as benign: half-evidence
    judged = models.PositiveIntegerField(default=0)
    people = models.PositiveSmallIntegerField(default=0)  # who judged it harmless
    limit = models.FloatField(default=1)  # at most this share could be suspicious
    judged_share = models.FloatField(default=0)  # of its alerts, in units that were judged
    has_enough_evidence = models.BooleanField(default=False)
    # What nobody has judged yet, the largest first: [{kind, name, zone, alerts}]; kind is target,
    # source or group.
    open_units = models.JSONField(default=list)
    # The harmless verdicts.
    verdict_uuids = ArrayField(
        models.UUIDField(), default=list, blank=True, db_column="annotations"
    )
    cause = models.CharField(max_length=60, blank=True)  # the most frequent one

    minutes_each = models.FloatField(null=True)  # None: too few closings were measured
    minutes_month = models.FloatField(null=True)
    rank = models.FloatField(default=0)
    # Its step in the plan of its site, beginning with 1; None: not in the plan.
    plan_order = models.PositiveSmallIntegerField(null=True)
    plan_gain = models.PositiveIntegerField(default=0)  # incidents that only this step adds
    plan_share = models.FloatField(default=0)  # of the site's incidents, with all steps up to it
    mined_at = models.DateTimeField()

    state = models.CharField(max_length=8, choices=PatternState, default=PatternState.OPEN)
    state_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    state_at = models.DateTimeField(null=True)
    state_reason = models.CharField(max_length=500, blank=True)
    snoozed_until = models.DateTimeField(null=True)
    rule = models.ForeignKey(
        "suppression.Rule", on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        db_table = "patterns_candidate"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="rejected") | ~Q(state_reason=""),
                name="a_rejected_candidate_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(state="snoozed") | Q(snoozed_until__isnull=False),
                name="a_snoozed_candidate_comes_back",
            ),
        ]
        indexes = [
            models.Index(fields=["-rank", "-incidents", "id"], name="candidates_by_rank"),
            models.Index(
                fields=["site", "plan_order"],
                condition=Q(plan_order__isnull=False),
                name="candidates_by_plan",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def process(self) -> MinedPattern:
        """The pattern as the engine takes it; without figures."""
        return pattern_from_json(self.definition)

    @property
    def types_by_weight(self) -> list[tuple[str, str]]:
        """Its types with the sensors' own titles, those of most alerts first."""
        return [(figure["title"], figure["own_title"]) for figure in self.type_figures]

    @property
    def is_little_evidence(self) -> bool:
        """Whether so few verdicts are little evidence of it."""
        return is_little(self.judged, is_strict=self.process.is_strict)

    @property
    def time_zone(self) -> str:
        """The time zone of its plant."""
        return self.site.time_zone if self.site else "UTC"

    @property
    def verdicts(self) -> dict[str, int]:
        """How often OT gave each verdict."""
        return {
            "routine": self.routine,
            "maintenance": self.maintenance,
            "suspicious": self.suspicious,
            "not-sure": self.not_sure,
        }


class PlanQuestion(models.Model):
    """A question that was asked for the sake of a plan: so that nobody gets too many a day, and
    none is asked twice.
    """

    pattern = models.ForeignKey(
        Pattern,
        on_delete=models.SET_NULL,
        null=True,
        related_name="questions",
        db_column="candidate_id",
    )
    question = models.OneToOneField(
        "reviews.Question", on_delete=models.CASCADE, related_name="+", db_column="review_id"
    )
    site = models.ForeignKey("sites.Site", on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-asked_at"], name="plan_questions_newest")]

    def __str__(self) -> str:
        return f"{self.site}: {self.asked_at:%Y-%m-%d}"
