"""What should stand in Sentinel for a rule."""

from datetime import datetime

from alerts.suppression.models import RuleVersion
from alerts.suppression.reads.forms import Forms, compiled_forms

__all__ = ["Forms", "bring_in_line", "compiled_forms"]


def bring_in_line(*, version_id: int, now: datetime) -> None:
    """Owe Sentinel what this version wants there now. What Tagout enforces wants nothing there."""
    version = RuleVersion.objects.get(pk=version_id)
    if version.enforcement == "sentinel":
        raise NotImplementedError(f"{version} cannot be owed to Sentinel at {now}.")
