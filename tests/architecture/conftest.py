"""The plant floor, for flows that are traced."""

from tests.alerts.suppression.enforce.conftest import floor

__all__ = ["floor"]
