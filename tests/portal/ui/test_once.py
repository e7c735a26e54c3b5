"""What is the same for everybody is drawn once for each language, and nothing personal in it."""

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation


def test_each_language_has_its_own_words():
    page = Template('{% load i18n ui %}{% once %}{% translate "Close" %}{% endonce %}')
    english = page.render(Context())
    with translation.override("de"):
        german = page.render(Context())
    assert (english, german) == ("Close", "Schließen")
    assert page.render(Context()) == "Close"


def test_nothing_of_one_person_reaches_the_next():
    page = Template("{% load ui %}{% once %}Hello {{ name }}{% endonce %} {{ name }}")
    assert page.render(Context({"name": "Oda"})) == "Hello  Oda"
    assert page.render(Context({"name": "Sam"})) == "Hello  Sam"


def test_a_block_inside_is_refused():
    with pytest.raises(TemplateSyntaxError, match="could not fill"):
        Template("{% load ui %}{% once %}{% block main %}{% endblock %}{% endonce %}")
