"""Every template can be read: two changes that fit in Git need not fit in a template, where one
took away what the other uses.
"""

import re

from django.conf import settings
from django.template import TemplateSyntaxError
from django.template.loader import get_template

TEMPLATES = settings.BASE_DIR / "templates"
NAMES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*") if path.is_file())


def test_a_template_names_only_tags_and_filters_that_it_loads():
    faults = {}
    for name in NAMES:
        try:
            get_template(name)
        except TemplateSyntaxError as error:
            faults[name] = str(error)
    assert faults == {}


def test_a_sentence_is_counted_by_a_number_and_not_by_its_words():
    for name in NAMES:
        text = (TEMPLATES / name).read_text()
        for tag in re.findall(r"{%\s*blocktranslate\s+with\s+(.*?)%}", text):
            words, _, counted = tag.partition(" count ")
            by = re.match(r"\w+=(\w+)", counted)
            assert not by or by[1] not in re.findall(r"(\w+)=", words), (name, tag)
