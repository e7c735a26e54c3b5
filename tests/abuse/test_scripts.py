"""A32: scripts in every text that comes from outside are shown as text and never run."""

import itertools
from html import unescape

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import connection, transaction
from django.test import Client

from alerts.captures.models import Capture
from alerts.incidents.models import Alert, Comment, Entity, Group, Incident, TimelineItem
from alerts.planned_work.models import Revision
from alerts.reviews.models import Question, Verdict
from alerts.sites.models import Device, Site, Zone
from alerts.suppression.models import LedgerEntry, RuleVersion, Signature, Step
from portal.accounts.models import ApiToken, GrantScope, Role, User
from portal.accounts.services.people import SCOPES_OF_ROLE
from portal.notifications.models import Notification
from tests import cast
from tests.abuse.world import the_world, things_of
from tests.crawl import crawl

RUN = "window.__ran=1"
CORPUS = [
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"<svg onload={RUN}>",
    f'"><script>{RUN}</script>',
    f"'><img src=x onerror={RUN}>",
    f"</title><script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"<a href=javascript:{RUN}>x</a>",
    f"javascript:{RUN}",
    f'" autofocus onfocus={RUN} x="',
    f"' onmouseover={RUN} x='",
    f"<iframe srcdoc='<b onload={RUN}>'>",
    f"<body onload={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<math><mi//xlink:href='data:x,<script>{RUN}</script>'>",
    "<style>*{background:url(//evil)}",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content=0;url=//evil>",
    "<base href=//evil.example/>",
    "<form action=//evil.example/><button>x",
    "<b hx-get=/x hx-trigger=load>",
    f"<b hx-on:load={RUN}>",
    "<p style=position:fixed>",
    f"{{{{constructor.constructor('{RUN}')()}}}}",
    f"${{{RUN}}}",
    f"-->&lt;script&gt;{RUN}&lt;/script&gt;",
    f"&#60;script&#62;{RUN}&#60;/script&#62;",
    f"\u2028<script>{RUN}</script>",
    f"＜script＞{RUN}＜/script＞",
    f"<scr<script>ipt>{RUN}</script>",
    f"<IMG SRC=`x` ONERROR={RUN}>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    "<object data=//evil.example/x.swf>",
    "<embed src=//evil.example/x>",
    f"<template><script>{RUN}</script>",
]
FIELDS = {
    Incident: ("title", "alert_type", "protocol", "source", "destination", "place", "owner_name"),
    Group: ("title", "alert_type", "protocol", "source", "destination", "place", "owner_names"),
    Alert: (
        "alert_type",
        "user_defined_title",
        "engine",
        "protocol",
        "function",
        "sensor",
        "source_device",
        "source_address",
        "destination_device",
        "source_kind",
        "source_zone",
    ),
    Comment: ("author", "message"),
    Entity: ("label",),
    TimelineItem: ("by_label",),
    Site: ("name", "control_room_phone"),
    Zone: ("name",),
    Device: ("name", "kind", "vendor", "model", "firmware", "role"),
    Capture: ("name", "note"),
    Question: ("text",),
    Verdict: ("note",),
    RuleVersion: ("title", "proposer_note"),
    LedgerEntry: ("reason", "signed_ot", "signed_soc", "text"),
    Signature: ("note",),
    Step: ("by_label", "reason"),
    Revision: ("title", "work_order", "vendor", "people", "by_label"),
    Notification: ("subject", "body", "reason"),
    ApiToken: ("name",),
    User: ("name",),
}


def fill_with_scripts():
    """Put a script into each of these texts, whatever guards its table; return how many."""
    corpus, written = itertools.cycle(CORPUS), 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers
        for model, names in FIELDS.items():
            for row in model.objects.all():
                texts = {}
                for name in names:
                    field = model._meta.get_field(name)
                    length = getattr(field, "base_field", field).max_length or 1_000
                    fitting = (text for text in corpus if len(text) <= length)
                    text = next(fitting) if length >= 60 else next(corpus)[:length]
                    texts[name] = [text] if isinstance(field, ArrayField) else text
                model.objects.filter(pk=row.pk).update(**texts)
                written += len(texts)
        cursor.execute("SET LOCAL session_replication_role = origin")
    return written


@pytest.mark.abuse("A32")
@pytest.mark.browser
def test_a32_no_script_in_a_text_runs_anywhere(
    browse, transactional_db, make_person, noon, attempts, long_abuse
):
    workspace, site, ids = the_world(make_person, "gdansk")
    things = things_of(workspace, site, ids)
    roles = [role for role in Role if GrantScope.ALL in SCOPES_OF_ROLE[role]]
    sam = make_person(cast.SAM, *((role, GrantScope.ALL, None) for role in roles))
    assert fill_with_scripts() > 90
    client = Client()
    client.force_login(sam)
    some = (
        "/",
        "/incidents/?view=open",
        f"/incidents/{ids['incidents']}/",
        "/devices/",
        "/rules/",
        f"/rules/{things['version']}/",
        "/ledger/",
        "/reviews/",
        f"/reviews/{ids['reviews']}/",
        "/planned-work/",
        "/people/",
        f"/captures/{ids['captures']}/",
    )
    pages = crawl(client) if long_abuse else {at: client.get(at).text for at in some}
    shown_anywhere, page = set(), browse("/", as_=sam)
    for address, html in pages.items():
        text = unescape(html)
        scripts = [script for script in CORPUS if script in text]
        shown_anywhere |= set(scripts)
        page.goto(address)
        ran = page.evaluate("Boolean(window.__ran)") or not page.url.endswith(address)
        for script in scripts:
            attempts.note((address, script), blocked=not ran)
    assert len(shown_anywhere) > len(CORPUS) // 2
