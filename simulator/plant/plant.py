"""The plant as a whole: what is in it, what happened and happens, and single incidents
that a test or the demo provokes.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from simulator.plant.cases import Casebook, address_of, alerts_of, guids, kind_of, settle
from simulator.plant.catalogue import alert_types
from simulator.plant.details import AlertWriter, EntityWriter
from simulator.plant.fleet import build_devices, build_sites, build_workspaces
from simulator.plant.flows import FlowBook, Side, Template, side_of
from simulator.plant.recipes import Recipe, changes_of, micros, moment_of, read
from simulator.plant.records import Case
from simulator.plant.timeline import Timeline

_FIRST_NUMBER = 2_000_000_000
_OPTIONS = frozenset(
    ("site", "source", "destination", "function", "title", "user_title", "also", "verdict", "nonce")
)
_VERDICTS = ("routine", "maintenance", "suspicious")


def made_number(recipe: Recipe) -> int:
    """The number of a provoked incident, far above those of the plant's own life."""
    return _FIRST_NUMBER + recipe.bits % 147_000_000


class Maker:
    """Finds the template nearest to a wish and changes it to fit."""

    def __init__(self, book: FlowBook) -> None:
        self.book = book
        self.alerts = lru_cache(maxsize=512)(self._alerts)

    def recipe(self, kind: str, at: datetime, options: dict[str, Any]) -> Recipe:
        """The recipe of a wish; a wish the plant cannot fulfil is a ValueError."""
        lag_us = int(options.get("lag", 5) * 1_000_000)
        wishes = {key: value for key, value in options.items() if value is not None}
        wishes.pop("lag", None)
        if unknown := set(wishes) - _OPTIONS:
            raise ValueError(f"unknown options: {', '.join(sorted(unknown))}")
        if wishes.get("verdict", "routine") not in _VERDICTS:
            raise ValueError(f"verdict must be one of {', '.join(_VERDICTS)}")
        changes = json.dumps({"kind": kind, **wishes}, sort_keys=True, separators=(",", ":"))
        rng = random.Random(f"{self.book.seed}/{micros(at)}/{changes}")
        template = rng.choice(list(self._nearest(kind, wishes)))
        return Recipe(template.index, micros(at), lag_us, rng.getrandbits(64), changes)

    def _nearest(self, kind: str, wishes: dict[str, Any]) -> Iterator[Template]:
        kinds = dict.fromkeys(flow.process for flow in self.book.flows)
        if kind not in kinds:
            raise ValueError(f"unknown kind {kind!r}. Use one of {', '.join(kinds)}")
        offered = [
            template
            for flow in self.book.flows
            if flow.process == kind and wishes.get("site", flow.site) == flow.site
            for template in flow.templates
        ]
        if not offered:
            raise ValueError(f"{kind} does not run at {wishes.get('site')}")

        def likeness(template: Template) -> int:
            return (
                8 * (template.destination.name == wishes.get("destination"))
                + 4 * (template.source.name == wishes.get("source"))
                + 2 * (template.type.title == wishes.get("title"))
                + (template.function == wishes.get("function"))
            )

        best = max(map(likeness, offered))
        return (template for template in offered if likeness(template) == best)

    def _alerts(self, index: int, changes: str) -> list[Template]:
        wishes = changes_of(Recipe(index, 0, 0, 0, changes))
        first = self._otherwise(
            self.book.templates[index],
            wishes.get("title"),
            wishes.get("source"),
            wishes.get("destination"),
            function=wishes.get("function"),
            user_title=wishes.get("user_title"),
        )
        if verdict := wishes.get("verdict"):
            first.truth = replace(
                first.truth, verdict=verdict, benign=verdict != "suspicious", attack=None, cause=""
            )
        more = wishes.get("also", [])
        others = [
            self._otherwise(first, *([entry] if isinstance(entry, str) else entry))
            for entry in ([more] if isinstance(more, str) else more)
        ]
        for other in others:
            other.workspace = first.workspace
        return [first, *others]

    def _otherwise(
        self,
        template: Template,
        title: str | None = None,
        source: str | None = None,
        destination: str | None = None,
        *,
        function: str | None = None,
        user_title: str | None = None,
    ) -> Template:
        if title is not None and title not in alert_types():
            raise ValueError(f"unknown alert type {title!r}")
        same = title is None or title == template.type.title
        usual = (template.function, template.user_title) if same else ("", "")
        return self.book.template(
            self.book.flows[template.flow],
            alert_types()[title] if title else template.type,
            template.source if source is None else self._side(source),
            template.destination if destination is None else self._side(destination),
            function=usual[0] if function is None else function,
            user_title=usual[1] if user_title is None else user_title,
            protocol=template.protocol if same and destination is None else "",
            verdict=template.truth.verdict,
            cause=template.cause,
            group=0,
            endpoint=0,
        )

    def _side(self, name: str) -> Side:
        if device := self.book.by_name.get(name):
            return side_of(device)
        by_address = [device for device in self.book.devices if device.address == name]
        return side_of(by_address[0]) if len(by_address) == 1 else Side(name, name)


class Plant:
    """Two plants, three workspaces, and everything their sensors report. A function of the seed."""

    def __init__(self, seed: int = 7) -> None:
        self.seed = seed
        self.workspaces = build_workspaces()
        self.sites = build_sites()
        self.devices = build_devices(seed)
        self._book = FlowBook(seed, self.sites, self.devices)
        self._timeline = Timeline(self._book)
        self._casebook = Casebook(seed, self.workspaces, self._book.templates)
        self._alert_writer = AlertWriter(seed, self.workspaces)
        self._entity_writer = EntityWriter(seed, self.workspaces, self.sites)
        self._maker = Maker(self._book)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What `make` can make: every process and every attack."""
        return tuple(dict.fromkeys(flow.process for flow in self._book.flows))

    def describe(self) -> dict[str, Any]:
        """The plant as data: workspaces, sites, devices with their roles and owners."""
        return {
            "seed": self.seed,
            "company": "Baltaqua Water & Chemicals",
            "workspaces": [asdict(workspace) for workspace in self.workspaces],
            "sites": [asdict(site) for site in self.sites],
            "devices": [asdict(device) for device in self.devices],
            "kinds": list(self.kinds),
        }

    def history(self, count: int, *, start: datetime, end: datetime) -> Iterator[Case]:
        """Exactly `count` incidents created in [start, end), in order, as the desk left them."""
        end_us = micros(end)
        templates = self._book.templates
        for created_us, recipe, number in self._timeline.history(count, start, end):
            alerts = alerts_of(templates[recipe.template], recipe, templates)
            case = self._casebook.write(alerts, recipe, number)
            kind = kind_of(case.truth)
            touched_us = settle(case.properties, created_us, end_us, recipe.bits, kind=kind)
            yield (
                case if touched_us == created_us else replace(case, modified=moment_of(touched_us))
            )

    def happenings(self, after: datetime, until: datetime, *, per_day: float) -> Iterator[Case]:
        """The plant lives on: untouched incidents created after `after` and until `until`."""
        templates = self._book.templates
        for _, recipe, number in self._timeline.happenings(after, until, per_day):
            alerts = alerts_of(templates[recipe.template], recipe, templates)
            yield self._casebook.write(alerts, recipe, number)

    def make(self, kind: str, *, at: datetime, **options: Any) -> Case:
        """Provoke one incident of a process or attack, first seen at `at`.

        Options: `site`; `source`, `destination` (device names, addresses, or "" for none),
        `function`, `title` (an alert type), `user_title`; `also` (titles, or lists of title,
        source, destination: further alerts in the incident); `verdict` (what it really is, where
        the wishes make it something else); `lag` (seconds until Sentinel has it, default 5);
        `nonce` (makes an otherwise equal case another one).
        """
        recipe = self._maker.recipe(kind, at, options)
        return self._casebook.write(self._alerts(recipe), recipe, made_number(recipe))

    def made_by_rules(self, case: Case) -> Case | None:
        """The same happening where only analytics rules make incidents; None where none watches
        what happened.
        """
        recipe = read(case.recipe)._replace(by_rules=True)
        alerts = self._alerts(recipe)
        if not alerts:
            return None
        number = case.properties["incidentNumber"]
        return replace(self._casebook.write(alerts, recipe, number), truth=case.truth)

    def details(self, recipe: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The alerts and the entities of an incident, from its recipe alone."""
        understood = read(recipe)
        alerts = self._alerts(understood)
        return self._alert_writer.write(alerts, understood), self._entity_writer.write(
            alerts, understood
        )

    def unwatched_alerts(self, recipe: str, *, watched: bool) -> list[dict[str, Any]]:
        """The alerts of sensors that make no incident where only analytics rules do: all of them,
        or where rules made one of the others, those of types that no rule watches.
        """
        understood = read(recipe)
        templates = self._alerts(understood)
        raw = [replace(template, rule_made=False, frame={}) for template in templates]
        alerts = self._alert_writer.write(raw, understood)[: len(raw)]
        for place, alert in enumerate(alerts):
            (system_id,) = guids(self.seed, understood, f"unwatched{place}")
            alert["name"] = alert["properties"]["systemAlertId"] = system_id
        return [
            alert
            for template, alert in zip(templates, alerts, strict=True)
            if not watched or template.type.rule is None
        ]

    def sides(self, recipe: str) -> list[tuple[str, str, int | None]]:
        """Source address, destination address and port of each alert, in the order of `details`;
        an address is empty where the alert has no such side.
        """
        understood = read(recipe)
        return [
            (
                address_of(template.source, template, understood.bits)[1],
                address_of(template.destination, template, understood.bits)[1],
                template.port,
            )
            for template in self._alerts(understood)
        ]

    def sensor_alerts(self, recipe: str) -> list[dict[str, Any]]:
        """What sensors sent where a rule made the alerts of the incident, from its recipe alone."""
        understood = read(recipe)
        return self._alert_writer.write_sensor_alerts(self._alerts(understood), understood)

    def _alerts(self, recipe: Recipe) -> list[Template]:
        if recipe.changes:
            templates = self._maker.alerts(recipe.template, recipe.changes)
        else:
            first = self._book.templates[recipe.template]
            templates = alerts_of(first, recipe, self._book.templates)
        if not recipe.by_rules:
            return templates
        return [
            replace(template, rule_made=True, frame={})
            for template in templates
            if template.type.rule is not None
        ]
