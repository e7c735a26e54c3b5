"""When a workspace's automation was last read, and the rules that were found."""

from django.db import models

from portal.jobs.models import Leased


class Inventory(Leased):
    """One row a workspace for ever: reading its automation rules, playbooks and runs. The times
    are business time; each part has the error of its latest reading, empty where it succeeded.
    """

    never_ends = True

    workspace = models.OneToOneField(
        "sentinel.Workspace", on_delete=models.CASCADE, related_name="+"
    )
    rules_read_at = models.DateTimeField(null=True)
    rules_error = models.TextField(blank=True)
    playbooks_read_at = models.DateTimeField(null=True)
    playbooks_error = models.TextField(blank=True)
    runs_read_at = models.DateTimeField(null=True)
    runs_error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"automation of {self.workspace_id}"


class FoundRule(models.Model):
    """One automation rule as Sentinel showed it when it was last read. `body` are its properties.
    A rule that is no longer there has no row.
    """

    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)  # its id in Sentinel, lower case
    body = models.JSONField()
    found_at = models.DateTimeField()  # first seen

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"], name="a_rule_is_found_once_in_a_workspace"
            )
        ]

    def __str__(self) -> str:
        return str(self.body.get("displayName") or self.name)
