"""The plant floor, for flows that are traced."""

from tests.alerts.suppression.enforcing.conftest import floor

__all__ = ["floor"]
