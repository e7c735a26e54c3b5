"""How rows are found by what only their incidents or alerts have: number, label, device, technique;
and the sites and workspaces that a person may name. A row of the queue is found when one of its
incidents is. Every finder is answered by an index.
"""

from functools import cache, cached_property

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, F, Func, OuterRef, Q, TextField, Value
from django.db.models.lookups import IContains

from alerts.incidents.engine.catalogue import all_types
from alerts.incidents.engine.hidden_verdicts import HIDDEN_LABELS, NOTHING_HIDDEN, HiddenVerdicts
from alerts.incidents.engine.tokens import (
    exact_value_of,
    is_address,
    is_in_network,
    is_start_of_address,
    network_of,
    spellings_of,
)
from alerts.incidents.hidden_verdicts import is_shown
from alerts.incidents.models import (
    HAS_LABELS,
    Comment,
    Incident,
    IncidentAlert,
    TimelineItem,
    touches_sites,
)
from alerts.incidents.models.context import HAS_WORDS
from alerts.incidents.queries import incidents_visible_to
from alerts.incidents.registry import techniques_by_type
from alerts.sentinel.models import Workspace
from alerts.sites.models import Device, Site
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.attack.engine import Technique


class VisiblePlaces:
    """Names by id within the person's reach and of their incidents, each kind read once."""

    def __init__(self, user: User) -> None:
        self._user, self._reach = user, reach_of(user)

    @cached_property
    def sites(self) -> dict[int, str]:
        """The names of sites by id."""
        sites = Site.objects.order_by("name")
        if not self._reach.everywhere:
            touched = incidents_visible_to(self._user).filter(touches_sites([OuterRef("pk")]))
            sites = sites.filter(Q(uuid__in=self._reach.sites) | Exists(touched))
        return dict(sites.values_list("pk", "name"))

    @cached_property
    def workspaces(self) -> dict[int, str]:
        """The names of workspaces by id."""
        workspaces = Workspace.objects.order_by("name")
        if not self._reach.everywhere:
            raised = incidents_visible_to(self._user).filter(workspace=OuterRef("pk"))
            workspaces = workspaces.filter(self._reach.workspaces_where() | Exists(raised))
        return dict(workspaces.values_list("pk", "name"))


LINE = "\n"  # between labels: none has one


def by_number(number: int, *, workspace_ids: list[int], of_groups: bool) -> Q:
    """Return the condition that an incident bears this number in Sentinel."""
    return _of_incidents(Q(workspace_id__in=workspace_ids, number=number), of_groups)


def by_label(value: str, *, of_groups: bool, hidden: HiddenVerdicts = NOTHING_HIDDEN) -> Q:
    """Return the condition on a label's text (`=text`: the whole), never by a hidden verdict."""
    found = _by_label(value, of_groups=of_groups)
    if not any((exact_value_of(value) or value).casefold() in label for label in HIDDEN_LABELS):
        return found
    return is_shown(found, of_hidden=False, hidden=hidden, of_groups=of_groups)


def _by_label(value: str, *, of_groups: bool) -> Q:
    return _of_incidents(by_text_in("labels", value) & HAS_LABELS, of_groups)


def by_text_in(column: str, value: str) -> Q:
    """Return the condition on a part of one of the texts in a column; `=text` is the whole."""
    texts = Func(F(column), Value(LINE), function="array_to_string", output_field=TextField())
    exact = exact_value_of(value)
    if exact is None:
        return Q(IContains(texts, value))
    framed = Func(Value(LINE), texts, Value(LINE), function="concat", output_field=TextField())
    return Q(IContains(framed, f"{LINE}{exact}{LINE}"))


class DeviceFinder:
    """The devices that people mean by a name or an address; each question is asked once."""

    def __init__(self) -> None:
        self._meanings: dict[str, tuple[list[str], list[str]]] = {}

    def names_and_addresses(self, value: str) -> tuple[list[str], list[str]]:
        """Return names and addresses of devices with that name, address, or network."""
        if value not in self._meanings:
            self._meanings[value] = self._look_up(value)
        return self._meanings[value]

    def _look_up(self, value: str) -> tuple[list[str], list[str]]:
        devices = Device.objects.order_by().values_list("address", flat=True).distinct()
        if (network := network_of(value)) is not None:
            return [], [address for address in devices if is_in_network(address, network)]
        if is_start_of_address(value):
            return [], list(devices.filter(address__istartswith=value))
        ways = list(spellings_of(value))
        if is_address(value):
            return ways, ways
        names = Device.objects.filter(name__iexact=value).order_by()
        return [*{*ways, *names.values_list("name", flat=True)}], ways


def by_device(value: str, inventory: DeviceFinder, *, of_groups: bool) -> Q:
    """Return the condition that an end or alert names this device, address, or its network."""
    names, addresses = inventory.names_and_addresses(value)
    # Spelled-out lists: how often they occur decides whether to begin with alerts or with rows.
    alerts = Q(alert__any_address__overlap=addresses)
    if names:
        alerts |= Q(alert__any_device__overlap=names)
    links = IncidentAlert.objects.filter(alerts)
    if of_groups:
        open_ones = links.filter(incident__group_key__isnull=False)
        condition = Q(key__in=open_ones.values("incident__group_key"))
    else:  # a search ends after so many incidents, so each is asked by itself
        condition = Q(Exists(links.filter(incident=OuterRef("pk"))))
    return Q(source__icontains=value) | Q(destination__icontains=value) | condition


MOST_FOUND = 2_000  # incidents that one search in comments, notes and reasons finds


class NoteFinder:
    """The incidents in whose comments, notes and reasons words occur; each question is asked once.
    Of very many the newest that the person may see are found: a word that everybody writes sorts
    nothing out.
    """

    def __init__(self, user: User | None = None) -> None:
        self._user = user
        self._found: dict[str, list[int]] = {}
        self.is_cut = False  # there are older ones that were not looked at

    def incident_ids(self, value: str) -> list[int]:
        """Return which incidents have all of these words, or words that begin so."""
        if value not in self._found:
            words = " & ".join(f"'{word}':*" for word in value.split())
            query = SearchQuery(words, config="simple", search_type="raw")
            comments = Comment.objects.filter(words=query)
            lines = TimelineItem.objects.filter(HAS_WORDS, words=query)
            if self._user and not reach_of(self._user).everywhere:
                visible = incidents_visible_to(self._user)
                comments = comments.filter(incident__in=visible)
                lines = lines.filter(incident__in=visible)
            found = [
                rows.order_by("-incident").values_list("incident_id", flat=True)[: MOST_FOUND + 1]
                for rows in (comments, lines)
            ]
            ids = set(found[0].union(found[1], all=True))
            self.is_cut |= len(ids) > MOST_FOUND
            self._found[value] = sorted(ids, reverse=True)[:MOST_FOUND]
        return self._found[value]


def by_note(
    value: str, notes: NoteFinder, *, of_groups: bool, hidden: HiddenVerdicts = NOTHING_HIDDEN
) -> Q:
    """Return the condition that somebody wrote these words about an incident. What a hidden
    verdict says is not found: neither its note nor the comment that carries it to Sentinel.
    """
    found = [pk for pk in notes.incident_ids(value) if pk not in hidden.by_incident]
    return _of_incidents(Q(pk__in=found), of_groups)


def is_address_like(value: str) -> bool:
    """Whether a word may name a device by its number or address, so that alerts are looked at."""
    return len(value) > 3 and any(sign.isdigit() for sign in value)


def by_techniques(techniques: tuple[Technique, ...], value: str, *, of_groups: bool) -> Q:
    """Return the condition on techniques of the type, or of Sentinel for unknown types."""
    ids = {value.strip().upper(), *(alert_type.id for alert_type in techniques)}
    reviewed = techniques_by_type()
    types = [
        alert_type.title
        for alert_type in all_types()
        if ids
        & {
            *alert_type.techniques,
            *alert_type.techniques_current,
            *reviewed.get(alert_type.title, ()),
        }
    ]
    condition = Q(techniques__overlap=sorted(ids))
    if of_groups:
        condition = Q(Exists(Incident.objects.filter(condition, group_key=OuterRef("key"))))
    return Q(alert_type__in=types) | (~Q(alert_type__in=_catalogue_titles()) & condition)


@cache
def _catalogue_titles() -> tuple[str, ...]:
    return tuple(alert_type.title for alert_type in all_types())


def _of_incidents(condition: Q, of_groups: bool) -> Q:
    if not of_groups:
        return condition
    incidents = Incident.objects.filter(condition, group_key__isnull=False)
    return Q(key__in=incidents.values("group_key"))
