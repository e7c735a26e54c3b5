"""What other programs can read of a curriculum: Moodle XML, pages without a server."""

from training.catalog.engine.content import ModuleContent
from training.catalog.engine.exports.moodle import questions_to_moodle
from training.catalog.engine.exports.site import lessons_to_zip


def export_modules(
    kind: str, modules: tuple[ModuleContent, ...], *, colours: str = ""
) -> tuple[bytes, int]:
    """Return a file of these modules and how many questions it leaves out. `kind` is html or
    moodle; `colours` are the style sheet's custom properties, for pages.
    """
    if kind == "html":
        return lessons_to_zip(modules, colours=colours), 0
    text, left_out = questions_to_moodle(modules)
    return text.encode(), left_out
