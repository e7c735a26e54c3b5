"""An identity of its own for one purpose in one workspace."""

from django.db import models
from django.db.models import Q

from alerts.sentinel.models.workspace import CredentialKind


class Purpose(models.TextChoices):
    """What a client is used for; each may have an identity with no more rights than it needs."""

    READ = "read", "Reading incidents"
    INCIDENTS = "incidents", "Writing incidents and comments"
    RULES = "rules", "Deploying automation rules"


class WorkspaceCredential(models.Model):
    """How one purpose signs in. Without such a row the workspace's own credential serves it."""

    workspace = models.ForeignKey(
        "sentinel.Workspace", on_delete=models.CASCADE, related_name="credentials"
    )
    purpose = models.CharField(max_length=10, choices=Purpose)
    kind = models.CharField(max_length=20, choices=CredentialKind)
    client_id = models.CharField(max_length=64, blank=True)
    secret_env = models.CharField(max_length=120, blank=True)  # name of an environment variable
    certificate_file = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "purpose"], name="a_purpose_has_one_credential"
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=Purpose.values), name="a_credential_has_a_known_purpose"
            ),
            models.CheckConstraint(
                condition=Q(kind=CredentialKind.MANAGED_IDENTITY)
                | Q(kind=CredentialKind.WORKLOAD_IDENTITY)
                | Q(kind=CredentialKind.CERTIFICATE) & ~Q(certificate_file="") & ~Q(client_id="")
                | Q(kind=CredentialKind.CLIENT_SECRET) & ~Q(secret_env="") & ~Q(client_id=""),
                name="a_credential_names_what_its_kind_needs",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.workspace_id} for {self.purpose}"
