"""Who was in a group when a rule was signed, and in which incident a person meets newcomers."""

from django.db import models
from django.db.models import Q

from alerts.suppression.engine.guards.members import SIDES


class GroupMember(models.Model):
    """A device that the rule's group held at one side when the second person signed. Alerts are
    matched by zone and address, or by the name where they tell no address; both are folded.
    """

    version = models.ForeignKey(
        "suppression.RuleVersion", on_delete=models.PROTECT, related_name="members"
    )
    side = models.CharField(max_length=11, choices=[(side, side) for side in SIDES])
    site = models.ForeignKey("sites.Site", on_delete=models.PROTECT, related_name="+")
    zone = models.CharField(max_length=120)
    name = models.CharField(max_length=120, blank=True)
    address = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "side", "site", "zone", "address"],
                name="a_group_holds_a_device_once",
            ),
            models.CheckConstraint(
                condition=Q(side__in=SIDES), name="a_group_stands_at_a_known_side"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.address} of version {self.version_id}"


class NewMember(models.Model):
    """A device that joined a group after a rule was signed, and the first incident in which a rule
    covers it: that one stays open for a person, whichever rules cover it later.
    """

    site = models.ForeignKey("sites.Site", on_delete=models.PROTECT, related_name="+")
    zone = models.CharField(max_length=120)
    handle = models.CharField(max_length=120)  # address, or name without one; folded
    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.PROTECT, related_name="new_members"
    )
    found_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "zone", "handle"], name="a_new_member_is_met_once_at_a_site"
            ),
            models.CheckConstraint(condition=~Q(handle=""), name="a_new_member_has_a_handle"),
        ]

    def __str__(self) -> str:
        return f"{self.handle} in {self.zone}, first in incident {self.incident_id}"
