"""The English of every sentence of the engine, by code."""

from typing import Final

from alerts.planned_work.engine.kinds import KINDS
from alerts.rules.brake_wording import BRAKES
from alerts.rules.catalogue_mark import gettext_noop

NOUNS: Final = frozenset(
    {  # what stands inside a sentence and has a name in each language
        gettext_noop("workspace"),
        gettext_noop("site"),
        gettext_noop("zone"),
        gettext_noop("sensor"),
        gettext_noop("alert type"),
        gettext_noop("title of the sensor's own rule"),
        gettext_noop("engine"),
        gettext_noop("category"),
        gettext_noop("severity"),
        gettext_noop("protocol"),
        gettext_noop("port"),
        gettext_noop("function"),
        gettext_noop("technique"),
        gettext_noop("tactic"),
        gettext_noop("product"),
        gettext_noop("source device"),
        gettext_noop("source address"),
        gettext_noop("destination device"),
        gettext_noop("destination address"),
        gettext_noop("source kind"),
        gettext_noop("source zone"),
        gettext_noop("source subnet"),
        gettext_noop("destination kind"),
        gettext_noop("destination zone"),
        gettext_noop("destination subnet"),
        gettext_noop("device"),
        gettext_noop("address"),
        gettext_noop("time"),
        gettext_noop("number of alerts in the incident"),
        gettext_noop("number of entities in the incident"),
        gettext_noop("title"),
        gettext_noop("safety system"),
        gettext_noop("crown jewel"),
        gettext_noop("the SOC"),
        gettext_noop("source"),
        gettext_noop("destination"),
        gettext_noop("High severity"),
        gettext_noop("planned work"),
        *KINDS.values(),
    }
)
NAMING: Final = frozenset(
    {"label", "criticality", "side", "what", "works"}
)  # details that hold a noun
JOINING: Final = frozenset({gettext_noop("or"), gettext_noop("and")})
MORE: Final = gettext_noop("{n} more")  # of a list that is too long to be read
DAY_NAMES: Final = (
    gettext_noop("Mon"),
    gettext_noop("Tue"),
    gettext_noop("Wed"),
    gettext_noop("Thu"),
    gettext_noop("Fri"),
    gettext_noop("Sat"),
    gettext_noop("Sun"),
)
RULES: Final = {
    "rule.empty": gettext_noop("The rule has no conditions and would match every alert."),
    "rule.negation_only": gettext_noop(
        "The rule only says what to leave out. Say what it should match as well."
    ),
    "rule.match_all": gettext_noop(
        "None of the rule's lines narrows anything down: it would match every alert."
    ),
    "rule.never": gettext_noop(
        "One exception applies to every alert, so the rule would never match."
    ),
    "rule.many": gettext_noop("A rule has at most {most} lines and {most} exceptions."),
    "rule.actions": gettext_noop("The action must be {known}."),
    "rule.enforcement": gettext_noop("The enforcement must be {known}."),
    "rule.generic_title": gettext_noop(
        "Sensors report all their own rules under this alert type; name the title of the sensor's "
        "own rule as well."
    ),
    "clause.field": gettext_noop("“{field}” is not a field of a rule. Use {known}."),
    "clause.operator": gettext_noop("“{operator}” does not work with the {label}. Use {fitting}."),
    "clause.empty": gettext_noop("The line on the {label} has no value yet."),
    "clause.exception_open": gettext_noop(
        "An exception cannot be about alerts that tell no {label}. Remove “not specified” there."
    ),
    "clause.many": gettext_noop("The line on the {label} has more than {most} values."),
    "clause.one": gettext_noop("With {operator}, the {label} takes one value."),
    "value.number": gettext_noop(
        "{value} is not a valid {label}. Use a whole number from {least} to {most}."
    ),
    "value.text": gettext_noop("{value} is not text, but the {label} has to be."),
    "value.long": gettext_noop("The {label} is longer than {most} characters."),
    "value.severity": gettext_noop("“{value}” is not a valid severity. Use {known}."),
    "value.technique": gettext_noop("“{value}” is not an ATT&CK technique. They look like T0843."),
    "value.work": gettext_noop(
        "“{value}” is not a kind of planned work that a rule can name. Use {known}."
    ),
    "value.zone": gettext_noop(
        "“{value}” does not name a site and a zone, like “Gdańsk / Packaging 2” does."
    ),
    "text.unseen": gettext_noop("The {label} contains invisible characters."),
    "text.blanks": gettext_noop(
        "The {label} is empty, starts or ends with a space, or has two spaces in a row."
    ),
    "text.twin": gettext_noop(
        "The {label} “{value}” contains letters that only look like others. Type it again."
    ),
    "text.short": gettext_noop("The {label} {value} is too short: at least {least} characters."),
    "text.nothing": gettext_noop("The {label} “{value}” has neither letters nor digits."),
    "address.everybody": gettext_noop("{value} is the address of many devices. Name a single one."),
    "address.form": gettext_noop("“{value}” is not an IP or MAC address in its usual spelling."),
    "network.form": gettext_noop("“{value}” is not a network. They look like 10.20.4.0/24."),
    "network.wide": gettext_noop("The network {value} is too wide. Use /{least} or narrower."),
    "window.form": gettext_noop(
        "“{value}” is not a weekly window. They look like “Tue 06:00-08:00 Europe/Warsaw”."
    ),
    "window.zone": gettext_noop("“{zone}” is not a time zone. They look like Europe/Warsaw."),
    "window.empty": gettext_noop("The window {value} ends when it begins."),
    "window.midnight": gettext_noop("The window {value} ends at midnight. Write that as 24:00."),
}
READING: Final = {
    "json.form": gettext_noop("This is not a rule in JSON."),
    "json.large": gettext_noop("The rule is longer than {most} bytes."),
    "json.twice": gettext_noop("A member is named twice."),
    "json.version": gettext_noop(
        "Version {version} is not known; this Tagout reads version {known}."
    ),
    "json.unknown": gettext_noop("Not known in {where}: {members}."),
    "json.missing": gettext_noop("Missing in {where}: {members}."),
    "json.text": gettext_noop("{member} must be text."),
    "json.texts": gettext_noop("{member} must be a list of texts."),
    "json.clauses": gettext_noop(
        "{member} must be a list of lines with field, operator and values."
    ),
    "json.values": gettext_noop("The values of {field} must be a list of texts or whole numbers."),
    "json.instant": gettext_noop("{value} is not a time in UTC, such as 2026-12-31T23:00:00Z."),
}
MISSES: Final = {
    "miss.empty": gettext_noop("Not closed: the rule has no conditions."),
    "miss.other": gettext_noop(
        "Not closed: the {label} was {said}, but the rule asks for {wanted}."
    ),
    "miss.unsaid": gettext_noop(
        "Not closed: the alert names no {label}, but the rule asks for {wanted}."
    ),
    "miss.untyped": gettext_noop(
        "Not closed: only the title says that the alert is {said}, and the analytics rule that "
        "made it may write any title."
    ),
    "miss.outside": gettext_noop("Not closed: the {label} was {said}, which is outside {wanted}."),
    "miss.more": gettext_noop(
        "Not closed: the {label} was {said}, but the rule stops at {wanted}."
    ),
    "miss.too_late": gettext_noop(
        "Not closed: it came at {hour}, but the rule's hours end at {end}."
    ),
    "miss.too_early": gettext_noop(
        "Not closed: it came at {hour}, but the rule's hours begin at {start}."
    ),
    "miss.time": gettext_noop(
        "Not closed: it came on {day} at {hour}, but the rule's hours are {windows}."
    ),
    "miss.work": gettext_noop("Not closed: it came outside planned work ({works})."),
    "miss.before": gettext_noop("Not closed: it came at {at}, before the rule began at {since}."),
    "miss.exception": gettext_noop(
        "Not closed: the rule makes an exception for the {label} {wanted}."
    ),
    "miss.exception_time": gettext_noop("Not closed: the rule makes an exception for {wanted}."),
    "miss.exception_work": gettext_noop(
        "Not closed: the rule makes an exception for planned work ({works})."
    ),
}
SENTINEL: Final = {
    "sentinel.not_here": gettext_noop("The rule is not for the workspace {workspace}."),
    "sentinel.time": gettext_noop(
        "Sentinel has no schedule. Only Tagout's own worker can keep hours."
    ),
    "sentinel.work": gettext_noop(
        "Sentinel does not know what work is planned. Only Tagout's own worker can tell."
    ),
    "sentinel.in_the_plant": gettext_noop(
        "Sentinel does not know the {label}. Only Tagout's own worker can enforce this rule."
    ),
    "sentinel.timeboxed": gettext_noop(
        "{title} may only be closed inside set hours or planned work, and only Tagout's own worker "
        "can keep those."
    ),
    "sentinel.no_type": gettext_noop(
        "Without an alert type the rule would close incidents of any title."
    ),
    "sentinel.no_asset": gettext_noop(
        "The part of the rule that Sentinel understands names no device or address."
    ),
    "sentinel.portal_unknown": gettext_noop(
        "It is not known yet whether {workspace} lives in the Defender portal, where incident "
        "titles change later: none of its analytics rules has made an incident."
    ),
    "sentinel.no_maker": gettext_noop(
        "{workspace} lives in the Defender portal, where titles change later, and no analytics "
        "rule is known there that makes incidents of {names}."
    ),
    "sentinel.maker_of_more": gettext_noop(
        "In the Defender portal the analytics rule stands for the alert type, and {name} makes "
        "incidents of other types too. Its custom detail {detail} would tell them apart."
    ),
    "sentinel.maker_unproven": gettext_noop(
        "In the Defender portal the analytics rule stands for the alert type, and it cannot be "
        "proved which alerts {name} takes: its query does more than filter SecurityAlert by "
        "AlertName, it puts several results in one alert, or Tagout could not read it for two "
        "days. Put the query of its template back in Sentinel, with an alert for each result, and "
        "choose Check now on the workspace's page; until then Tagout's own worker can enforce the "
        "rule."
    ),
    "sentinel.rules_unread": gettext_noop(
        "Outside the Defender portal the title stands for the alert type, and Tagout has not yet "
        "read which titles the analytics rules of {workspace} write. Choose Check now on the "
        "workspace's page."
    ),
    "sentinel.title_of_rule": gettext_noop(
        "Outside the Defender portal the title stands for the alert type, and {name} may give an "
        "alert the title of another type: its alert name format is not that of the solution, its "
        "query does more than filter SecurityAlert by AlertName, it puts several results in one "
        "alert, or Tagout could not read it for two days. Put the alert name format and the query "
        "of its template back in Sentinel, with an alert for each result, and choose Check now on "
        "the workspace's page."
    ),
    "sentinel.other_entities": gettext_noop(
        "In the Defender portal incidents have the devices and addresses that the analytics rule "
        "gives them, and {name} does not pass on those of the alert. Have it map the column "
        "Entities alone; until then Tagout's own worker can enforce the rule."
    ),
    "sentinel.moved": gettext_noop(
        "Since the rule was proposed {workspace} has moved to the Defender portal, so Sentinel "
        "would get other conditions there than the signers were shown. Propose the rule anew."
    ),
    "sentinel.new_guarded": gettext_noop(
        "Since the rule was proposed {device} has become a safety system or a crown jewel, so "
        "Sentinel would get other conditions in {workspace} than the signers were shown. Propose "
        "the rule anew."
    ),
    "sentinel.other_form": gettext_noop(
        "Since the rule was proposed the safety systems and crown jewels of the plant, or the "
        "analytics rules of {workspace}, have changed, so Sentinel would get other conditions "
        "there than the signers were shown. Propose the rule anew."
    ),
    "sentinel.unprobed": gettext_noop(
        "Tagout has not yet tried which conditions {workspace} accepts. It does so within a minute "
        "of the first draft for this workspace."
    ),
    "sentinel.unproven": gettext_noop(
        "In Tagout's trial, {workspace} did not accept conditions on {names}."
    ),
    "sentinel.not_exact": gettext_noop(
        "Sentinel cannot enforce exactly this rule in {workspace}. Let Tagout's own worker enforce "
        "it, or change what stands in the way:"
    ),
    "sentinel.nowhere": gettext_noop(
        "No workspace is known in which Sentinel could enforce this rule. Name one, or let "
        "Tagout's own worker enforce it."
    ),
    "sentinel.own_rule": gettext_noop("Sentinel does not see the title of a sensor's own rule."),
    "sentinel.direction": gettext_noop(
        "Sentinel does not know which side started the connection, so it cannot check the {label}."
    ),
    "sentinel.unknown": gettext_noop("Sentinel has no condition for the {label}."),
    "sentinel.network": gettext_noop("Sentinel compares single addresses, not networks."),
    "sentinel.mac": gettext_noop("Sentinel compares IP addresses, not MAC addresses."),
    "sentinel.not_one": gettext_noop("{value} does not name exactly one device of the workspace."),
    "sentinel.unlisted": gettext_noop(
        "{value} is not in the catalogue, and Sentinel does not tell upper case from lower case."
    ),
    "sentinel.conditions": gettext_noop(
        "The rule needs {count} conditions; Sentinel takes {most}."
    ),
}
WATCHLIST: Final = {
    "watchlist.line": gettext_noop("The exclusion cannot check the {label}."),
    "watchlist.exception": gettext_noop(
        "The exclusion cannot check the exception about the {label}."
    ),
    "watchlist.type": gettext_noop("The rule names no alert type."),
    "watchlist.unlisted": gettext_noop("{title} is not a title of the catalogue."),
    "watchlist.side": gettext_noop("The rule names no {side} device or address one by one."),
    "watchlist.hours": gettext_noop(
        "The rule is about alerts that may only be left out inside hours, and it has none."
    ),
    "watchlist.nothing": gettext_noop(
        "Nothing is left of the rule: what it closes always becomes an incident first."
    ),
    "watchlist.held": gettext_noop(
        "An open case or the first sight of a new device keeps every pair of it out."
    ),
    "watchlist.full": gettext_noop("The list is full: it takes {most} rows, older rules first."),
    "watchlist.many": gettext_noop("The rule makes {count} pairs; the list takes {most} a rule."),
    "watchlist.large": gettext_noop(
        "A pair of this rule takes more room than the {most} bytes of a row."
    ),
}
GUARDS: Final = {
    "never.type": gettext_noop("{title} is on the never list: it always reaches a person."),
    "never.engine": gettext_noop("What the malware engine finds always reaches a person."),
    "never.asset": gettext_noop(
        "{name} is a {criticality}: what touches it always reaches a person."
    ),
    "never.true_positive": gettext_noop("This incident was closed as a true positive."),
    "never.products": gettext_noop("A second detection product saw this too: {products}."),
    "never.owner": gettext_noop("Somebody has taken the incident."),
    "never.touched": gettext_noop("A person has worked on the incident: {what}."),
    "never.case": gettext_noop("{names} is also part of an open true positive."),
    "never.held": gettext_noop("{names} is held open after a true positive on it."),
    "never.meanwhile": gettext_noop("{names} was held open when this came: a person decides."),
    "never.suspicion": gettext_noop(
        "OT called something suspicious on {names}, and nobody has corrected that."
    ),
    "never.unknown": gettext_noop("Sentinel used a value that Tagout does not know: {what}."),
    "never.entities": gettext_noop("The incident has {count} entities, more than {most}."),
    "never.unexplained": gettext_noop("No alert explains these entities: {names}."),
    "never.pending": gettext_noop("The details of the incident have not been fetched yet."),
    "never.stale": gettext_noop("What Tagout knows is {minutes} minutes old. The limit is {most}."),
    "never.gate": gettext_noop(
        "Suppression was switched off when the incident came: it has the label {label}."
    ),
    "never.hours": gettext_noop("{what} may only be closed by a rule with hours or planned work."),
    "never.work": gettext_noop(
        "{what} may only be closed inside planned work that names its devices one by one, was "
        "planned before it began and, where it recurs or lasts longer than a day, was confirmed by "
        "a second person."
    ),
    "never.work_size": gettext_noop(
        "Work planned at {site} for devices of the rule takes {hours} hours of a week; as hours of "
        "a rule, at most {most} hold."
    ),
    "box.works": gettext_noop(
        "Work planned at {site} that the rule names takes up to {hours} hours of a week. For "
        "{what}, at most {most} are allowed."
    ),
    "never.outside": gettext_noop(
        "{name} is outside the plant, and the rule does not name it or its network."
    ),
    "member.new": gettext_noop(
        "{names} joined a group of the rule after it was signed: the first incident of a new "
        "member goes to a person."
    ),
    "scene.uncovered": gettext_noop("No live rule covers an alert of the incident: {title}."),
    "scene.untyped": gettext_noop(
        "Only its title says that an alert of the incident is {title}, and the analytics rule that "
        "made it may write any title: no rule by alert type matches it."
    ),
    "box.hours": gettext_noop(
        "{what} may only be closed inside set hours or planned work. Add a weekly window, or a "
        "kind of planned work."
    ),
    "box.most": gettext_noop(
        "The windows add up to {hours} hours a week. For {what}, at most {most} are allowed."
    ),
    "box.sides": gettext_noop("For {what}, list the {side} devices one by one."),
    "box.zone": gettext_noop("The window uses {zone}, but the plant's time zone is {plant}."),
    "wide.place": gettext_noop("Name a workspace or a site."),
    "wide.type": gettext_noop("Name an alert type."),
    "wide.asset": gettext_noop("Name at least one device, address or sensor."),
    "wide.history": gettext_noop(
        "There are only {days} days of history. At least {least} are needed."
    ),
    "wide.period": gettext_noop("The back-test covers {days} days. It has to cover {needed}."),
    "wide.share": gettext_noop(
        "The rule matches {share} of all incidents of {site}. At most {most} are allowed."
    ),
    "wide.untested": gettext_noop("The back-test found no site that the rule reaches."),
    "wide.true_positive": gettext_noop(
        "The rule matches true positives ({count}). It must not match any."
    ),
    "propose.reason": gettext_noop("Say why this is routine."),
    "propose.evidence": gettext_noop("Choose the verdicts this rule rests on."),
    "propose.owners": gettext_noop("Choose an owner on each side."),
    "life.none": gettext_noop("Choose a date on which the rule ends."),
    "life.past": gettext_noop("The end date is in the past."),
    "life.far": gettext_noop("The end date is more than {most} days away. Choose an earlier one."),
    "life.lapsed": gettext_noop("The rule has ended."),
    "life.ending": gettext_noop("It ends on {end}. Renew it, or let it expire."),
    "life.quota": gettext_noop(
        "The workspace has {count} of {most} automation rules. Tagout adds none beyond {limit}."
    ),
    "sign.right": gettext_noop("{who} may not sign for {side} here."),
    "sign.not_a_person": gettext_noop(
        "Only people who have signed in themselves can sign; a {kind} cannot."
    ),
    "sign.second_person": gettext_noop(
        "You have signed for one side. Somebody else has to sign for the other."
    ),
    "sign.twice": gettext_noop("This version is already signed for {side}."),
    "sign.proposer": gettext_noop(
        "You proposed this version, so you can sign for your own side and no other."
    ),
    "sign.evidence": gettext_noop(
        "You gave one of the verdicts this rule rests on, so you can sign for OT only."
    ),
    "sign.hash": gettext_noop(
        "The rule has changed since you opened this page. Read it again before you sign."
    ),
    "sign.fresh": gettext_noop(
        "Enter your password again: the last time was more than {most} minutes ago."
    ),
    "sign.backtest": gettext_noop(
        "The back-test is older than {most} days or does not belong to this text. Edit the "
        "rule to run it again."
    ),
    "sign.little": gettext_noop("There is little evidence: write why it is enough."),
    "sign.look": gettext_noop(
        "There is little evidence: look at the alerts yourself and tick that you did."
    ),
    "sign.missing": gettext_noop("The signature for {side} is missing."),
    "sign.old": gettext_noop("The signature for {side} is older than {most} days."),
    "sign.same": gettext_noop("One person signed for both sides."),
    "evidence.people": gettext_noop(
        "Fewer than two people judged: look at the alerts yourself and tick that you did."
    ),
    "trial.days": gettext_noop("The trial has run for {days} of {most} days."),
    "trial.amended": gettext_noop("Its changed line has {count} of {most} matches."),
    "trial.matches": gettext_noop(
        "The trial has had {count} of {most} matches. With weekly hours, two weeks are enough too."
    ),
    "trial.true_positive": gettext_noop("The trial labelled true positives: {count}."),
    "deploy.held": gettext_noop("Sentinel cannot leave out what is held open: {names}."),
    "attribution.missing": gettext_noop("The closing comment does not name {what}."),
    "ledger.only_here": gettext_noop(
        "Incident {incident} is in our ledger, but Sentinel has no such close."
    ),
    "ledger.only_there": gettext_noop(
        "Incident {incident} was closed in our name, but is not in our ledger."
    ),
    "ledger.other": gettext_noop(
        "Incident {incident} names {theirs} in Sentinel and {ours} in our ledger."
    ),
}
BACKTEST: Final = {
    "bound.none": gettext_noop("Nobody has judged any of it yet, so nothing can be said."),
    "bound.too_little": gettext_noop(
        "{harmless} of {judged} harmless: too little evidence to say more."
    ),
    "bound.all_suspicious": gettext_noop("All {judged} were suspicious."),
    "bound.some": gettext_noop(
        "{harmless} of {judged} harmless, so at least {share} of all is harmless (95 % sure)."
    ),
    "bound.little": gettext_noop(
        "{harmless} of {judged} harmless, so at least {share} of all is harmless (95 % sure). "
        "Little evidence."
    ),
    "stopper.suspicious": gettext_noop("It was judged suspicious."),
    "stopper.reopened": gettext_noop("It was reopened."),
    "stopper.true_positive": gettext_noop("It was a true positive."),
    "stopper.linked": gettext_noop("It was merged into a true positive."),
    "look.near_case": gettext_noop("{name} was in a true positive {days} days before or after."),
    "look.near_case_day": gettext_noop("{name} was in a true positive the day before or after."),
    "look.near_case_same_day": gettext_noop("{name} was in a true positive on the same day."),
    "look.new_trait": gettext_noop("No judged match has the {label} {value}."),
    "look.rare_trait": gettext_noop(
        "Only {count} of {total} judged matches had the {label} {value}."
    ),
    "look.new_hour": gettext_noop("No judged match came in the hour from {hour}."),
    "look.rare_hour": gettext_noop(
        "Only {count} of {total} judged matches came in the hour from {hour}."
    ),
    "look.new_weekend": gettext_noop("It came on a weekend, and no judged match did."),
    "look.rare_weekend": gettext_noop(
        "It came on a weekend, like only {count} of {total} judged matches."
    ),
    "look.new_weekday": gettext_noop("It came on a working day, and no judged match did."),
    "look.rare_weekday": gettext_noop(
        "It came on a working day, like only {count} of {total} judged matches."
    ),
    "look.like_judged": gettext_noop("It looks like the judged ones, but nobody has judged it."),
    "look.none_judged": gettext_noop("Nobody has judged any of the matches yet."),
}
TEMPLATES: Final = {
    **RULES,
    **READING,
    **MISSES,
    **SENTINEL,
    **WATCHLIST,
    **GUARDS,
    **BRAKES,
    **BACKTEST,
}
