"""The answer that hands a file over, the same for page and API."""

from datetime import datetime

from django.http import StreamingHttpResponse

from portal.accounts.models import User
from portal.exports.engine.formats import MEDIA_TYPES
from portal.exports.models import Export
from portal.exports.queries import pieces_of
from portal.exports.services import note_download


def file_answer(export: Export, *, by: User, now: datetime) -> StreamingHttpResponse:
    """Put on record that the file is taken, and return it."""
    note_download(export, by=by, now=now)
    answer = StreamingHttpResponse(pieces_of(export), content_type=MEDIA_TYPES[export.format])
    name = f"tagout-{export.list_name}-{export.made_at:%Y%m%d-%H%M}.{export.format}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Content-Length"] = str(export.size)
    answer["Cache-Control"] = "no-store"
    return answer
