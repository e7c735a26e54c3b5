"""Static files with the hash of their content in the name, module imports included; style sheets
hold what they import.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_IMPORT = re.compile(r'@import "([^"]+)";')


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped
    """WhiteNoise's storage; `import` and `export … from` in modules name the hashed files too, and
    a style sheet holds what it imports: one file comes sooner than eleven, and packs better.
    """

    support_js_module_import_aggregation = True

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        """Hash and pack the files, the style sheets with their imports in place."""
        whole = InMemoryStorage()
        sheets = {name: style_sheet(name, paths) for name in paths if name.endswith(".css")}
        for name, text in sheets.items():
            whole.save(name, ContentFile(text.encode()))
        style_sheets = {name: (whole, name) for name in sheets}
        yield from super().post_process(paths | style_sheets, dry_run=dry_run, **options)


def style_sheet(name: str, paths: dict[str, Any]) -> str:
    """Return the sheet without comments and indentation, what it imports in place. `paths` holds
    each file's storage and path, by name. Imported sheets lie in the folder of the sheet: their
    addresses are relative to it.
    """
    storage, path = paths[name]
    with storage.open(path) as file:
        text = _COMMENT.sub("", file.read().decode())
    folder = posixpath.dirname(name)
    text = _IMPORT.sub(lambda found: style_sheet(posixpath.join(folder, found[1]), paths), text)
    return re.sub(r"\s*\n\s*", "\n", text)
