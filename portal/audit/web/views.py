"""The audit record as a list, the latest first, with the result of the latest chain check."""

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from portal.accounts.sessions import actor_of
from portal.audit.actions import actions_of
from portal.audit.models import Entry
from portal.audit.policies import may_read_record
from portal.audit.queries import latest_proof
from portal.audit.web.forms import RecordFilter
from portal.ui.responses import render_page

AT_ONCE = 50


@require_GET
def audit_record(request: HttpRequest) -> HttpResponse:
    """Entries of the audit record, narrowed by thing, person and days (UTC)."""
    if not may_read_record(actor_of(request)):
        raise PermissionDenied
    form = RecordFilter(request.GET)
    form.is_valid()
    chosen = {name: value for name, value in form.cleaned_data.items() if value}
    entries = list(_narrowed(chosen)[: AT_ONCE + 1])
    rows = [(entry, _text(entry.details)) for entry in entries[:AT_ONCE]]
    page = {
        "form": form,
        "is_narrowed": bool(chosen),
        "rows": rows,
        "proof": latest_proof(),
        "older": _older(chosen, entries[AT_ONCE - 1]) if len(entries) > AT_ONCE else "",
    }
    status = 422 if form.errors else 200
    return render_page(request, "portal/audit/record.html", page, part="entries", status=status)


def _narrowed(chosen: dict[str, Any]) -> QuerySet[Entry]:
    entries = Entry.objects.order_by("-seq")
    if thing := chosen.get("thing"):
        entries = entries.filter(action__in=actions_of(thing))
    if actor := chosen.get("actor"):
        entries = entries.filter(actor_label__icontains=actor)
    if since := chosen.get("since"):
        entries = entries.filter(at__gte=datetime.combine(since, time.min, UTC))
    if (until := chosen.get("until")) and until.year < 9999:
        entries = entries.filter(at__lt=datetime.combine(until + timedelta(days=1), time.min, UTC))
    if before := chosen.get("before"):
        entries = entries.filter(seq__lt=before)
    return entries


def _text(details: dict[str, Any]) -> str:
    return json.dumps(details, indent=2, ensure_ascii=False) if details else ""


def _older(chosen: dict[str, Any], last: Entry) -> str:
    return "?" + urlencode({**chosen, "before": last.seq})
