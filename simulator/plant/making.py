"""Provokes single incidents: what a test or the demo wants to see, on the model of a process."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from .catalogue import alert_types
from .flowbook import FlowBook
from .flows import Side, Template, known
from .recipes import Recipe, changes_of, micros

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
        asked = {key: value for key, value in options.items() if value is not None}
        asked.pop("lag", None)
        if unknown := set(asked) - _OPTIONS:
            raise ValueError(f"a case cannot be made with {', '.join(sorted(unknown))}")
        if asked.get("verdict", "routine") not in _VERDICTS:
            raise ValueError(f"a verdict is one of {', '.join(_VERDICTS)}")
        changes = json.dumps({"kind": kind, **asked}, sort_keys=True, separators=(",", ":"))
        rng = random.Random(f"{self.book.seed}/{micros(at)}/{changes}")
        template = rng.choice(list(self._nearest(kind, asked)))
        return Recipe(template.index, micros(at), lag_us, rng.getrandbits(64), changes)

    def _nearest(self, kind: str, asked: dict[str, Any]) -> Iterator[Template]:
        known_kinds = dict.fromkeys(flow.process for flow in self.book.flows)
        if kind not in known_kinds:
            raise ValueError(f"the plant knows no {kind}; it knows {', '.join(known_kinds)}")
        offered = [
            template
            for flow in self.book.flows
            if flow.process == kind and asked.get("site", flow.site) == flow.site
            for template in flow.templates
        ]
        if not offered:
            raise ValueError(f"there is no {kind} at {asked.get('site')}")

        def likeness(template: Template) -> int:
            return (
                8 * (template.destination.name == asked.get("destination"))
                + 4 * (template.source.name == asked.get("source"))
                + 2 * (template.type.title == asked.get("title"))
                + (template.function == asked.get("function"))
            )

        best = max(map(likeness, offered))
        return (template for template in offered if likeness(template) == best)

    def _alerts(self, index: int, changes: str) -> list[Template]:
        asked = changes_of(Recipe(index, 0, 0, 0, changes))
        first = self._otherwise(
            self.book.templates[index],
            asked.get("title"),
            asked.get("source"),
            asked.get("destination"),
            function=asked.get("function"),
            user_title=asked.get("user_title"),
        )
        if verdict := asked.get("verdict"):
            first.truth = replace(
                first.truth, verdict=verdict, benign=verdict != "suspicious", attack=None
            )
        more = asked.get("also", [])
        others = [
            self._otherwise(first, *([each] if isinstance(each, str) else each))
            for each in ([more] if isinstance(more, str) else more)
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
            raise ValueError(f"no sensor knows an alert type {title}")
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

    def _side(self, told: str) -> Side:
        if device := self.book.by_name.get(told):
            return known(device)
        by_address = [device for device in self.book.devices if device.address == told]
        return known(by_address[0]) if len(by_address) == 1 else Side(told, told)
