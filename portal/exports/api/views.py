"""Ask for a list as a file, see how far it is, take it."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy
from rest_framework.serializers import (
    BooleanField,
    CharField,
    ChoiceField,
    DateTimeField,
    DictField,
    IntegerField,
    ListField,
    UUIDField,
)

from portal import clock
from portal.accounts.models import TokenScope
from portal.api.fields import QueryMoment
from portal.api.listing import Listing, ListRow, Order
from portal.api.requests import In
from portal.api.views import Resource, command, file_of
from portal.exports.engine.formats import MEDIA_TYPES
from portal.exports.files import file_answer
from portal.exports.models import Export, Format
from portal.exports.policies import EXPORTING
from portal.exports.queries import exports_visible_to, has_file
from portal.exports.services import request_export
from portal.jobs.models import JobState


class ExportSerializer(ListRow):
    """Your exports, the newest first. A file is kept for a day."""

    id = UUIDField(source="uuid", help_text="of the export")
    list = CharField(source="list_name", help_text="the list that it is of")
    filters = DictField(child=CharField(), help_text="what it was narrowed by")
    columns = ListField(child=CharField(), help_text="which columns; empty for all of the list")
    format = ChoiceField(Format.values, help_text="what the file is")
    state = ChoiceField(
        JobState.values, help_text="waiting, running, done (there is a file) or dead (see `error`)"
    )
    error = CharField(source="latest_error", help_text="why there is no file")
    requested_at = DateTimeField(source="made_at", help_text="when it was asked for")
    ready_at = DateTimeField(
        source="settled_at", allow_null=True, help_text="when it was made or given up"
    )
    expires_at = DateTimeField(help_text="when it is removed")
    rows = IntegerField(allow_null=True, help_text="how many rows the file has")
    size = IntegerField(allow_null=True, help_text="bytes of the file")
    whole = BooleanField(
        source="is_whole",
        allow_null=True,
        help_text="false where the file ended at a bound (rows, bytes or time) and there is more",
    )


EXPORTS = Listing(ExportSerializer, Order("made_at", field=QueryMoment()))


class ExportIn(In):
    """What to export."""

    list = CharField(max_length=60, help_text="the heading of a list, such as `incidents`")
    format = ChoiceField(Format.choices, help_text="what the file shall be")
    filters = DictField(
        child=CharField(max_length=400),
        required=False,
        help_text="filters of that list, with their values as in its address",
    )
    columns = ListField(
        child=CharField(max_length=60),
        required=False,
        max_length=100,
        help_text="which columns, as `fields` of that list; without it those that lists show",
    )


class ExportViewSet(Resource):
    """Lists as files: CSV, XLSX, Parquet or NDJSON, with what you may see."""

    tag = "exports"
    title = gettext_lazy("Exports")
    listing = EXPORTS
    lookup_field = "uuid"
    lookup_value_converter = "uuid"

    def rows(self) -> QuerySet[Export]:
        """The person's own, made with the rights that they have now."""
        return exports_visible_to(self.person)

    @command(ExportIn, scope=TokenScope.READ, roles=EXPORTING, detail=False)
    def create(self, values: dict[str, Any]) -> HttpResponse:
        """Have a list made into a file. Ask for the row again until its state is `done`."""
        export = request_export(
            list_name=values["list"],
            file_format=values["format"],
            filters=values.get("filters", {}),
            columns=values.get("columns", []),
            by=self.person,
            now=self.now,
            unshifted=clock.unshifted(),
        )
        return self.answer_row(export.uuid)

    @file_of(*MEDIA_TYPES.values())
    def file(self, row: Export) -> HttpResponseBase:
        """The file; 404 until it is made. That it was taken is on record."""
        if not has_file(row):
            raise Http404
        return file_answer(row, by=self.person, now=self.now)
