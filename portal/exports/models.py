"""Exports that people asked for, and their files."""

import uuid

from django.db import models

from portal.jobs.models import Leased


class Format(models.TextChoices):
    """What a file is."""

    CSV = "csv", "CSV"
    XLSX = "xlsx", "XLSX"
    PARQUET = "parquet", "Parquet"
    NDJSON = "ndjson", "NDJSON"


class Export(Leased):
    """A list of the API as one person may see it with these `rights`, filtered, for one file.
    `rows`, `size` (bytes) and `is_whole` are known once it is made; not whole are files that met a
    bound.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    by = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    rights = models.JSONField()
    list_name = models.CharField(max_length=60)
    filters = models.JSONField(default=dict)
    columns = models.JSONField(default=list)  # empty: all that the list shows
    format = models.CharField(max_length=8, choices=Format)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    rows = models.PositiveIntegerField(null=True)
    size = models.PositiveIntegerField(null=True)
    is_whole = models.BooleanField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["by", "-made_at"], name="exports_of_a_person"),
            models.Index(fields=["expires_at"], name="exports_to_forget"),
        ]

    def __str__(self) -> str:
        return f"{self.list_name}.{self.format}"


class ExportPart(models.Model):
    """A piece of the file of an export."""

    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["export", "number"], name="a_part_of_an_export_has_its_own_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} of {self.export_id}"
