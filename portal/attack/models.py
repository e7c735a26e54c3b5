"""Releases of ATT&CK for ICS that were imported; without one the shipped release holds."""

from django.db import models


class Release(models.Model):
    """One imported release, in the form of the catalogue's file. The latest is in force."""

    version = models.CharField(max_length=10)
    catalogue = models.JSONField()
    imported_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"ATT&CK for ICS {self.version}"
