"""The plant as a whole: what stands in it, what happened and happens, what may be provoked."""

import json
import random
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from .casebook import Casebook, alerts_of
from .catalogue import alert_types
from .desk import settle
from .details import DetailWriter
from .fleet import build_devices, build_sites, build_workspaces
from .flows import FlowBook, Side, Template, known
from .recipes import Recipe, changes_of, micros, moment_of, read
from .things import Case
from .timeline import Timeline

_MADE_NUMBERS = 2_000_000_000


class Plant:
    """Two plants, three workspaces, and everything their sensors say. A function of the seed."""

    def __init__(self, seed: int = 7) -> None:
        self.seed = seed
        self.workspaces = build_workspaces()
        self.sites = build_sites()
        self.devices = build_devices(seed)
        self._book = FlowBook(seed, self.sites, self.devices)
        self._timeline = Timeline(self._book)
        self._casebook = Casebook(seed, self.workspaces, self._book.templates)
        self._writer = DetailWriter(seed, self.workspaces, self.sites)
        self._changed = lru_cache(maxsize=512)(self._change)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What `make` can make: every process and every attack."""
        return tuple(dict.fromkeys(flow.process for flow in self._book.flows))

    def describe(self) -> dict[str, Any]:
        """The plant as data: workspaces, sites, devices with their roles and owners."""
        return {
            "seed": self.seed,
            "company": "Baltaqua Water & Chemicals",
            "workspaces": [asdict(each) for each in self.workspaces],
            "sites": [asdict(each) for each in self.sites],
            "devices": [asdict(each) for each in self.devices],
            "kinds": list(self.kinds),
        }

    def history(self, count: int, *, start: datetime, end: datetime) -> Iterator[Case]:
        """Exactly `count` incidents created in [start, end), in order, as the desk left them."""
        end_us = micros(end)
        templates = self._book.templates
        for created_us, recipe, number in self._timeline.history(count, start, end):
            alerts = alerts_of(templates[recipe.template], recipe, templates)
            case = self._casebook.write(alerts, recipe, number)
            truth = case.truth
            kind = "benign" if truth.benign else ("attack" if truth.attack else "stray")
            touched = settle(case.properties, created_us, end_us, recipe.bits, kind=kind)
            yield case if touched == created_us else replace(case, modified=moment_of(touched))

    def happenings(self, after: datetime, until: datetime, *, per_day: float) -> Iterator[Case]:
        """The plant lives on: untouched incidents created after `after` and until `until`."""
        templates = self._book.templates
        for _, recipe, number in self._timeline.happenings(after, until, per_day):
            alerts = alerts_of(templates[recipe.template], recipe, templates)
            yield self._casebook.write(alerts, recipe, number)

    def make(self, kind: str, *, at: datetime, **options: Any) -> Case:
        """Provoke one incident of a process or attack, first seen at `at`.

        Options: `source`, `destination` (device names, addresses, or "" for none), `function`,
        `title` (an alert type), `user_title`, `also` (titles, or (title, source, destination), of
        further alerts in the incident), `lag` (seconds until Sentinel has it, default 5), `nonce`
        (makes an otherwise equal case another one).
        """
        lag = options.pop("lag", 5)
        asked = {key: value for key, value in options.items() if value is not None}
        if unknown := set(asked) - _OPTIONS:
            raise ValueError(f"a case cannot be made with {', '.join(sorted(unknown))}")
        template = self._fitting(kind, asked)
        changes = json.dumps({"n": 0, **asked}, sort_keys=True, separators=(",", ":"))
        rng = random.Random(f"{self.seed}/{kind}/{micros(at)}/{changes}")
        bits = rng.getrandbits(64)
        recipe = Recipe(
            template.index, micros(at), int(timedelta(seconds=lag) / _MICROSECOND), bits, changes
        )
        number = _MADE_NUMBERS + bits % 147_000_000
        return self._casebook.write(self._alerts(recipe), recipe, number)

    def details(self, recipe: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The alerts and the entities of an incident, from its recipe alone."""
        understood = read(recipe)
        alerts = self._alerts(understood)
        return self._writer.alerts(alerts, understood), self._writer.entities(alerts, understood)

    def _fitting(self, kind: str, asked: dict[str, Any]) -> Template:
        """The template of this kind that is nearest to what was asked."""
        offered = [
            template
            for flow in self._book.flows
            if flow.process == kind
            for template in flow.templates
        ]
        if not offered:
            raise ValueError(f"the plant knows no {kind}; it knows {', '.join(self.kinds)}")

        def likeness(template: Template) -> int:
            return (
                4 * (template.destination.name == asked.get("destination"))
                + 3 * (template.source.name == asked.get("source"))
                + 2 * (template.type.title == asked.get("title"))
                + (template.function == asked.get("function"))
            )

        return max(offered, key=likeness)

    def _alerts(self, recipe: Recipe) -> list[Template]:
        template = self._book.templates[recipe.template]
        if recipe.changes:
            return self._changed(recipe.template, recipe.changes)
        return alerts_of(template, recipe, self._book.templates)

    def _change(self, index: int, changes: str) -> list[Template]:
        asked = changes_of(Recipe(index, 0, 0, 0, changes))
        first = self._otherwise(
            self._book.templates[index],
            asked.get("title"),
            asked.get("source"),
            asked.get("destination"),
            function=asked.get("function"),
            user_title=asked.get("user_title"),
        )
        more = asked.get("also", [])
        others = [more] if isinstance(more, str) else more
        return [first] + [
            self._otherwise(first, *([each] if isinstance(each, str) else each)) for each in others
        ]

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
        flow = self._book.flows[template.flow]
        if title is not None and title not in alert_types():
            raise ValueError(f"no sensor knows an alert type {title}")
        changed = self._book.template(
            flow,
            alert_types()[title] if title else template.type,
            template.source if source is None else self._side(source),
            template.destination if destination is None else self._side(destination),
            function=template.function if function is None else function,
            user_title=template.user_title if user_title is None else user_title,
            port=template.port,
            verdict=template.truth.verdict,
            cause=template.cause,
            group=0,
            endpoint=0,
        )
        changed.workspace = template.workspace
        return changed

    def _side(self, told: str) -> Side:
        if device := self._book.by_name.get(told):
            return known(device)
        by_address = [device for device in self.devices if device.address == told]
        return known(by_address[0]) if len(by_address) == 1 else Side(told, told)


_MICROSECOND = timedelta(microseconds=1)
_OPTIONS = {"source", "destination", "function", "title", "user_title", "also", "nonce"}
