"""Workspaces: where they are, how we sign in there, how they answer, how old what we know is."""

import uuid
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value

from alerts.sentinel.client.connection import GRAPH_ENDPOINT, Connection
from alerts.sentinel.wire.values import OtScope


class CredentialKind(models.TextChoices):
    """How Tagout proves who it is. Secrets are never stored, only where they come from."""

    MANAGED_IDENTITY = "managed-identity", "Managed identity"
    WORKLOAD_IDENTITY = "workload-identity", "Workload identity federation"
    CERTIFICATE = "certificate", "Certificate"
    CLIENT_SECRET = "client-secret", "Client secret"


class IncidentSource(models.TextChoices):
    """Where the incidents of a workspace are read and written."""

    ARM = "arm", "Azure Resource Manager"
    GRAPH = "graph", "Microsoft Graph"


class WorkspaceScope(models.TextChoices):
    """Which incidents of a workspace Tagout takes in."""

    D4IOT = "d4iot", "Defender for IoT"
    RULES = "rules", "Analytics rules of Defender for IoT"
    ALL = "all", "Everything"


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
    source = models.CharField(
        max_length=5, choices=IncidentSource, default=IncidentSource.ARM, db_default="arm"
    )
    graph_endpoint = models.URLField(
        default=GRAPH_ENDPOINT, db_default=GRAPH_ENDPOINT, max_length=300
    )
    credential = models.CharField(max_length=20, choices=CredentialKind)
    client_id = models.CharField(max_length=64, blank=True)
    secret_env = models.CharField(max_length=120, blank=True)  # name of an environment variable
    secret_ends_on = models.DateField(null=True)  # as people say: Azure's tokens do not tell
    certificate_file = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    capabilities = models.JSONField(default=dict, blank=True)  # what probes found it can do
    # Whether closing an incident there also closes the alert at the sensor (the status-sync
    # playbook); None until an administrator has said so.
    closes_at_source = models.BooleanField(null=True)
    added_at = models.DateTimeField()
    ot_scope = models.CharField(
        max_length=5, choices=WorkspaceScope, default=WorkspaceScope.D4IOT, db_default="d4iot"
    )
    # Names of analytics rules, as readiness found them: those that read alerts of Defender for IoT,
    # or did so once, and the others.
    iot_rules = ArrayField(models.TextField(), default=list, db_default=[])
    other_rules = ArrayField(models.TextField(), default=list, db_default=[])
    # When workflow checks began, by the name of the analytics rule that each makes.
    checks = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ot_scope__in=WorkspaceScope.values),
                name="a_workspace_has_a_known_scope",
            ),
            models.CheckConstraint(
                condition=Q(endpoint__startswith="https://", authority__startswith="https://"),
                name="tokens_travel_over_tls_only",
            ),
            models.CheckConstraint(
                condition=Q(credential__in=CredentialKind.values),
                name="a_workspace_signs_in_by_a_known_way",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["active", "paused", "removed"]),
                name="a_workspace_is_active_paused_or_removed",
            ),
            models.CheckConstraint(
                condition=Q(
                    source__in=IncidentSource.values, graph_endpoint__startswith="https://"
                ),
                name="a_workspace_has_a_source_of_incidents_over_tls",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def arm_id(self) -> str:
        """The Log Analytics workspace as the resource manager names it, in lower case."""
        return (
            f"/subscriptions/{self.subscription_id}/resourcegroups/{self.resource_group}"
            f"/providers/microsoft.operationalinsights/workspaces/{self.workspace_name}"
        ).lower()

    @property
    def analytics_rules_id(self) -> str:
        """What the ids of all analytics rules of the workspace begin with, in lower case."""
        return f"{self.arm_id}/providers/microsoft.securityinsights/alertrules/"

    def analytics_rule_id(self, name: str) -> str:
        """The whole id of an analytics rule, as the resource manager writes it."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.OperationalInsights/workspaces/{self.workspace_name}"
            f"/providers/Microsoft.SecurityInsights/alertRules/{name}"
        )

    @property
    def is_removed(self) -> bool:
        """Whether nothing is read or written there ever again; what is known of it is kept."""
        return self.state == self.State.REMOVED

    @property
    def scope(self) -> OtScope:
        """Which of its incidents are taken in."""
        return OtScope(
            kind=self.ot_scope,
            iot_rules=frozenset(self.iot_rules),
            other_rules=frozenset(self.other_rules),
            checks={rule: datetime.fromisoformat(at) for rule, at in self.checks.items()},
        )

    def connection_for(self, purpose: str) -> Connection:
        """Where it is, and who we are there for this purpose (read, incidents, rules)."""
        own = self.credentials.filter(purpose=purpose).first()
        return Connection(
            workspace=self.name,
            tenant_id=self.tenant_id,
            subscription_id=self.subscription_id,
            resource_group=self.resource_group,
            workspace_name=self.workspace_name,
            endpoint=self.endpoint,
            authority=self.authority,
            ca_bundle=self.ca_bundle,
            logs_endpoint=self.logs_endpoint,
            credential=own.kind if own else self.credential,
            client_id=own.client_id if own else self.client_id,
            secret_env=own.secret_env if own else self.secret_env,
            secret_ends_on=own.secret_ends_on if own else self.secret_ends_on,
            certificate_file=own.certificate_file if own else self.certificate_file,
            # Rules are the resource manager's alone, and so is the token for them.
            source=IncidentSource.ARM if purpose == ClientPurpose.RULES else self.source,
            graph_endpoint=self.graph_endpoint,
        )


class ClientPurpose(models.TextChoices):
    """What a client is used for; each may have an identity with no more rights than it needs."""

    READ = "read", "Reading incidents"
    INCIDENTS = "incidents", "Writing incidents and comments"
    RULES = "rules", "Deploying automation rules"


class WorkspaceCredential(models.Model):
    """How one purpose signs in. Without such a row the workspace's own credential serves it."""

    workspace = models.ForeignKey(
        "sentinel.Workspace", on_delete=models.CASCADE, related_name="credentials"
    )
    purpose = models.CharField(max_length=10, choices=ClientPurpose)
    kind = models.CharField(max_length=20, choices=CredentialKind)
    client_id = models.CharField(max_length=64, blank=True)
    secret_env = models.CharField(max_length=120, blank=True)  # name of an environment variable
    secret_ends_on = models.DateField(null=True)
    certificate_file = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "purpose"], name="a_purpose_has_one_credential"
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=ClientPurpose.values),
                name="a_credential_has_a_known_purpose",
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


class ApiVersion(models.Model):
    """The api-version of an endpoint that a workspace accepted, and the one it refused before. Only
    endpoints with more than one version have rows. Times are the database's own.
    """

    workspace = models.ForeignKey(
        "sentinel.Workspace", on_delete=models.CASCADE, related_name="api_versions"
    )
    endpoint = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    refused = models.CharField(max_length=20, blank=True)
    accepted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "endpoint"], name="an_endpoint_has_one_accepted_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.version} of {self.workspace_id}"


class DefenderIncident(models.Model):
    """An incident of the Defender portal by the id it has there (ARM: `providerIncidentId`), with
    Sentinel's name for it. While it has none, no list of the workspace has named it yet: it waits,
    and nothing of it is shown. Times are business time.
    """

    workspace = models.ForeignKey(
        "sentinel.Workspace", on_delete=models.CASCADE, related_name="defender_incidents"
    )
    graph_id = models.CharField(max_length=20)
    name = models.CharField(max_length=100, blank=True)  # Sentinel's GUID, lower case
    number = models.BigIntegerField(null=True)
    listed = models.JSONField(null=True)  # what Sentinel's list said that Graph lacks
    created_at = models.DateTimeField(null=True)  # Graph's
    waits_since = models.DateTimeField(null=True)  # until Graph's version was read under its name
    survivor = models.CharField(max_length=20, blank=True)  # what it was merged into, Graph's id

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "graph_id"], name="a_defender_incident_is_known_once"
            ),
            models.UniqueConstraint(
                fields=["workspace", "name"],
                condition=~Q(name=""),
                name="a_name_stands_for_one_defender_incident",
            ),
            models.CheckConstraint(
                condition=~Q(name="") | Q(waits_since__isnull=False),
                name="a_defender_incident_without_a_name_waits",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "waits_since"],
                condition=Q(waits_since__isnull=False),
                name="defender_incidents_waiting",
            ),
            models.Index(
                fields=["workspace", "survivor"],
                condition=~Q(survivor=""),
                name="defender_incidents_merged",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.graph_id} of {self.workspace_id}"


class PortalResidence(models.Model):
    """Whether a workspace lives in the Defender portal: the one place where that is kept. Each poll
    asks it of the newest incident that an analytics rule of the workspace made; intake is above and
    writes it down here. Times are business time.
    """

    workspace = models.OneToOneField(
        "sentinel.Workspace",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="portal_residence",
    )
    is_in_portal = models.BooleanField(null=True)  # None: no rule has made an incident yet
    since = models.DateTimeField(null=True)  # creation of the first incident that showed the value
    asked_at = models.DateTimeField()
    incident_name = models.CharField(max_length=100, blank=True)  # the newest one, which decides
    incident_number = models.IntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    is_in_portal__isnull=True,
                    since__isnull=True,
                    incident_number__isnull=True,
                    incident_name="",
                )
                | Q(
                    is_in_portal__isnull=False,
                    since__isnull=False,
                    incident_number__isnull=False,
                )
                & ~Q(incident_name=""),
                name="a_portal_residence_has_its_evidence",
            )
        ]

    def __str__(self) -> str:
        return f"{self.workspace_id}: {self.is_in_portal}"


class Freshness(models.Model):
    """When intake last read a workspace to the end of what had changed there. On business time,
    because decisions are made on it; intake is above and writes it down here.
    """

    workspace = models.OneToOneField(
        "sentinel.Workspace", on_delete=models.CASCADE, primary_key=True, related_name="freshness"
    )
    fresh_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.workspace_id} at {self.fresh_at:%Y-%m-%d %H:%M}"


class Reachability(models.Model):
    """When a workspace may be called again for one purpose, and what went wrong.

    Times here are the database's own (`portal.clock.unshifted`): waits must not jump when the
    demo moves its clock.
    """

    workspace = models.ForeignKey(
        "sentinel.Workspace", on_delete=models.CASCADE, related_name="reachability"
    )
    purpose = models.CharField(max_length=10, choices=ClientPurpose, default=ClientPurpose.READ)
    not_before = models.DateTimeField(null=True)  # Azure asked for silence until then
    throttles = models.PositiveIntegerField(default=0)  # in a row
    failures = models.PositiveIntegerField(default=0)  # in a row
    open_until = models.DateTimeField(null=True)  # the breaker; then one call may probe
    reached_at = models.DateTimeField(null=True)
    denied_since = models.DateTimeField(null=True)
    gone_since = models.DateTimeField(null=True)
    credential_ends_at = models.DateTimeField(null=True)  # of the certificate or secret in use
    latest_error = models.CharField(max_length=500, blank=True)
    latest_error_code = models.CharField(max_length=100, blank=True)
    latest_error_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "purpose"], name="a_purpose_is_reachable_in_one_way"
            )
        ]

    def __str__(self) -> str:
        return f"{self.workspace_id} for {self.purpose}"
