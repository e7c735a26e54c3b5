"""What changes the teaching: imports, drafts, publishing them; and what is said of alert types."""

from training.catalog.services.drafts import (
    CannotSaveDraft,
    DraftIsNewer,
    answer_offer,
    discard_drafts,
    save_draft,
)
from training.catalog.services.import_curriculum import (
    CannotImportCurriculum,
    ImportOutcome,
    import_curriculum,
)
from training.catalog.services.publish_drafts import CannotPublish, publish_drafts
from training.catalog.services.restructure_modules import remove_module, rename_file
from training.catalog.services.review_alert_type import CannotReview, review_alert_type
from training.catalog.services.store_modules import FileChange, RowChanges
from training.catalog.services.upload_modules import upload_modules

__all__ = [
    "CannotImportCurriculum",
    "CannotPublish",
    "CannotReview",
    "CannotSaveDraft",
    "DraftIsNewer",
    "FileChange",
    "ImportOutcome",
    "RowChanges",
    "answer_offer",
    "discard_drafts",
    "import_curriculum",
    "publish_drafts",
    "remove_module",
    "rename_file",
    "review_alert_type",
    "save_draft",
    "upload_modules",
]
