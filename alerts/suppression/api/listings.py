"""What lists of rules and of what belongs to a rule offer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.fields.json import KT

from alerts.reviews.models import Verdict
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from alerts.suppression.engine.rule import ENFORCEMENTS
from alerts.suppression.models import State
from alerts.suppression.models.signature import SIDES
from portal.api.kinds import FLAG, ID, MOMENT, NUMBER, OBJECT, TEXT, one_of, shaped
from portal.api.listing import Column, Filter, Listing, Order

STATE = one_of({word: word for word in State.values})
ENFORCEMENT = one_of({word: word for word in ENFORCEMENTS})
SIDE = one_of({side: side for side, _ in SIDES})
VERDICT = one_of({word: word for word in Verdict.values})
SIGNATURE = shaped(
    side=SIDE, by=TEXT, signed_at=MOMENT, hash=TEXT, note=TEXT, checked_evidence=FLAG,
    void_at=MOMENT.or_null(),
)  # fmt: skip
VERSION = shaped(version=NUMBER, state=STATE, state_since=MOMENT, hash=TEXT)


def _site(name: str) -> Q:
    return Q(site_ids__overlap=list(Site.objects.filter(name=name).values_list("pk", flat=True)))


def _workspace(name: str) -> Q:
    found = Workspace.objects.filter(name=name).values_list("pk", flat=True)
    return Q(workspace_ids__overlap=list(found))


def _moments(rows: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Moments that the database has put into JSON, as all others are spelled."""
    return [
        {
            name: datetime.fromisoformat(value)
            if value is not None and name.endswith(("_at", "_since"))
            else value
            for name, value in row.items()
        }
        for row in rows
    ]


_VERSION_COLUMNS = (
    Column("version", NUMBER, "number of the version that speaks for it", "number"),
    Column("title", TEXT, "one line"),
    Column("state", STATE, "where that version stands in its life"),
    Column("state_since", MOMENT, "since when"),
    Column("needs_approval", FLAG, "it stopped by itself: only a newly signed version goes on"),
    Column("enforcement", ENFORCEMENT, "who carries it out"),
    Column("sites", TEXT.many(), "names of the sites that it reaches", "site_ids"),
    Column("workspaces", TEXT.many(), "names of the workspaces that it reaches",
           "workspace_ids"),
    Column("owner_ot", TEXT.or_null(), "address of the owner of OT", KT("body__owner_ot")),
    Column("owner_soc", TEXT.or_null(), "address of the owner of the SOC",
           KT("body__owner_soc")),
    Column("expires_at", MOMENT.or_null(), "when it ends"),
    Column("hash", TEXT, "SHA-256 of the canonical rule, that signatures are bound to; empty "
           "for a draft", "rule_hash"),
    Column("revision", NUMBER, "of a draft: give it with `edit/`"),
    Column("made_by", TEXT, "who wrote that version", "made_by__name"),
    Column("made_at", MOMENT, "when"),
    Column("proposed_by", TEXT.or_null(), "who asked for signatures", "proposed_by__name"),
    Column("proposed_at", MOMENT.or_null(), "when"),
    Column("rule", OBJECT, "what it says, in canonical JSON: lines, owners, evidence, end",
           "body", wide=True),
    Column("forms", OBJECT, "hashes of its trial and its live form in Sentinel, by workspace",
           wide=True),
    Column("signatures", SIGNATURE.many(), "the word of each side; void ones too",
           read=_moments, wide=True),
)  # fmt: skip

RULES = Listing(
    "Rule",
    "Suppression rules, latest change of state first. One version speaks for each: what acts, else "
    "what is paused or in work, else the newest.",
    (
        Column("id", ID, "of the rule", "rule__uuid"),
        Column("number", NUMBER, "12 for R-12", "rule__number"),
        *_VERSION_COLUMNS,
        Column("in_work", NUMBER.or_null(), "number of the version that somebody is making or that "
               "waits for signatures; see `versions/`"),
        Column("stands_everywhere", FLAG.or_null(), "whether each workspace holds exactly what is "
               "wanted of it; null where Sentinel is to hold nothing"),
        Column("versions", VERSION.many(), "all its versions", read=_moments, wide=True),
    ),
    Order("state_since", kind=MOMENT),
    (
        Filter("state", STATE, "one or several", lambda these: Q(state__in=these)),
        Filter("site", TEXT, "name of a site that it reaches", _site),
        Filter("workspace", TEXT, "name of a workspace that it reaches", _workspace),
        Filter("enforcement", ENFORCEMENT, "one or several",
               lambda these: Q(enforcement__in=these)),
        Filter("number", NUMBER, "12 for R-12", lambda number: Q(rule__number=number)),
    ),
)  # fmt: skip

VERSIONS = Listing(
    "RuleVersion",
    "All versions of the rule, the newest first.",
    (Column("id", ID, "of the version", "uuid"), *_VERSION_COLUMNS),
    Order("made_at"),
    (Filter("state", STATE, "one or several", lambda these: Q(state__in=these)),),
)

EVIDENCE = Listing(
    "RuleEvidence",
    "Verdicts of OT that the rule rests on, latest first.",
    (
        Column("id", ID, "of the annotation", "uuid"),
        Column("verdict", VERDICT, "OT's word"),
        Column("cause", TEXT, "id of the reason"),
        Column("note", TEXT, "in their own words"),
        Column("by", TEXT, "who gave it", "by__name"),
        Column("given_at", MOMENT, "when"),
        Column("withdrawn_at", MOMENT.or_null(), "when it was taken back: then it counts no more"),
        Column("superseded_by", ID.or_null(), "the later verdict", "superseded_by__uuid"),
        Column("incidents", NUMBER.many(), "ids of its incidents that you may see", wide=True),
    ),
    Order("given_at"),
)

STEPS = Listing(
    "RuleStep",
    "Steps in the life of the rule's versions, latest first.",
    (
        Column("version", NUMBER, "of which version", "version__number"),
        Column("from_state", TEXT, "empty for the first"),
        Column("to_state", STATE, "where it went"),
        Column("at", MOMENT, "when"),
        Column("by", TEXT, "who, or what did it by itself", "by_label"),
        Column("reason", TEXT, "why"),
        Column("in_sentinel", TEXT, "what it did there"),
    ),
    Order("at"),
)
