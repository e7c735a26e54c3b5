"""The plant as a whole: what stands in it, what happened and happens, what may be provoked."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from .alerts import AlertWriter
from .casebook import Casebook, alerts_of
from .desk import settle
from .entities import EntityWriter
from .fleet import build_devices, build_sites, build_workspaces
from .flowbook import FlowBook
from .flows import Template
from .making import Maker, made_number
from .recipes import Recipe, micros, moment_of, read
from .things import Case
from .timeline import Timeline


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

        Options: `site`; `source`, `destination` (device names, addresses, or "" for none),
        `function`, `title` (an alert type), `user_title`; `also` (titles, or lists of title,
        source, destination: further alerts in the incident); `verdict` (what it really is, where
        the wishes make it something else); `lag` (seconds until Sentinel has it, default 5);
        `nonce` (makes an otherwise equal case another one).
        """
        recipe = self._maker.recipe(kind, at, options)
        return self._casebook.write(self._alerts(recipe), recipe, made_number(recipe))

    def details(self, recipe: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The alerts and the entities of an incident, from its recipe alone."""
        understood = read(recipe)
        alerts = self._alerts(understood)
        return self._alert_writer.write(alerts, understood), self._entity_writer.write(
            alerts, understood
        )

    def _alerts(self, recipe: Recipe) -> list[Template]:
        if recipe.changes:
            return self._maker.alerts(recipe.template, recipe.changes)
        return alerts_of(self._book.templates[recipe.template], recipe, self._book.templates)
