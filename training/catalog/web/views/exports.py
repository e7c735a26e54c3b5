"""What is published, as files for elsewhere."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from portal import clock
from training.catalog.engine.archives import write_archive
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.engine.exports.cards_tsv import cards_to_tsv
from training.catalog.engine.exports.gift import questions_to_gift
from training.catalog.engine.exports.moodle_xml import questions_to_moodle
from training.catalog.engine.exports.site import lessons_to_zip
from training.catalog.engine.module_files import unpacked
from training.catalog.queries import published_modules, source_files
from training.catalog.vocabulary import colour_styles, current_vocabulary

_NAMES = {
    "source": ("modules.zip", "application/zip"),
    "html": ("lessons.zip", "application/zip"),
    "gift": ("questions.gift", "text/plain; charset=utf-8"),
    "moodle": ("questions.xml", "application/xml"),
    "cards": ("cards.tsv", "text/tab-separated-values; charset=utf-8"),
}


@require_safe
def export(request: HttpRequest, kind: str) -> HttpResponse:
    """Hand out all that is published in one format."""
    modules = published_modules()
    if kind not in _NAMES or not modules:
        raise Http404(gettext("There is nothing to export."))
    name, content_type = _NAMES[kind]
    if kind == "source":
        data = write_archive(source_files())
    else:
        with unpacked(modules) as folder:
            known = current_vocabulary(clock.now_of(request).date())
            found = read_curriculum(folder / "modules", "modules", known).modules
            if kind == "html":
                data = lessons_to_zip(found, colours=colour_styles())
            elif kind == "cards":
                data = cards_to_tsv(found).encode()
            else:
                write = questions_to_gift if kind == "gift" else questions_to_moodle
                data = write(found)[0].encode()
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(data, content_type=content_type, headers=headers)
