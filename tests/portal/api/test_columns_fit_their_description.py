"""What a list describes is what its columns hold: a number with a fraction is no integer, and what
may be empty is said to be. Rows of tests are few and tidy; the columns are what a plant fills.
"""

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import get_resolver
from rest_framework import serializers

from portal.accounts.models import GrantScope, Role
from portal.api.views import Resource
from tests import cast
from tests.conftest import NOON

pytestmark = pytest.mark.django_db

FITS = {
    serializers.IntegerField: (models.IntegerField, models.AutoField, models.ForeignKey),
    serializers.FloatField: (models.FloatField, models.DecimalField, models.IntegerField),
    serializers.BooleanField: (models.BooleanField,),
    serializers.DateTimeField: (models.DateTimeField,),
    serializers.UUIDField: (models.UUIDField, models.ForeignKey),
}


def all_resources(of=Resource):
    for resource in of.__subclasses__():
        yield resource
        yield from all_resources(resource)


assert get_resolver().url_patterns  # imports all of them
LISTINGS = {r.__qualname__: r for r in all_resources() if hasattr(r, "listing")}


def column_of(model, path):
    """The field at the end of a path, and whether a row on the way, or it, may be absent."""
    may_lack = False
    for name in path.split("__"):
        field = model._meta.get_field("id" if name == "pk" else name)
        may_lack |= field.null
        model = field.related_model or model
    return field, may_lack


@pytest.mark.parametrize("name", sorted(LISTINGS))
def test_types_and_empty_values_are_as_described(name, make_person):
    person = make_person(cast.LEO, *((role, GrantScope.ALL, None) for role in Role))
    resource = LISTINGS[name].for_person(person, now=NOON)
    model, own, wrong = resource.rows().model, resource.own(), {}
    described = resource.listing.serializer().fields
    for column in resource.listing.columns:
        if column.name in {**own.sources, **own.reads} or column.read is not None:
            continue
        if not isinstance(column.source, str):
            continue
        try:
            field, may_lack = column_of(model, column.source)
        except FieldDoesNotExist:  # an annotation
            continue
        said = described[column.name]
        for kind, fitting in FITS.items():
            if isinstance(said, kind) and not isinstance(field, fitting):
                wrong[column.name] = f"{kind.__name__} of a {type(field).__name__}"
        if may_lack and not said.allow_null:
            wrong[column.name] = "may be null"
    assert wrong == {}
