"""What the record may name is one table: nothing else is written, and nothing in it is unused."""

import ast
import re

import pytest
from django.apps import apps
from django.db import transaction

from portal.audit.actions import AUDITED_THINGS, FORMER_LABELS, MODELS_OF_ACTION
from portal.audit.models import Entry
from portal.audit.services import record
from tests.architecture.tree import HOME, WINGS, tracked
from tests.conftest import NOON


def _texts():
    """Every text of the product, an f-string with an asterisk for each of its values."""
    for path in tracked():
        if path.suffix != ".py" or path.parts[0] not in WINGS or "migrations" in path.parts:
            continue
        if path.as_posix() == "portal/audit/actions.py":
            continue
        for node in ast.walk(ast.parse((HOME / path).read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            if isinstance(node, ast.JoinedStr):
                yield "".join(
                    part.value if isinstance(part, ast.Constant) else "*" for part in node.values
                )


def test_a_thing_is_listed_once_and_its_models_exist():
    names = [thing.name for thing in AUDITED_THINGS]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+\.[a-z_]+", action) for action in MODELS_OF_ACTION)
    longest = Entry._meta.get_field("action").max_length
    assert max(map(len, MODELS_OF_ACTION)) <= longest
    models = {
        FORMER_LABELS.get(model._meta.label_lower, model._meta.label_lower)
        for model in apps.get_models()
    }
    assert {label for labels in MODELS_OF_ACTION.values() for label in labels} <= models
    assert FORMER_LABELS.keys() <= {model._meta.label_lower for model in apps.get_models()}


def test_every_action_of_the_table_is_named_somewhere_in_the_code():
    texts = set(_texts())
    patterns = [re.escape(text).replace(r"\*", "[a-z_]+") for text in texts if ".*" in text]
    by_value = re.compile("|".join(patterns))
    unused = [
        action
        for action in MODELS_OF_ACTION
        if action not in texts and not by_value.fullmatch(action)
    ]
    assert unused == []


@pytest.mark.parametrize("action", ["suppression.rule.sigend", "suppression.rule.signed"])
@pytest.mark.django_db
def test_an_action_is_refused_that_the_table_has_not_or_not_for_this_model(action, sam):
    with pytest.raises(ValueError, match=r"actions\.py"), transaction.atomic():
        record(action, on=sam, by=sam, at=NOON)
    assert not Entry.objects.filter(action=action).exists()
