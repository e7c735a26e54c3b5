"""How many incidents touched a site on a day."""

from django.db import models


class SiteDay(models.Model):
    """Counted once a day for all days of the last months, so that a back-test need not read every
    incident of a site to say what share of them a rule is. Days are of UTC.
    """

    site = models.ForeignKey("sites.Site", on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    incidents = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "day"], name="a_site_has_a_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.site_id} on {self.day}: {self.incidents}"
