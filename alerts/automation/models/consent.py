"""Consent to a playbook that acts on the plant."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class PlantConsent(models.Model):
    """Somebody asks to run a playbook that acts on the plant on one incident; OT of all its sites
    consents, or a second person of the SOC confirms with a reason. One consent is good for one run
    of the steps that the playbook had when it was asked for, with all that they send.
    """

    class State(models.TextChoices):
        """The state of the request."""

        ASKED = "asked", _("Waiting for consent")
        CONSENTED = "given", _("Consented")
        DECLINED = "declined", _("Declined")

    class Kind(models.TextChoices):
        """In which capacity somebody consented."""

        OT = "ot", _("OT of the site")
        SECOND = "second", _("Second person")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    playbook = models.ForeignKey("automation.Playbook", on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    steps = ArrayField(models.TextField(), default=list)  # of the playbook, when it was asked for
    definition_digest = models.CharField(
        max_length=64, blank=True, default="", db_default=""
    )  # the same
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    kind = models.CharField(max_length=6, choices=Kind, blank=True)
    decided_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    decision_reason = models.CharField(max_length=300, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")),
                name="nobody_consents_to_what_they_asked",
            ),
            models.CheckConstraint(
                condition=~Q(state="given")
                | Q(decided_by__isnull=False, decided_at__isnull=False, kind__in=["ot", "second"]),
                name="a_consent_has_a_person_and_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(kind="second") | ~Q(decision_reason=""),
                name="a_second_person_gives_a_reason",
            ),
            models.UniqueConstraint(
                fields=["playbook", "incident"],
                condition=Q(state="asked"),
                name="consent_is_asked_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"consent to {self.playbook} on {self.incident}"

    @property
    def is_outdated(self) -> bool:
        """Whether the playbook does something else now than what was asked about."""
        return self.definition_digest != self.playbook.definition_digest
