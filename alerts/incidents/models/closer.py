"""Who closed an incident in Sentinel, where that is known."""

from django.db import models

from alerts.incidents.engine.closers import MAX_NAME


class IncidentCloser(models.Model):
    """By whom and when an incident was closed last, as the log of the workspace or the Defender
    portal names them: a person, a rule, a playbook or an application. Sentinel's own list does not
    name anybody, so most incidents have no row until the log was read.
    """

    incident = models.OneToOneField(
        "incidents.Incident", on_delete=models.CASCADE, primary_key=True, related_name="closer"
    )
    name = models.CharField(max_length=MAX_NAME)
    closed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["name", "closed_at"], name="closings_of_a_closer")]

    def __str__(self) -> str:
        return self.name
