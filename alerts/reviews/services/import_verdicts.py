"""Import verdicts that OT gave before Tagout, on open and closed incidents alike."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext

from alerts.incidents.models import Incident
from alerts.reviews.models import AskedIncident, Question, Verdict, VerdictFile
from alerts.reviews.services.past_verdicts import (
    PastVerdict,
    VerdictTrial,
    keep_judgements,
    lock_in_order,
    rank_alike,
    stored_identities,
)
from alerts.reviews.services.verdict_file import VerdictLine, lines_of
from alerts.sites.models import Site
from portal.accounts.models import Grant, GrantScope, User
from portal.accounts.rights import OT_ROLES
from portal.audit.services import Actor, record
from portal.formats.tables import FaultyFile, TableFault, read_table


class CannotImportVerdicts(FaultyFile):
    """No verdict was imported."""


@dataclass(frozen=True, slots=True)
class VerdictImport:
    """What came of a file, counted in its lines; `judgements` are the trials that are new."""

    lines: int
    new: int
    unchanged: int
    judgements: int
    people: Mapping[str, int]  # new lines by e-mail address


def import_verdicts(
    *, data: bytes, source: str, by: Actor, now: datetime, is_dry_run: bool = False
) -> VerdictImport:
    """Keep all verdicts of a file, or none. Nothing is owed to Sentinel and nobody is told. Lines
    that are on record are unchanged, so that the same file may be imported again.

    Lines of one person with the same moment, verdict, cause and note are one judgement.
    """
    table = read_table(data)
    lines, faults = lines_of(table)
    with transaction.atomic():
        resolution = _Resolution(lines, now=now)
        if faults := faults + resolution.faults:
            raise CannotImportVerdicts(faults)
        patterns: set[UUID] = set()
        if resolution.fresh and not is_dry_run:
            judgements = _judgements(resolution.fresh)
            file = VerdictFile.objects.create(
                name=source[:200],
                sha256=hashlib.sha256(data).hexdigest(),
                imported_at=now,
                imported_by=by if isinstance(by, User) else None,
                imported_by_label=str(by)[:200],
            )
            verdicts, patterns = keep_judgements(judgements=judgements, now=now, file=file)
            record(
                "reviews.verdicts.imported",
                on=verdicts[0],
                by=by,
                at=now,
                file=source,
                sha256=file.sha256,
                lines=len(resolution.fresh),
                n=len(verdicts),
                people=resolution.people,
            )
    rank_alike(patterns=patterns, now=now)
    return VerdictImport(
        lines=len(lines),
        new=len(resolution.fresh),
        unchanged=len(lines) - len(resolution.fresh),
        judgements=len(_judgements(resolution.fresh)),
        people=resolution.people,
    )


def _judgements(verdicts: Sequence[PastVerdict]) -> list[VerdictTrial]:
    """Verdicts that were given in one act are one trial, however many incidents they cover."""
    groups: dict[tuple[object, ...], list[PastVerdict]] = {}
    for verdict in verdicts:
        key = (verdict.by.pk, verdict.given_at, verdict.kind, verdict.cause, verdict.note)
        groups.setdefault(key, []).append(verdict)
    return [
        VerdictTrial(group[0], tuple(verdict.incident_id for verdict in group))
        for group in groups.values()
    ]


class _Resolution:
    """The lines with the incidents and people that Tagout has for them. The incidents are
    locked.
    """

    def __init__(self, lines: Sequence[VerdictLine], *, now: datetime) -> None:
        self.faults: list[TableFault] = []
        self.fresh: list[PastVerdict] = []
        self._now = now
        self._people = {
            user.email: user for user in User.objects.filter(email__in={x.email for x in lines})
        }
        self._incidents = _IncidentFinder(lines)
        ids = self._incidents.ids
        self._asked = _questions_waiting_for(ids)
        self._stored = stored_identities(ids)
        self._speakers = OtRoles(self._people.values())
        self._by_identity: dict[tuple[int, int, datetime], PastVerdict] = {}
        for line in lines:
            self._take(line)

    @property
    def people(self) -> dict[str, int]:
        """How many new lines each person has, by e-mail address."""
        return dict(sorted(Counter(verdict.by.email for verdict in self.fresh).items()))

    def _take(self, line: VerdictLine) -> None:
        incident, person = self._incident_of(line), self._person_of(line)
        if incident is None or person is None or line.at is None or not line.is_whole:
            return
        at, wrong = self._speakers.moment(line.at, incident)
        verdict = PastVerdict(incident.pk, line.verdict, line.cause, person, at, line.note)
        faults = [("at", wrong)] if wrong else list(self._faults_of(verdict, incident))
        for column, sentence in faults:
            self._fault(line, column, sentence)
        if not faults:
            self._add(line, verdict)

    def _incident_of(self, line: VerdictLine) -> Incident | None:
        if not line.incident:
            return None
        try:
            return self._incidents.find(line)
        except _NoIncident as wrong:
            self._fault(line, wrong.column, str(wrong))
            return None

    def _person_of(self, line: VerdictLine) -> User | None:
        person = self._people.get(line.email)
        if person is None and line.email:
            text = gettext(
                "Nobody in Tagout has the address %(email)s. Add them with `person add` and give "
                "them an OT role with `grant`."
            )
            self._fault(line, "by", text % {"email": line.email})
        return person

    def _faults_of(self, verdict: PastVerdict, incident: Incident) -> Iterator[tuple[str, str]]:
        name = _name_of(incident)
        if incident.is_read_only:
            text = gettext("%(incident)s was deleted or merged in Sentinel. Leave the line out.")
            yield "incident", text % {"incident": name}
        if not self._speakers.was_ot_for(verdict.by, incident):
            text = gettext(
                "%(name)s does not speak for OT at a site of %(incident)s. Give them an OT role "
                "there with `grant`, or fetch its details first with `sync --full`."
            )
            yield "by", text % {"name": verdict.by.name, "incident": name}
        began = min(filter(None, (incident.first_activity_at, incident.created_at)))
        if verdict.given_at > self._now:
            yield "at", gettext("This time is in the future.")
        elif verdict.given_at < began:
            text = gettext("%(incident)s began later, on %(began)s. Correct the time.")
            yield "at", text % {"incident": name, "began": began.isoformat(timespec="minutes")}
        asked_at = self._asked.get(incident.pk)
        if asked_at is not None and verdict.given_at >= asked_at:
            text = gettext("%(incident)s waits for an answer in Tagout. Give this verdict there.")
            yield "incident", text % {"incident": name}

    def _add(self, line: VerdictLine, verdict: PastVerdict) -> None:
        """Keep what is new; the same again is unchanged, another verdict at that moment is not."""
        stored = self._stored.get(verdict.identity)
        other = self._by_identity.setdefault(verdict.identity, verdict)
        words = _words(verdict)
        if (stored and _words(stored) != words) or _words(other) != words:
            text = gettext(
                "%(name)s has judged this incident differently at that very time. A correction "
                "needs a later time of its own."
            )
            self._fault(line, "at", text % {"name": verdict.by.name})
        elif stored is None and other is verdict:
            self.fresh.append(verdict)

    def _fault(self, line: VerdictLine, column: str, sentence: str) -> None:
        self.faults.append(TableFault(line.line, column, sentence))


class _NoIncident(Exception):
    """A line names no incident, or several. `column` is where that is to be mended."""

    def __init__(self, column: str, sentence: str) -> None:
        self.column = column
        super().__init__(sentence)


class _IncidentFinder:
    """The incidents that lines name, by number or by Sentinel's name, locked."""

    def __init__(self, lines: Sequence[VerdictLine]) -> None:
        words = {line.incident for line in lines}
        numbers = {int(word) for word in words if _is_number(word)}
        names = {word for word in words if not _is_number(word)}
        names |= {word.lower() for word in names}  # as Sentinel writes its GUIDs
        named = Incident.objects.filter(name__in=names)
        numbered = Incident.objects.filter(number__in=numbers)
        ids = {*named.values_list("pk", flat=True), *numbered.values_list("pk", flat=True)}
        rows = lock_in_order(Incident.objects.select_related("workspace__organisation"), ids=ids)
        self.ids = ids
        self._by_word: dict[str, list[Incident]] = {}
        for row in rows:
            for word in (row.name.casefold(), str(row.number)):
                self._by_word.setdefault(word, []).append(row)

    def find(self, line: VerdictLine) -> Incident:
        """Return the incident of a line, or raise what to do about it."""
        word = str(int(line.incident)) if _is_number(line.incident) else line.incident.casefold()
        incidents = self._by_word.get(word, [])
        if line.workspace:
            incidents = [
                incident for incident in incidents if incident.workspace.name == line.workspace
            ]
        details = {"incident": line.incident, "workspace": line.workspace}
        if not incidents and line.workspace:
            text = gettext("There is no incident %(incident)s in the workspace %(workspace)s.")
            raise _NoIncident("incident", text % details)
        if not incidents:
            text = gettext("There is no incident %(incident)s here. Run `sync`, or leave it out.")
            raise _NoIncident("incident", text % details)
        if len(incidents) > 1:
            names = ", ".join(sorted(incident.workspace.name for incident in incidents))
            text = gettext(
                "Several workspaces have an incident %(incident)s: name one of %(known)s."
            )
            raise _NoIncident("workspace", text % {**details, "known": names})
        return incidents[0]


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) < 10


def _questions_waiting_for(ids: set[int]) -> dict[int, datetime]:
    """Since when questions wait for these incidents."""
    waiting = AskedIncident.objects.filter(
        incident__in=ids, answer=None, question__state=Question.State.WAITING
    )
    return dict(
        waiting.order_by("-question__asked_at").values_list("incident", "question__asked_at")
    )


def _words(verdict: PastVerdict | Verdict) -> tuple[str, str, str]:
    return verdict.kind, verdict.cause, verdict.note


def _name_of(incident: Incident) -> str:
    return f"#{incident.number}" if incident.number is not None else incident.name


class OtRoles:
    """The OT grants of people, those that have ended too: who left has judged all the same."""

    def __init__(self, people: Iterable[User]) -> None:
        grants = Grant.objects.filter(user__in=list(people), role__in=OT_ROLES)
        self._scopes: dict[int, set[tuple[str, object]]] = {}
        for user_id, scope, uuid in grants.values_list("user", "scope", "scope_uuid"):
            self._scopes.setdefault(user_id, set()).add((scope, uuid))
        self._sites = {site.pk: site for site in Site.objects.all()}

    def was_ot_for(self, user: User, incident: Incident) -> bool:
        """Whether the person has, or had, an OT role at a site that the incident touches."""
        workspace = incident.workspace
        scopes: set[tuple[str, object]] = {
            (GrantScope.ALL, None),
            (GrantScope.WORKSPACE, workspace.uuid),
        }
        if workspace.organisation is not None:
            scopes.add((GrantScope.ORGANISATION, workspace.organisation.uuid))
        for pk in incident.site_ids:
            if (site := self._sites.get(pk)) is not None:
                scopes.add((GrantScope.SITE, site.uuid))
        return not scopes.isdisjoint(self._scopes.get(user.pk, set()))

    def moment(self, at: datetime, incident: Incident) -> tuple[datetime, str]:
        """Return the moment in UTC and what is wrong with it; no zone: the plant's clock."""
        if at.tzinfo is not None:
            return at.astimezone(UTC), ""
        sites = [site for pk in incident.site_ids if (site := self._sites.get(pk)) is not None]
        zones = {site.time_zone for site in sites}
        if len(zones) != 1:
            text = gettext("The time names no time zone: write it like %(example)s.")
            return at.replace(tzinfo=UTC), text % {"example": "2026-03-01T08:12Z"}
        name = zones.pop()
        local = at.replace(tzinfo=ZoneInfo(name))
        moment = local.astimezone(UTC)
        back = moment.astimezone(ZoneInfo(name)).replace(tzinfo=None)
        if back != at or local.utcoffset() != local.replace(fold=1).utcoffset():
            text = gettext("The clocks of %(zone)s changed then: add the offset, like +01:00.")
            return moment, text % {"zone": name}
        return moment, ""
