"""What changes the teaching: `import_curriculum`."""

from training.catalog.services.import_curriculum import (
    CannotImportCurriculum,
    ImportOutcome,
    import_curriculum,
)
from training.catalog.services.store_modules import FileChange

__all__ = ["CannotImportCurriculum", "FileChange", "ImportOutcome", "import_curriculum"]
