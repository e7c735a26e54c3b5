"""What changes the teaching, and what is said of alert types."""

from training.catalog.services.import_curriculum import (
    CannotImportCurriculum,
    ImportOutcome,
    import_curriculum,
)
from training.catalog.services.review_alert_type import CannotReview, review_alert_type
from training.catalog.services.store_modules import FileChange

__all__ = [
    "CannotImportCurriculum",
    "CannotReview",
    "FileChange",
    "ImportOutcome",
    "import_curriculum",
    "review_alert_type",
]
