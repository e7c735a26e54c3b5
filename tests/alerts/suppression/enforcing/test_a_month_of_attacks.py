"""Thirty days with three true positives on devices that rules share: one page shows what was held
or stopped, for how long, and why.
"""

import re

from alerts.suppression.models import RuleVersion
from tests.alerts.suppression.enforcing.attacks import (
    EWS,
    HMI,
    OTHER_PLC,
    PLC,
    attack,
    between,
    ends_up,
    later,
    lives_on,
)


def read(client, user):
    client.force_login(user)
    answer = client.get("/rules/held/")
    assert answer.status_code == 200
    text = re.sub(r"<[^>]*>", " ", answer.content.decode())
    return " ".join(text.split())


def test_what_was_held_or_stopped_for_how_long_and_why_is_on_one_page(closed, client, monkeypatch):
    monkeypatch.setattr("portal.clock.now", lambda: closed.now)
    first = attack(closed)
    waited = closed.incident(between(EWS, PLC), at=closed.now)
    assert closed.decide() == 0
    later(closed, days=10)
    assert lives_on(closed, EWS, PLC), "the rules go on"

    second = attack(closed, HMI, OTHER_PLC, status="Active")
    later(closed, days=5)
    assert ends_up(closed, EWS, OTHER_PLC) == "New"
    closed.sentinel.edit(second.name, status="Closed")
    later(closed, days=4)

    wrong = closed.incident(between(EWS, PLC), devices=(EWS, PLC), at=closed.now)
    closed.decide()
    closed.deliver()
    closed.read()
    closed.sentinel.edit(wrong.name, status="Active", classification=None)
    later(closed, minutes=1)
    assert RuleVersion.objects.get(rule__number=12).state == "paused"

    later(closed, days=8)
    third = attack(closed)
    later(closed, hours=1)

    page = read(client, closed.leo)
    now, ended = page.split("Ended in the last 30 days")
    for words in (f"#{third.number} Attack", "PLC-21", "Held since", "Held until"):
        assert words in now
    assert "Rules that stopped" in now and f"#{wrong.number}" in now and "R-12" in now
    assert f"#{first.number} Attack" in ended and f"#{second.number} Attack" in ended
    assert "PLC-21" in ended and "PLC-22" in ended
    assert f"wait for a person: #{waited.number}" in ended
    assert f"#{third.number} Attack" not in ended
