"""Leaving signed routine out before it is an incident: who switched it on for a workspace."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from alerts.suppression.models.rules import SIDES


class WatchlistState(models.TextChoices):
    """The states of a workspace's switch."""

    PROPOSED = "proposed", gettext_lazy("Waiting for signatures")
    ON = "on", gettext_lazy("On")
    ENDED = "ended", gettext_lazy("Off")


class WatchlistRequest(models.Model):
    """That a workspace's analytics rules may leave out what live rules cover. Two people of two
    sides sign the hash of the exclusion's text; any of them ends it.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.PROTECT, related_name="+")
    text_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=WatchlistState, default=WatchlistState.PROPOSED)
    proposed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    proposer_side = models.CharField(max_length=3, choices=SIDES)
    proposed_at = models.DateTimeField()
    on_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by_label = models.CharField(max_length=200, blank=True)
    end_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(state__in=["proposed", "on"]),
                name="a_workspace_has_one_switch_of_its_watchlist",
            ),
            models.CheckConstraint(
                condition=~Q(state="on") | Q(on_at__isnull=False),
                name="a_watchlist_that_is_on_has_a_beginning",
            ),
        ]

    def __str__(self) -> str:
        return f"watchlist of {self.workspace}: {self.state}"


class WatchlistSignature(models.Model):
    """One side's word on the exclusion of a workspace."""

    request = models.ForeignKey(
        "suppression.WatchlistRequest", on_delete=models.PROTECT, related_name="signatures"
    )
    side = models.CharField(max_length=3, choices=SIDES)  # OT: it is routine; SOC: we accept it
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    text_hash = models.CharField(max_length=64)  # SHA-256 of what was on the screen
    note = models.TextField(blank=True)
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "side"], name="each_side_signs_a_watchlist_once"
            ),
            models.UniqueConstraint(
                fields=["request", "by"], name="nobody_signs_a_watchlist_for_both_sides"
            ),
            models.CheckConstraint(
                condition=Q(side__in=["ot", "soc"]),
                name="a_watchlist_is_signed_for_a_known_side",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} on watchlist request {self.request_id}"


class WatchlistPeriod(models.Model):
    """From when to when Sentinel was seen to hold a row of a watchlist, or its gate, in one form,
    and how many changes of items that took: Azure takes 100,000 a month.
    """

    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.PROTECT, related_name="+")
    name = models.UUIDField()  # of the item
    body = models.JSONField()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    changes = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                condition=Q(ended_at=None),
                name="an_item_of_a_watchlist_has_one_form_at_a_time",
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "-began_at"], name="periods_of_a_watchlist"),
        ]

    def __str__(self) -> str:
        return f"{self.name} since {self.began_at}"


class LeftOutAlert(models.Model):
    """An alert that became no incident while the watchlist of its workspace was on: the version
    whose row covered it, or none, and that is a finding. Stays out of the ledger of closes.
    """

    alert = models.OneToOneField(
        "incidents.Alert", on_delete=models.CASCADE, related_name="+", primary_key=True
    )
    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.PROTECT, related_name="+")
    rule = models.ForeignKey(
        "suppression.Rule", on_delete=models.PROTECT, null=True, related_name="left_out"
    )
    version = models.ForeignKey(
        "suppression.RuleVersion", on_delete=models.PROTECT, null=True, related_name="left_out"
    )
    at = models.DateTimeField()  # of the alert
    found_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(rule__isnull=True, version__isnull=True)
                | Q(rule__isnull=False, version__isnull=False),
                name="what_was_left_out_has_rule_and_version_or_neither",
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "-at"], name="left_out_of_a_workspace"),
            models.Index(fields=["rule", "-at"], name="left_out_by_a_rule"),
        ]

    def __str__(self) -> str:
        return f"alert {self.alert_id}, left out"
