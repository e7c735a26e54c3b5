"""Rows by plain SQL are the rows that Django would have read."""

import pytest
from django.db import connection

from portal.accounts.models import ApiToken, Session, User
from portal.accounts.services.tokens import create_token
from portal.formats.plain_sql import columns_of, row_of
from tests import cast
from tests.conftest import NOON


@pytest.mark.django_db
def test_a_row_has_every_field_as_django_reads_it(make_person, client):
    sam = make_person(cast.SAM)
    create_token(owner=sam, name="export", scopes=["read"], by=sam.name, now=NOON, days=30)
    client.force_login(sam)
    for model in (User, ApiToken, Session):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns_of(model, 'x')} FROM {model._meta.db_table} x")
            found = row_of(model, cursor.fetchone())
        expected = model.objects.get()
        names = [field.attname for field in model._meta.concrete_fields]
        assert [getattr(found, name) for name in names] == [
            getattr(expected, name) for name in names
        ]
        found.save()  # a row of the database, not a new one
        assert model.objects.count() == 1
