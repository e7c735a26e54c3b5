"""The learning paths: lessons of several modules in an order of their own, a file each."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portal.ui.htmx import render_page
from training.catalog.engine.paths import FOLDER as PATHS
from training.catalog.queries import drafts_of, path_files, path_titles


@require_safe
def paths(request: HttpRequest) -> HttpResponse:
    """Show the files of the learning paths."""
    return paths_page(request)


def paths_page(
    request: HttpRequest, *, problems: tuple[str, ...] = (), name: str = ""
) -> HttpResponse:
    """Show the files, what is being written in them, and why a new one was refused."""
    drafts = {draft.path: draft for draft in drafts_of(PATHS)}
    published, titles = path_files(), path_titles()
    page = {
        "slug": PATHS,
        "files": [
            {
                "path": path,
                "title": titles.get(path, ""),
                "draft": drafts.get(path),
                "is_new": path not in published,
                "is_removed": path in drafts and drafts[path].content is None,
            }
            for path in sorted(published.keys() | drafts.keys())
        ],
        "has_drafts": bool(drafts),
        "problems": problems,
        "name": name,
    }
    status = 422 if problems else 200
    return render_page(request, "training/catalog/paths.html", page, status=status)
