"""The English of every sentence the engine can say, by code."""

from __future__ import annotations

from typing import Final


def told(text: str) -> str:
    """Marks a sentence that will be looked up in the catalogues of words. They take it in with the
    first page that shows it: until then nobody could read, or check, its translation.
    """
    return text


RULES: Final = {
    "rule.empty": told("The rule has no condition and would match every alert."),
    "rule.negation_only": told("The rule only says what it leaves out; say what it matches."),
    "rule.match_all": told("No line of the rule leaves anything out: it would match every alert."),
    "rule.never": told("An exception holds for every alert, so the rule would never match."),
    "rule.many": told("A rule has at most {most} lines and {most} exceptions."),
    "rule.actions": told("The action must be {known}."),
    "rule.enforcement": told("The enforcement must be {known}."),
    "rule.generic_title": told(
        "Sensors report all their own rules under this alert type; name the title of the sensor's "
        "own rule as well."
    ),
    "clause.field": told("{field} is no field of a rule; known are {known}."),
    "clause.operator": told("{operator} does not fit the {label}; use {fitting}."),
    "clause.empty": told("The line about the {label} names no value."),
    "clause.many": told("The line about the {label} names more than {most} values."),
    "clause.one": told("With {operator}, the {label} takes one value."),
    "value.number": told("{value} is no {label}: a whole number from {least} to {most}."),
    "value.text": told("{value} is no text, which the {label} must be."),
    "value.long": told("The {label} is longer than {most} characters."),
    "value.severity": told("{value} is no severity; known are {known}."),
    "value.technique": told("{value} is no ATT&CK technique, such as T0843."),
    "value.zone": told("{value} does not name a site and a zone, as in “Gdańsk / Packaging 2”."),
    "text.unseen": told("The {label} holds signs that nobody can see."),
    "text.blanks": told("The {label} is empty, or has blanks at an end or two in a row."),
    "text.twin": told("The {label} {value} has letters that look like others; type it anew."),
    "text.short": told("The {label} {value} is too short: at least {least} characters."),
    "text.nothing": told("The {label} {value} has neither letter nor digit."),
    "address.everybody": told("{value} is everybody's address; name one device."),
    "address.form": told("{value} is no IP or MAC address in its usual spelling."),
    "network.form": told("{value} is no network, such as 10.20.4.0/24."),
    "network.wide": told("The network {value} is too wide; name one of /{least} or narrower."),
    "window.form": told("{value} is no weekly window, such as “Tue 06:00-08:00 Europe/Warsaw”."),
    "window.zone": told("There is no time zone {zone}; use a place, such as Europe/Warsaw."),
    "window.empty": told("The window {value} ends where it begins."),
    "window.midnight": told("The window {value} ends at midnight; write 24:00."),
}
READING: Final = {
    "json.form": told("This is no rule in JSON."),
    "json.large": told("The rule is longer than {most} bytes."),
    "json.twice": told("A member is named twice."),
    "json.version": told("Version {version} is not known; this Tagout reads version {known}."),
    "json.unknown": told("Not known in {where}: {members}."),
    "json.missing": told("Missing in {where}: {members}."),
    "json.text": told("{member} must be text."),
    "json.texts": told("{member} must be a list of texts."),
    "json.clauses": told("{member} must be a list of lines with field, operator and values."),
    "json.values": told("The values of {field} must be a list of texts or whole numbers."),
    "json.instant": told("{value} is no moment in UTC, such as 2026-12-31T23:00:00Z."),
}
MISSES: Final = {
    "miss.empty": told("not closed because the rule has no condition"),
    "miss.other": told("not closed because the {label} was {said}, the rule asks for {wanted}"),
    "miss.unsaid": told(
        "not closed because the alert names no {label}, the rule asks for {wanted}"
    ),
    "miss.outside": told("not closed because the {label} was {said}, outside {wanted}"),
    "miss.more": told("not closed because the {label} was {said}, the rule ends at {wanted}"),
    "miss.too_late": told("not closed because the hour was {hour}, the rule ends at {end}"),
    "miss.too_early": told("not closed because the hour was {hour}, the rule begins at {start}"),
    "miss.time": told("not closed because it was {day} {hour}, the rule holds {windows}"),
    "miss.exception": told("not closed because the rule leaves out the {label} {wanted}"),
    "miss.exception_time": told("not closed because the rule leaves out {wanted}"),
}
SENTINEL: Final = {
    "sentinel.not_here": told("The rule is not for the workspace {workspace}."),
    "sentinel.time": told("Sentinel has no schedule, so hours are kept by Tagout's own worker."),
    "sentinel.timeboxed": told(
        "{title} may be closed only inside hours, which Tagout's own worker keeps."
    ),
    "sentinel.no_type": told("Without an alert type the rule would close incidents of any title."),
    "sentinel.no_asset": told("What Sentinel can express of the rule names no device or address."),
    "sentinel.portal": told(
        "The workspace is onboarded to the Defender portal, where titles change afterwards."
    ),
    "sentinel.unproven": told("Nobody has shown yet that the workspace accepts {name} conditions."),
    "sentinel.own_rule": told("Sentinel does not see the title of a sensor's own rule."),
    "sentinel.direction": told("Sentinel does not know who began: it cannot hold the {label}."),
    "sentinel.unknown": told("Sentinel has no condition for the {label}."),
    "sentinel.network": told("Sentinel compares single addresses, not networks."),
    "sentinel.mac": told("Sentinel compares IP addresses, not MAC addresses."),
    "sentinel.not_one": told("{value} does not name exactly one device of the workspace."),
    "sentinel.unlisted": told(
        "{value} is not in the catalogue, and Sentinel tells no capitals from small letters."
    ),
    "sentinel.conditions": told("The rule needs {count} conditions; Sentinel takes {most}."),
    "sentinel.differs": told("{where} in Sentinel is not what was sent."),
}
GUARDS: Final = {
    "never.type": told("{title} is on the never list: it always reaches a person."),
    "never.engine": told("What the malware engine finds always reaches a person."),
    "never.asset": told("{name} is a {criticality}: what touches it always reaches a person."),
    "never.products": told("A second detection product saw this too: {products}."),
    "never.owner": told("Somebody owns the incident."),
    "never.touched": told("A person has worked on the incident: {what}."),
    "never.case": told("{names} also stands in a case that was a true positive and is open."),
    "never.unknown": told("Sentinel used a word we do not know: {what}."),
    "never.entities": told("The incident has {count} entities, more than {most}."),
    "never.unexplained": told("No alert explains these entities: {names}."),
    "never.pending": told("The details of the incident have not been fetched."),
    "never.stale": told("What we know is {minutes} minutes old, more than {most}."),
    "never.gate": told("The gate is closed: the incident carries {label}."),
    "never.hours": told("{what} may be closed only by a rule with hours."),
    "scene.uncovered": told("No live rule covers an alert of the incident: {title}."),
    "box.hours": told("{what} may be closed only inside hours: add a weekly window."),
    "box.most": told("The windows hold {hours} hours a week; for {what} at most {most}."),
    "box.sides": told("{what} needs {side} devices listed one by one."),
    "box.zone": told("The window is in {zone}, but the plant's clock is {plant}."),
    "wide.place": told("Name the workspace or the site."),
    "wide.type": told("Name the alert type."),
    "wide.asset": told("Name at least one device, address or sensor."),
    "wide.history": told("There are {days} days of history; at least {least} are needed."),
    "wide.period": told("The back-test looked at {days} days; it must look at {needed}."),
    "wide.share": told("The rule matches {share} of the incidents of {site}; at most {most}."),
    "wide.untested": told("The back-test did not look at any site."),
    "wide.true_positive": told("The rule matches {count} true positives; it may match none."),
    "propose.reason": told("Say why this is routine."),
    "propose.evidence": told("Name the verdicts that the rule rests on."),
    "propose.owners": told("Name an owner on each side."),
    "life.none": told("A rule needs an end."),
    "life.past": told("The end lies in the past."),
    "life.far": told("The end is more than {most} days away."),
    "life.lapsed": told("The rule has ended."),
    "life.quota": told(
        "The workspace has {count} of {most} automation rules; no more than {limit}."
    ),
    "sign.right": told("{who} may not sign for {side} here."),
    "sign.not_a_person": told("Only people sign, signed in by themselves; {kind} cannot."),
    "sign.second_person": told("The other side needs a second person."),
    "sign.twice": told("{side} has signed this version already."),
    "sign.proposer": told("Who proposes gives the signature of their own side and no other."),
    "sign.evidence": told("Who gave evidence signs for OT only."),
    "sign.hash": told("The rule has changed since it was on the screen; read it again."),
    "sign.fresh": told("Sign in again: the last time is more than {most} minutes ago."),
    "sign.backtest": told(
        "The back-test is not of this rule, or older than {most} days; run it again."
    ),
    "sign.little": told("With little evidence, write why it is enough."),
    "sign.missing": told("The signature of {side} is missing."),
    "sign.old": told("The signature of {side} is older than {most} days."),
    "sign.same": told("One person signed for both sides."),
    "evidence.people": told(
        "The evidence comes from one person; a second must have judged or checked."
    ),
    "canary.days": told("The trial has run {days} of {most} days."),
    "canary.matches": told("The trial had {count} of {most} matches and not yet two rounds of it."),
    "canary.true_positive": told("The trial touched {count} true positives."),
    "stop.reopened": told("Incident {incident}, closed by this rule, was reopened."),
    "stop.true_positive": told("Incident {incident}, closed by this rule, was a true positive."),
    "stop.linked": told(
        "Incident {incident}, closed by this rule, shares {what} with a true positive."
    ),
    "stop.joined": told("An alert that no rule covers joined incident {incident}."),
    "stop.unknown": told("Incident {incident}, closed by this rule, changed: {what}."),
    "attribution.missing": told("The text of the close does not name {what}."),
    "ledger.only_here": told(
        "Incident {incident} is in our ledger, but Sentinel has no such close."
    ),
    "ledger.only_there": told(
        "Incident {incident} was closed in our name, but is not in our ledger."
    ),
    "ledger.other": told(
        "Incident {incident} names {theirs} in Sentinel and {ours} in our ledger."
    ),
}
BACKTEST: Final = {
    "bound.none": told("Nothing was judged, so nothing is known."),
    "bound.some": told(
        "{hits} of {judged} judged matches were suspicious: at most {limit} could be."
    ),
    "bound.little": told(
        "{hits} of {judged} judged matches were suspicious: at most {limit} could be. "
        "Little evidence."
    ),
    "stopper.suspicious": told("was judged suspicious"),
    "stopper.reopened": told("was reopened"),
    "stopper.true_positive": told("was a true positive"),
    "stopper.linked": told("is linked to a true positive"),
}
TEMPLATES: Final = {**RULES, **READING, **MISSES, **SENTINEL, **GUARDS, **BACKTEST}
