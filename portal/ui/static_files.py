"""Static files: where they are found, and the hash of their content in their names, module imports
included; style sheets hold what they import.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from whitenoise.storage import CompressedManifestStaticFilesStorage

from portal.ui.navigation import address_of, pages_for
from portal.ui.palette import Finder, Found, Result, is_named, register_finder
from portal.ui.responses import wants_part


def register_finders() -> None:
    """Let the search ask for pages and for what can be done anywhere."""
    register_finder(
        Finder("pages", _("Pages"), find_pages, order=20, hint=_("a page by its name")),
        Finder("actions", _("Actions"), find_actions, order=90),
    )


def find_pages(request: HttpRequest, text: str) -> Found:
    """Return the pages whose name has these words; all of them while nothing is typed."""
    pages = [
        Result(str(item.label), url, item.icon, key=f"G {item.key.upper()}" if item.key else "")
        for item, url in pages_for(request)
    ]
    for url_name, label, icon in (
        ("notifications:inbox", gettext("Inbox"), "bell"),
        ("api-tokens", gettext("API tokens"), "key-round"),
        ("change-password", gettext("Change password"), "lock"),
    ):
        if url := address_of(url_name):
            pages.append(Result(label, url, icon))
    return Found([page for page in pages if is_named(page.label, text)])


def find_actions(request: HttpRequest, text: str) -> Found:
    """Return what can be done on every page: theme, shortcuts, sign-out."""
    theme, logout = address_of("ui:theme") or "", address_of("logout") or ""
    acts = [
        Result(gettext("Light theme"), theme, "sun", how="theme", fields={"theme": "light"}),
        Result(gettext("Dark theme"), theme, "moon", how="theme", fields={"theme": "dark"}),
        Result(
            gettext("Theme like the system"), theme, "sun-moon", how="theme", fields={"theme": ""}
        ),
        Result(gettext("Sign out"), logout, "log-out", how="post", fields={"from": "search"}),
    ]
    if wants_part(request):  # the page behind the palette has the list of shortcuts
        shortcuts = gettext("Show all shortcuts")
        acts.insert(0, Result(shortcuts, "shortcuts", "keyboard", key="?", how="show"))
    return Found([act for act in acts if is_named(act.label, text)])


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
