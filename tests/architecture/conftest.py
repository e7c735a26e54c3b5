"""The plant floor, for flows that are traced."""

from tests.alerts.suppression.enforcing.conftest import floor, floor_at_noon

__all__ = ["floor", "floor_at_noon"]
