"""A16: only documented parameters mean anything."""

import base64

import pytest

from tests.portal.api.test_who_asks import problem_of

pytestmark = pytest.mark.django_db

UNKNOWN = [
    "ordering=-created_at",
    "ordering=owner__password",
    "order_by=id",
    "filter=a",
    "sort=id",
    "owner__password__startswith=pbkdf2",
    "workspace__name__regex=.*",
    "id__in=1,2",
    "pk=1",
    "status__gt=1",
    "severity__isnull=True",
    "workspace_id=1",
    "search=x",
    "q=x",
    "limit=5",
    "offset=5",
    "page=2",
    "format=api",
    "format=json",
    "exclude=x",
    "expand=owner",
    "_=1",
    "fields__in=id",
    "cursor__lt=x",
    "user__grants__role=administrator",
    "raw__body=x",
    "filter[status]=1",
    "status[]=New",
    "%00=1",
    "__class__=x",
    "annotate=x",
    "$where=1",
]
WRONG = [
    "page_size=0",
    "page_size=1001",
    "page_size=-1",
    "page_size=1e3",
    "page_size=",
    "cursor=",
    "cursor=x",
    "cursor=!!!!",
    "cursor=YWJj",
    "fields=",
    "fields=id,",
    "fields=password",
    "fields=owner__password",
    "fields=workspace__tenant_id",
    "fields=raw",
    "fields=*",
    "status=new",
    "status=",
    "status=New,Old",
    "severity=4",
    "ot_state=x",
    "number=1.5",
    "number=99999999999999999999",
    "pattern=x",
    "modified_from=yesterday",
    "modified_from=2026-11-24",
    "modified_from=2026-11-24T12:00:00",
    "label=",
    "owner=%00",
    "modified_from=0001-01-01T00:00:00%2B14:00",
    "modified_from=9999-12-31T23:59:59-14:00",
    "label=" + "x" * 201,
    "status=New&status=Closed",
    "page_size=5&page_size=6",
]


@pytest.mark.abuse("A16")
@pytest.mark.parametrize("query", UNKNOWN + WRONG)
def test_what_is_not_documented_is_400_and_named(program, incident, query):
    answer = program.get(f"incidents/?{query}")
    problem_of(answer, 400)
    assert answer.json()["errors"]


@pytest.mark.abuse("A16")
@pytest.mark.parametrize("query", ["status=New", "cursor=x", "page_size=1", "x=1"])
def test_a_single_row_takes_fields_and_nothing_else(program, incident, query):
    problem_of(program.get(f"incidents/{incident.pk}/?{query}"), 400)
    problem_of(program.post(f"incidents/{incident.pk}/reopen/?{query}"), 400)
    assert program.get(f"incidents/{incident.pk}/?fields=id").json()["id"] == incident.pk


@pytest.mark.abuse("A16")
@pytest.mark.parametrize(
    "inside",
    [
        "2026-11-24T12:00:00+00:00|x",
        "2026-11-24T12:00:00|1",
        "x|1",
        "|",
        "2026|-1",
        "2026-11-24T12:00:00+00:00|99999999999999999999",
        "\x00|1",
    ],
)
def test_cursors_that_are_not_ours_are_refused(program, inside):
    made = base64.urlsafe_b64encode(inside.encode()).decode().rstrip("=")
    problem_of(program.get(f"incidents/?cursor={made}"), 400)


def test_one_answer_names_everything_that_is_wrong(program):
    errors = program.get("incidents/?status=x&number=y").json()["errors"]
    assert set(errors) == {"status", "number"}
