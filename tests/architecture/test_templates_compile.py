"""Every template can be read: two changes that fit in Git need not fit in a template, where one
took away what the other uses.
"""

import re

import pytest
from django.conf import settings
from django.template.loader import get_template

TEMPLATES = settings.BASE_DIR / "templates"
NAMES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", NAMES)
def test_a_template_names_only_tags_and_filters_that_it_loads(name):
    get_template(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_sentence_is_counted_by_a_number_and_not_by_its_words(name):
    text = (TEMPLATES / name).read_text()
    for tag in re.findall(r"{%\s*blocktranslate\s+with\s+(.*?)%}", text):
        words, _, counted = tag.partition(" count ")
        by = re.match(r"\w+=(\w+)", counted)
        assert not by or by[1] not in re.findall(r"(\w+)=", words), tag
