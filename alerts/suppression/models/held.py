"""What only an open case elsewhere keeps open, so that rules look at it again."""

from django.db import models


class HeldIncident(models.Model):
    """An incident that live rules cover and that nothing keeps open but a suspicion or an open true
    positive on one of its devices. When that ends, all guards are asked again.
    """

    incident = models.OneToOneField(
        "incidents.Incident", on_delete=models.CASCADE, related_name="+", primary_key=True
    )
    held_at = models.DateTimeField()  # first
    looked_at = models.DateTimeField(db_index=True)  # latest

    def __str__(self) -> str:
        return f"incident {self.incident_id}, held since {self.held_at}"
