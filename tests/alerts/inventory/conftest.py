"""The workspace, plant and people of the incidents' pages."""

from tests.alerts.incidents.api.conftest import asks
from tests.alerts.incidents.web.conftest import gdansk, leo, oda, plant, sam, signed_in

__all__ = ["asks", "gdansk", "leo", "oda", "plant", "sam", "signed_in"]
