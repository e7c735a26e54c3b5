"""What other programs can read of a curriculum: GIFT, Moodle XML, cards, pages without a server."""

from training.catalog.engine.content import ModuleContent
from training.catalog.engine.exports.gift import questions_to_gift
from training.catalog.engine.exports.moodle_anki import cards_to_tsv, questions_to_moodle
from training.catalog.engine.exports.site import lessons_to_zip


def export_modules(
    kind: str, modules: tuple[ModuleContent, ...], *, colours: str = ""
) -> tuple[bytes, int]:
    """Return a file of these modules and how many questions it leaves out. `kind` is html, cards,
    gift or moodle; `colours` are the style sheet's custom properties, for pages.
    """
    if kind == "html":
        return lessons_to_zip(modules, colours=colours), 0
    if kind == "cards":
        return cards_to_tsv(modules).encode(), 0
    text, left_out = (questions_to_gift if kind == "gift" else questions_to_moodle)(modules)
    return text.encode(), left_out
