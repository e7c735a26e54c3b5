"""Cards as a table that Anki reads: front, back, tags; HTML in the fields, a tab between them."""

from training.catalog.engine.content import Module
from training.catalog.engine.exports.plain import plain_html

_HEAD = "#separator:tab\n#html:true\n#columns:Front\tBack\tTags\n#tags column:3\n"


def cards_to_tsv(modules: tuple[Module, ...]) -> str:
    """Return one line a card."""
    rows = (
        "\t".join(_field(text) for text in (card.front_html, card.back_html, tags))
        for module in modules
        for card in module.cards
        for tags in [f"{module.id} {card.technique}".strip()]
    )
    return _HEAD + "".join(f"{row}\n" for row in rows)


def _field(html: str) -> str:
    return " ".join(plain_html(html).split())
