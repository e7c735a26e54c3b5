"""Which backups were restored here, and whether an administrator has looked since."""

from django.db import models


class Restore(models.Model):
    """A backup that was restored into this database. Until it is resumed nothing is sent and no
    rule acts. The row is written before pending migrations run: its columns may only be added to.
    """

    backup_made_at = models.DateTimeField()
    backup_version = models.CharField(max_length=40)  # of Tagout
    record_seq = models.BigIntegerField()  # where the audit record of the backup ends
    record_hash = models.CharField(max_length=64, blank=True)
    restored_at = models.DateTimeField()
    restored_by_label = models.CharField(max_length=200)
    compared_at = models.DateTimeField(null=True)  # with what the outside knows
    findings = models.JSONField(default=dict)  # of the latest comparison: engine.Findings
    resumed_at = models.DateTimeField(null=True)
    resumed_by_label = models.CharField(max_length=200, blank=True)
    resumed_reason = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"backup of {self.backup_made_at:%Y-%m-%d %H:%M} UTC"
