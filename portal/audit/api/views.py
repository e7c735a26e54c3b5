"""The record: who did what to what, and when."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy
from rest_framework.serializers import CharField, DateTimeField, DictField, IntegerField

from portal.api.fields import QueryMoment, QueryNumber, QueryText
from portal.api.listing import ListFilter, Listing, ListRow, Order
from portal.api.views import Resource
from portal.audit.models import Entry
from portal.audit.policies import may_read_record


class EntrySerializer(ListRow):
    """Everything that people and workers did, the latest first. Entries are never changed; each
    holds the hash of the one before it. Only auditors of the whole portal see any.
    """

    id = IntegerField(source="seq", help_text="its number in the record, without gaps")
    at = DateTimeField(help_text="when, in business time")
    recorded_at = DateTimeField(
        allow_null=True, help_text="when the database wrote it, by its own clock"
    )
    actor = CharField(source="actor_label", help_text="who; a worker by the name of its task")
    action = CharField(help_text="what, as room.noun.past")
    object_type = CharField(help_text="the kind of what it was done to")
    object_id = CharField(help_text="which one")
    object = CharField(source="object_label", help_text="its name at that time")
    details = DictField(help_text="what belongs to the action: before and after, reasons, counts")
    request = CharField(source="request_id", help_text="the request or job that it was done in")
    written_by = CharField(help_text="the database role that wrote it")
    previous_hash = CharField(source="prev_hash", help_text="of the entry before it")
    hash = CharField(help_text="SHA-256 over the entry and the hash before it")


RECORD = Listing(
    EntrySerializer,
    Order("seq", field=QueryNumber()),
    filters=(
        ListFilter("action", QueryText(), "exactly this action", "action", indexed=True),
        ListFilter("object_type", QueryText(), "of one kind", "object_type"),
        ListFilter("object_id", QueryText(), "of one thing; give object_type, too", "object_id"),
        ListFilter("actor", QueryText(), "exactly this name", "actor_label"),
        ListFilter("request", QueryText(), "of one request", "request_id"),
        ListFilter("at_from", QueryMoment(), "at or after", "at__gte"),
        ListFilter("at_before", QueryMoment(), "before", "at__lt"),
    ),
)


class EntryViewSet(Resource):
    """The audit record: who did what to what, and when."""

    tag = "audit"
    title = gettext_lazy("Audit record")
    listing = RECORD
    lookup_field = "seq"

    def rows(self) -> QuerySet[Entry]:
        """All entries for an auditor of everything; none for anybody else."""
        entries = Entry.objects.all()
        return entries if may_read_record(self.person) else entries.none()
