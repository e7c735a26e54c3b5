"""What changes the teaching: `import_curriculum`."""

from training.catalog.services.import_curriculum import (
    CannotImportCurriculum,
    import_curriculum,
)

__all__ = ["CannotImportCurriculum", "import_curriculum"]
