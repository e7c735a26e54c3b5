"""The English of every sentence the engine can say, by code."""

from __future__ import annotations

from typing import Final


def gettext_noop(text: str) -> str:
    """Mark a template for the catalogues without translating it here."""
    return text


_ = gettext_noop
RULES: Final = {
    "rule.empty": _("The rule has no condition and would match every alert."),
    "rule.negation_only": _("The rule only says what it leaves out; say what it matches."),
    "rule.match_all": _("No line of the rule leaves anything out: it would match every alert."),
    "rule.never": _("An exception holds for every alert, so the rule would never match."),
    "rule.many": _("A rule has at most {most} lines and {most} exceptions."),
    "rule.actions": _("The action must be {known}."),
    "rule.enforcement": _("The enforcement must be {known}."),
    "rule.generic_title": _(
        "Sensors report all their own rules under this alert type; name the title of the sensor's "
        "own rule as well."
    ),
    "clause.field": _("{field} is no field of a rule; known are {known}."),
    "clause.operator": _("{operator} does not fit the {label}; use {fitting}."),
    "clause.empty": _("The line about the {label} names no value."),
    "clause.many": _("The line about the {label} names more than {most} values."),
    "clause.one": _("With {operator}, the {label} takes one value."),
    "value.number": _("{value} is no {label}: a whole number from {least} to {most}."),
    "value.text": _("{value} is no text, which the {label} must be."),
    "value.long": _("The {label} is longer than {most} characters."),
    "value.severity": _("{value} is no severity; known are {known}."),
    "value.technique": _("{value} is no ATT&CK technique, such as T0843."),
    "value.zone": _("{value} does not name a site and a zone, as in “Gdańsk / Packaging 2”."),
    "text.unseen": _("The {label} holds signs that nobody can see."),
    "text.blanks": _("The {label} is empty, or has blanks at an end or two in a row."),
    "text.twin": _("The {label} {value} has letters that look like others; type it anew."),
    "text.short": _("The {label} {value} is too short: at least {least} characters."),
    "text.nothing": _("The {label} {value} has neither letter nor digit."),
    "address.everybody": _("{value} is everybody's address; name one device."),
    "address.form": _("{value} is no IP or MAC address in its usual spelling."),
    "network.form": _("{value} is no network, such as 10.20.4.0/24."),
    "network.wide": _("The network {value} is too wide; name one of /{least} or narrower."),
    "window.form": _("{value} is no weekly window, such as “Tue 06:00-08:00 Europe/Warsaw”."),
    "window.zone": _("There is no time zone {zone}; use a place, such as Europe/Warsaw."),
    "window.empty": _("The window {value} ends where it begins."),
    "window.midnight": _("The window {value} ends at midnight; write 24:00."),
}
READING: Final = {
    "json.form": _("This is no rule in JSON."),
    "json.large": _("The rule is longer than {most} bytes."),
    "json.twice": _("A member is named twice."),
    "json.version": _("Version {version} is not known; this Tagout reads version {known}."),
    "json.unknown": _("Not known in {where}: {members}."),
    "json.missing": _("Missing in {where}: {members}."),
    "json.text": _("{member} must be text."),
    "json.texts": _("{member} must be a list of texts."),
    "json.clauses": _("{member} must be a list of lines with field, operator and values."),
    "json.values": _("The values of {field} must be a list of texts or whole numbers."),
    "json.instant": _("{value} is no moment in UTC, such as 2026-12-31T23:00:00Z."),
}
MISSES: Final = {
    "miss.empty": _("not closed because the rule has no condition"),
    "miss.other": _("not closed because the {label} was {said}, the rule asks for {wanted}"),
    "miss.unsaid": _("not closed because the alert names no {label}, the rule asks for {wanted}"),
    "miss.outside": _("not closed because the {label} was {said}, outside {wanted}"),
    "miss.more": _("not closed because the {label} was {said}, the rule ends at {wanted}"),
    "miss.too_late": _("not closed because the hour was {hour}, the rule ends at {end}"),
    "miss.too_early": _("not closed because the hour was {hour}, the rule begins at {start}"),
    "miss.time": _("not closed because it was {day} {hour}, the rule holds {windows}"),
    "miss.exception": _("not closed because the rule leaves out the {label} {wanted}"),
    "miss.exception_time": _("not closed because the rule leaves out {wanted}"),
}
SENTINEL: Final = {
    "sentinel.not_here": _("The rule is not for the workspace {workspace}."),
    "sentinel.time": _("Sentinel has no schedule, so hours are kept by Tagout's own worker."),
    "sentinel.timeboxed": _(
        "{title} may be closed only inside hours, which Tagout's own worker keeps."
    ),
    "sentinel.no_type": _("Without an alert type the rule would close incidents of any title."),
    "sentinel.no_asset": _("What Sentinel can express of the rule names no device or address."),
    "sentinel.portal": _(
        "The workspace is onboarded to the Defender portal, where titles change afterwards."
    ),
    "sentinel.unproven": _("Nobody has shown yet that the workspace accepts {name} conditions."),
    "sentinel.own_rule": _("Sentinel does not see the title of a sensor's own rule."),
    "sentinel.direction": _("Sentinel does not know who began: it cannot hold the {label}."),
    "sentinel.unknown": _("Sentinel has no condition for the {label}."),
    "sentinel.network": _("Sentinel compares single addresses, not networks."),
    "sentinel.mac": _("Sentinel compares IP addresses, not MAC addresses."),
    "sentinel.not_one": _("{value} does not name exactly one device of the workspace."),
    "sentinel.unlisted": _(
        "{value} is not in the catalogue, and Sentinel tells no capitals from small letters."
    ),
    "sentinel.conditions": _("The rule needs {count} conditions; Sentinel takes {most}."),
    "sentinel.differs": _("{where} in Sentinel is not what was sent."),
}
GUARDS: Final = {
    "never.type": _("{title} is on the never list: it always reaches a person."),
    "never.engine": _("What the malware engine finds always reaches a person."),
    "never.asset": _("{name} is a {criticality}: what touches it always reaches a person."),
    "never.products": _("A second detection product saw this too: {products}."),
    "never.owner": _("Somebody owns the incident."),
    "never.touched": _("A person has worked on the incident: {what}."),
    "never.case": _("{names} also stands in a case that was a true positive and is open."),
    "never.unknown": _("Sentinel used a word we do not know: {what}."),
    "never.entities": _("The incident has {count} entities, more than {most}."),
    "never.unexplained": _("No alert explains these entities: {names}."),
    "never.pending": _("The details of the incident have not been fetched."),
    "never.stale": _("What we know is {minutes} minutes old, more than {most}."),
    "never.gate": _("The gate is closed: the incident carries {label}."),
    "never.hours": _("{what} may be closed only by a rule with hours."),
    "scene.uncovered": _("No live rule covers an alert of the incident: {title}."),
    "box.hours": _("{what} may be closed only inside hours: add a weekly window."),
    "box.most": _("The windows hold {hours} hours a week; for {what} at most {most}."),
    "box.sides": _("{what} needs {side} devices listed one by one."),
    "box.zone": _("The window is in {zone}, but the plant's clock is {plant}."),
    "wide.place": _("Name the workspace or the site."),
    "wide.type": _("Name the alert type."),
    "wide.asset": _("Name at least one device, address or sensor."),
    "wide.history": _("There are {days} days of history; at least {least} are needed."),
    "wide.period": _("The back-test looked at {days} days; it must look at {needed}."),
    "wide.share": _("The rule matches {share} of the incidents of {site}; at most {most}."),
    "wide.untested": _("The back-test did not look at any site."),
    "wide.true_positive": _("The rule matches {count} true positives; it may match none."),
    "propose.reason": _("Say why this is routine."),
    "propose.evidence": _("Name the verdicts that the rule rests on."),
    "propose.owners": _("Name an owner on each side."),
    "life.none": _("A rule needs an end."),
    "life.past": _("The end lies in the past."),
    "life.far": _("The end is more than {most} days away."),
    "life.lapsed": _("The rule has ended."),
    "life.quota": _("The workspace has {count} of {most} automation rules; no more than {limit}."),
    "sign.right": _("{who} may not sign for {side} here."),
    "sign.not_a_person": _("Only people sign, signed in by themselves; {kind} cannot."),
    "sign.second_person": _("The other side needs a second person."),
    "sign.twice": _("{side} has signed this version already."),
    "sign.proposer": _("Who proposes gives the signature of their own side and no other."),
    "sign.evidence": _("Who gave evidence signs for OT only."),
    "sign.hash": _("The rule has changed since it was on the screen; read it again."),
    "sign.fresh": _("Sign in again: the last time is more than {most} minutes ago."),
    "sign.backtest": _(
        "The back-test is not of this rule, or older than {most} days; run it again."
    ),
    "sign.little": _("With little evidence, write why it is enough."),
    "sign.missing": _("The signature of {side} is missing."),
    "sign.old": _("The signature of {side} is older than {most} days."),
    "sign.same": _("One person signed for both sides."),
    "evidence.people": _(
        "The evidence comes from one person; a second must have judged or checked."
    ),
    "canary.days": _("The trial has run {days} of {most} days."),
    "canary.matches": _("The trial had {count} of {most} matches and not yet two rounds of it."),
    "canary.true_positive": _("The trial touched {count} true positives."),
    "stop.reopened": _("Incident {incident}, closed by this rule, was reopened."),
    "stop.true_positive": _("Incident {incident}, closed by this rule, was a true positive."),
    "stop.linked": _(
        "Incident {incident}, closed by this rule, shares {what} with a true positive."
    ),
    "stop.joined": _("An alert that no rule covers joined incident {incident}."),
    "stop.unknown": _("Incident {incident}, closed by this rule, changed: {what}."),
    "attribution.missing": _("The text of the close does not name {what}."),
    "ledger.only_here": _("Incident {incident} is in our ledger, but Sentinel has no such close."),
    "ledger.only_there": _("Incident {incident} was closed in our name, but is not in our ledger."),
    "ledger.other": _("Incident {incident} names {theirs} in Sentinel and {ours} in our ledger."),
}
BACKTEST: Final = {
    "bound.none": _("Nothing was judged, so nothing is known."),
    "bound.some": _("{hits} of {judged} judged matches were suspicious: at most {limit} could be."),
    "bound.little": _(
        "{hits} of {judged} judged matches were suspicious: at most {limit} could be. "
        "Little evidence."
    ),
    "stopper.suspicious": _("was judged suspicious"),
    "stopper.reopened": _("was reopened"),
    "stopper.true_positive": _("was a true positive"),
    "stopper.linked": _("is linked to a true positive"),
}
TEMPLATES: Final = {**RULES, **READING, **MISSES, **SENTINEL, **GUARDS, **BACKTEST}
