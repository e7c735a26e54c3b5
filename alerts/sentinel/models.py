"""Workspaces: where they are, how we sign in there, and how they answer."""

import uuid

from django.db import models
from django.db.models import Q


class CredentialKind(models.TextChoices):
    """How Tagout proves who it is. Secrets are never stored, only where they come from."""

    MANAGED_IDENTITY = "managed-identity", "Managed identity"
    WORKLOAD_IDENTITY = "workload-identity", "Workload identity federation"
    CERTIFICATE = "certificate", "Certificate"
    CLIENT_SECRET = "client-secret", "Client secret"


class Workspace(models.Model):
    """One Sentinel workspace."""

    class State(models.TextChoices):
        """Paused: neither read nor written, our rules there lapse. Removed: history is kept."""

        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        REMOVED = "removed", "Removed"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.SlugField(max_length=80, unique=True)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, null=True, blank=True
    )
    tenant_id = models.CharField(max_length=64)
    subscription_id = models.CharField(max_length=64)
    resource_group = models.CharField(max_length=90)
    workspace_name = models.CharField(max_length=80)
    endpoint = models.URLField(default="https://management.azure.com", max_length=300)
    authority = models.URLField(default="https://login.microsoftonline.com", max_length=300)
    logs_endpoint = models.URLField(blank=True, max_length=300)
    ca_bundle = models.CharField(max_length=500, blank=True)
    credential = models.CharField(max_length=20, choices=CredentialKind)
    client_id = models.CharField(max_length=64, blank=True)
    secret_env = models.CharField(max_length=120, blank=True)  # name of an environment variable
    certificate_file = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(endpoint__startswith="https://", authority__startswith="https://"),
                name="tokens_travel_over_tls_only",
            )
        ]

    def __str__(self) -> str:
        return self.name
