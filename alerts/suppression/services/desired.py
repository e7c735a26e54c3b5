"""What should stand in Sentinel for a rule."""

from alerts.suppression.reads.forms import Forms, compiled_forms

__all__ = ["Forms", "compiled_forms"]
