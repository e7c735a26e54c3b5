"""Files of verdicts of before: what each brought about which site, and who confirmed it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, Func, IntegerField, Max, Min, OuterRef, QuerySet

from alerts.incidents.queries import incidents_visible_to
from alerts.reviews.models import FileConfirmation, Verdict, VerdictFile, VerdictIncident
from alerts.reviews.policies import leads_ot_at
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from portal.accounts.models import User


@dataclass(frozen=True, slots=True)
class FileShare:
    """What a file brought about one site."""

    site: Site
    people: Mapping[str, int]  # verdicts by name
    first: datetime
    last: datetime
    authors: Sequence[User]
    workspaces: Sequence[Workspace]  # of those incidents
    confirmation: FileConfirmation | None = None

    @property
    def count(self) -> int:
        """How many verdicts; one act is one."""
        return sum(self.people.values())


def files_visible_to(user: User) -> QuerySet[VerdictFile]:
    """Return the files that brought a verdict on an incident in reach of the person."""
    links = VerdictIncident.objects.filter(
        verdict__file=OuterRef("pk"), incident__in=incidents_visible_to(user).values("pk")
    )
    return VerdictFile.objects.filter(Exists(links))


def shares_of_files(file_ids: Collection[int], *, user: User) -> Mapping[int, Sequence[FileShare]]:
    """Return, by file, what of it is in force about each site in reach of the person, by name."""
    rows = (
        VerdictIncident.objects.filter(
            verdict__file__in=file_ids,
            verdict__withdrawn_at=None,
            verdict__superseded_by=None,
            incident__in=incidents_visible_to(user).values("pk"),
        )
        .annotate(
            site=Func(F("incident__site_ids"), function="unnest", output_field=IntegerField())
        )
        .values("verdict__file", "site", "verdict__by", "verdict__by__name")
        .annotate(
            n=Count("verdict", distinct=True),
            first=Min("verdict__given_at"),
            last=Max("verdict__given_at"),
        )
    )
    people: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    authors: dict[tuple[int, int], list[int]] = defaultdict(list)
    spans: dict[tuple[int, int], list[datetime]] = defaultdict(list)
    for row in rows.order_by("verdict__by__name"):
        key = row["verdict__file"], row["site"]
        names = people[key]
        names[row["verdict__by__name"]] = names.get(row["verdict__by__name"], 0) + row["n"]
        authors[key].append(row["verdict__by"])
        spans[key] += [row["first"], row["last"]]
    sites = Site.objects.in_bulk({site for _, site in people})
    users = User.objects.in_bulk({pk for pks in authors.values() for pk in pks})
    workspaces = workspaces_of_files(file_ids)
    confirmed = _confirmations_of(file_ids, workspaces)
    found: dict[int, list[FileShare]] = {pk: [] for pk in file_ids}
    for (file, site), names in people.items():
        if site in sites:
            moments = spans[file, site]
            found[file].append(
                FileShare(
                    sites[site],
                    names,
                    min(moments),
                    max(moments),
                    authors=[users[pk] for pk in authors[file, site]],
                    workspaces=workspaces.get((file, site), ()),
                    confirmation=confirmed.get((file, site)),
                )
            )
    return {pk: sorted(shares, key=lambda share: share.site.name) for pk, shares in found.items()}


def confirmations_of(
    file_ids: Collection[int],
) -> Mapping[tuple[int, int], FileConfirmation]:
    """Return the confirmations in force of these files, by file and site: those of people who lead
    OT there now.
    """
    return _confirmations_of(file_ids, workspaces_of_files(file_ids)) if file_ids else {}


def _confirmations_of(
    file_ids: Collection[int], workspaces: Mapping[tuple[int, int], Sequence[Workspace]]
) -> Mapping[tuple[int, int], FileConfirmation]:
    rows = FileConfirmation.objects.filter(withdrawn_at=None, file__in=file_ids)
    people: dict[int, User] = {}
    found = {}
    for row in rows.select_related("by", "site", "file"):
        person = people.setdefault(row.by_id, row.by)  # whose roles are read once
        if leads_ot_at(person, row.site, workspaces.get((row.file_id, row.site_id), ())):
            found[row.file_id, row.site_id] = row
    return found


def verdicts_of_file_at(file: VerdictFile, site: Site) -> QuerySet[Verdict]:
    """Return what is in force of what a file brought about incidents that touch a site."""
    links = VerdictIncident.objects.filter(
        verdict=OuterRef("pk"), incident__site_ids__contains=[site.pk]
    )
    return Verdict.objects.filter(Exists(links), file=file, withdrawn_at=None, superseded_by=None)


def workspaces_of_files(file_ids: Collection[int]) -> dict[tuple[int, int], list[Workspace]]:
    """Return the workspaces of the incidents that these files are about, by file and site."""
    rows = (
        VerdictIncident.objects.filter(verdict__file__in=file_ids)
        .order_by()
        .values_list(
            "verdict__file",
            Func(F("incident__site_ids"), function="unnest", output_field=IntegerField()),
            "incident__workspace",
        )
        .distinct()
    )
    triples = list(rows)
    by_id = Workspace.objects.select_related("organisation").in_bulk({ws for _, _, ws in triples})
    found: dict[tuple[int, int], list[Workspace]] = defaultdict(list)
    for file, site, workspace in triples:
        found[file, site].append(by_id[workspace])
    return found


def workspaces_of_file_at(file: VerdictFile, site: Site) -> QuerySet[Workspace]:
    """Return the workspaces of those incidents."""
    links = VerdictIncident.objects.filter(
        verdict__file=file, incident__site_ids__contains=[site.pk]
    )
    rows = Workspace.objects.filter(pk__in=links.values("incident__workspace"))
    return rows.select_related("organisation")
