"""Parts of a page that are the same for everybody: drawn once for each language."""

from django.template import Context, Library, Node, NodeList, TemplateSyntaxError
from django.template.base import Parser, Token
from django.template.loader_tags import BlockNode
from django.utils.html import json_script
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from portal.ui.words import for_scripts

register = Library()


class OnceNode(Node):
    """Keeps what its content gave, by language, for as long as the process lives."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self._drawn: dict[str | None, SafeString] = {}

    def render(self, context: Context) -> SafeString:
        """The kept text. Its content sees no variable of the page, so nothing of one person can
        reach the next.
        """
        language = get_language()
        drawn = self._drawn.get(language)
        if drawn is None:
            drawn = self._drawn[language] = self.nodelist.render(context.new({}))
        return drawn


@register.tag
def once(parser: Parser, token: Token) -> OnceNode:
    """`{% once %}…{% endonce %}`: fixed words, icons and addresses. Variables are empty inside."""
    nodelist = parser.parse(("endonce",))
    parser.delete_first_token()
    if nodelist.get_nodes_by_type(BlockNode):
        raise TemplateSyntaxError("A page could not fill a block that stands inside of once.")
    return OnceNode(nodelist)


@register.simple_tag
def script_words() -> SafeString:
    """What scripts say, in the page's language."""
    return json_script(for_scripts(), "ui-words")
