"""A pattern as a sentence about the plant: who does what to whom.

The English one is the title under which the pattern becomes a rule. Pages ask for the reader's.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from gettext import NullTranslations
from typing import Final, Protocol

from alerts.patterns.engine.pattern import MinedPattern, TypeName
from alerts.patterns.engine.purpose import DevicePurpose, purpose_of
from alerts.patterns.engine.sides import PatternSide, Rung

MAX_NAMED: Final = 2  # devices of a list that a headline names; the others are counted


def gettext_noop(text: str) -> str:
    """Mark a text for translation, as Django's function of this name."""
    return text


class Language(Protocol):
    """What puts texts and counts into a language."""

    def gettext(self, message: str, /) -> str:
        """A text."""

    def ngettext(self, singular: str, plural: str, number: int, /) -> str:
        """A text about so many."""

    def pgettext(self, context: str, message: str, /) -> str:
        """A text that means something else elsewhere."""

    def number(self, value: int, /) -> str:
        """A count."""


class English(NullTranslations):
    """The texts as they are written here."""

    def number(self, value: int) -> str:
        """1,234."""
        return format(value, ",")


ENGLISH: Final[Language] = English()


@dataclass(frozen=True, slots=True)
class Phrase:
    """The wordings of a purpose: for one device, for several, for one that names no other, and for
    two of which it is unknown who began.
    """

    singular: str
    plural: str
    alone: str
    between: str


PHRASES: Final = {
    DevicePurpose.POLL: Phrase(
        gettext_noop("%(source)s polls %(destination)s"),
        gettext_noop("%(source)s poll %(destination)s"),
        gettext_noop("%(source)s: polling"),
        gettext_noop("Polling between %(source)s and %(destination)s"),
    ),
    DevicePurpose.WRITE: Phrase(
        gettext_noop("%(source)s writes values to %(destination)s"),
        gettext_noop("%(source)s write values to %(destination)s"),
        gettext_noop("%(source)s: written values"),
        gettext_noop("Written values between %(source)s and %(destination)s"),
    ),
    DevicePurpose.COMMAND: Phrase(
        gettext_noop("%(source)s sends commands to %(destination)s"),
        gettext_noop("%(source)s send commands to %(destination)s"),
        gettext_noop("%(source)s: commands"),
        gettext_noop("Commands between %(source)s and %(destination)s"),
    ),
    DevicePurpose.FAIL: Phrase(
        gettext_noop("%(source)s repeats failed requests to %(destination)s"),
        gettext_noop("%(source)s repeat failed requests to %(destination)s"),
        gettext_noop("%(source)s: failed requests"),
        gettext_noop("Failed requests between %(source)s and %(destination)s"),
    ),
    DevicePurpose.SCAN: Phrase(
        gettext_noop("%(source)s scans %(destination)s"),
        gettext_noop("%(source)s scan %(destination)s"),
        gettext_noop("%(source)s: scans of the network"),
        gettext_noop("Scans between %(source)s and %(destination)s"),
    ),
    DevicePurpose.PROGRAM: Phrase(
        gettext_noop("%(source)s programs %(destination)s"),
        gettext_noop("%(source)s program %(destination)s"),
        gettext_noop("%(source)s: new programs"),
        gettext_noop("Programming between %(source)s and %(destination)s"),
    ),
    DevicePurpose.COPY_PROGRAM: Phrase(
        gettext_noop("%(source)s copies programs out of %(destination)s"),
        gettext_noop("%(source)s copy programs out of %(destination)s"),
        gettext_noop("%(source)s: copied programs"),
        gettext_noop("Copied programs between %(source)s and %(destination)s"),
    ),
    DevicePurpose.READ_SETTINGS: Phrase(
        gettext_noop("%(source)s reads the settings of %(destination)s"),
        gettext_noop("%(source)s read the settings of %(destination)s"),
        gettext_noop("%(source)s: settings that were read"),
        gettext_noop("Settings read between %(source)s and %(destination)s"),
    ),
    DevicePurpose.CHANGE_SETTINGS: Phrase(
        gettext_noop("%(source)s changes settings of %(destination)s"),
        gettext_noop("%(source)s change settings of %(destination)s"),
        gettext_noop("%(source)s: changed settings"),
        gettext_noop("Changed settings between %(source)s and %(destination)s"),
    ),
    DevicePurpose.FIRMWARE: Phrase(
        gettext_noop("%(source)s changes the firmware of %(destination)s"),
        gettext_noop("%(source)s change the firmware of %(destination)s"),
        gettext_noop("%(source)s: changed firmware"),
        gettext_noop("Changed firmware between %(source)s and %(destination)s"),
    ),
    DevicePurpose.STOP: Phrase(
        gettext_noop("%(source)s restarts or stops %(destination)s"),
        gettext_noop("%(source)s restart or stop %(destination)s"),
        gettext_noop("%(source)s: restarts and stops"),
        gettext_noop("Restarts and stops between %(source)s and %(destination)s"),
    ),
    DevicePurpose.SIGN_IN: Phrase(
        gettext_noop("%(source)s signs in to %(destination)s"),
        gettext_noop("%(source)s sign in to %(destination)s"),
        gettext_noop("%(source)s: sign-ins"),
        gettext_noop("Sign-ins between %(source)s and %(destination)s"),
    ),
    DevicePurpose.REMOTE: Phrase(
        gettext_noop("%(source)s opens remote sessions to %(destination)s"),
        gettext_noop("%(source)s open remote sessions to %(destination)s"),
        gettext_noop("%(source)s: remote sessions"),
        gettext_noop("Remote sessions between %(source)s and %(destination)s"),
    ),
    DevicePurpose.WEB: Phrase(
        gettext_noop("%(source)s uses web pages of %(destination)s"),
        gettext_noop("%(source)s use web pages of %(destination)s"),
        gettext_noop("%(source)s: web requests"),
        gettext_noop("Web requests between %(source)s and %(destination)s"),
    ),
    DevicePurpose.DATABASE: Phrase(
        gettext_noop("%(source)s uses databases of %(destination)s"),
        gettext_noop("%(source)s use databases of %(destination)s"),
        gettext_noop("%(source)s: database requests"),
        gettext_noop("Database requests between %(source)s and %(destination)s"),
    ),
    DevicePurpose.NETWORK: Phrase(
        gettext_noop("%(source)s reads network settings of %(destination)s"),
        gettext_noop("%(source)s read network settings of %(destination)s"),
        gettext_noop("%(source)s: network settings that were read"),
        gettext_noop("Network settings read between %(source)s and %(destination)s"),
    ),
    DevicePurpose.NAMES: Phrase(
        gettext_noop("%(source)s asks %(destination)s for names"),
        gettext_noop("%(source)s ask %(destination)s for names"),
        gettext_noop("%(source)s: name queries"),
        gettext_noop("Name queries between %(source)s and %(destination)s"),
    ),
    DevicePurpose.ADDRESS: Phrase(
        gettext_noop("%(source)s asks %(destination)s for an address"),
        gettext_noop("%(source)s ask %(destination)s for an address"),
        gettext_noop("%(source)s: requests for an address"),
        gettext_noop("Requests for an address between %(source)s and %(destination)s"),
    ),
    DevicePurpose.BROADCAST: Phrase(
        gettext_noop("%(source)s sends broadcasts to %(destination)s"),
        gettext_noop("%(source)s send broadcasts to %(destination)s"),
        gettext_noop("%(source)s: messages to everyone"),
        gettext_noop("Broadcasts between %(source)s and %(destination)s"),
    ),
    DevicePurpose.INTERNET: Phrase(
        gettext_noop("%(source)s reaches %(destination)s on the internet"),
        gettext_noop("%(source)s reach %(destination)s on the internet"),
        gettext_noop("%(source)s: connections to the internet"),
        gettext_noop("Internet connections between %(source)s and %(destination)s"),
    ),
    DevicePurpose.BACKUP: Phrase(
        gettext_noop("%(source)s backs up %(destination)s"),
        gettext_noop("%(source)s back up %(destination)s"),
        gettext_noop("%(source)s: backups"),
        gettext_noop("Backups between %(source)s and %(destination)s"),
    ),
    DevicePurpose.APPEAR: Phrase(
        gettext_noop("%(source)s appears beside %(destination)s"),
        gettext_noop("%(source)s appear beside %(destination)s"),
        gettext_noop("%(source)s: seen as new"),
        gettext_noop("New devices: %(source)s and %(destination)s"),
    ),
    DevicePurpose.VOLUME: Phrase(
        gettext_noop("%(source)s sends bursts of data to %(destination)s"),
        gettext_noop("%(source)s send bursts of data to %(destination)s"),
        gettext_noop("%(source)s: bursts of data"),
        gettext_noop("Bursts of data between %(source)s and %(destination)s"),
    ),
    DevicePurpose.SILENT: Phrase(
        gettext_noop("%(source)s gets no answer from %(destination)s"),
        gettext_noop("%(source)s get no answer from %(destination)s"),
        gettext_noop("%(source)s: no answer"),
        gettext_noop("No answer between %(source)s and %(destination)s"),
    ),
    DevicePurpose.REPORT: Phrase(
        gettext_noop("%(source)s reports its state to %(destination)s"),
        gettext_noop("%(source)s report their state to %(destination)s"),
        gettext_noop("%(source)s: reports of its own state"),
        gettext_noop("Reports of state between %(source)s and %(destination)s"),
    ),
    DevicePurpose.SENSOR_RULE: Phrase(
        gettext_noop("%(source)s meets a sensor rule at %(destination)s: %(own)s"),
        gettext_noop("%(source)s meet a sensor rule at %(destination)s: %(own)s"),
        gettext_noop("%(source)s meets a sensor rule: %(own)s"),
        gettext_noop("A sensor rule between %(source)s and %(destination)s: %(own)s"),
    ),
    DevicePurpose.TALK: Phrase(
        gettext_noop("%(source)s talks to %(destination)s"),
        gettext_noop("%(source)s talk to %(destination)s"),
        gettext_noop("%(source)s: traffic that was noticed"),
        gettext_noop("Traffic between %(source)s and %(destination)s"),
    ),
}


def purpose_sentence(
    pattern: MinedPattern, types: Iterable[TypeName] = (), language: Language = ENGLISH
) -> str:
    """Return who does what to whom, and which sensor watches, in one line without a full stop.
    `types` come by weight; without them they are taken as the pattern has them.
    """
    by_weight = list(types) or pattern.types
    phrase = PHRASES[purpose_of(by_weight, pattern.functions)]
    source_side, destination_side = _sides_of_rule(pattern)
    source = side_phrase(source_side, language)
    destination = side_phrase(destination_side, language)
    if not destination:
        template = phrase.alone
    elif not pattern.is_directed:
        template = phrase.between
    else:
        template = phrase.plural if _is_plural(source_side) else phrase.singular
    own = next((own for _, own in by_weight if own), "")
    names = {"source": source, "destination": destination, "own": own}
    sentence = language.gettext(template) % names
    if not _is_named(pattern.source):
        sentence = sentence[:1].upper() + sentence[1:]
    if not pattern.sensors:
        return sentence
    sensors = _listed(pattern.sensors, pattern.sensors, language)
    return language.gettext("%(what)s, where %(sensors)s watches") % {
        "what": sentence,
        "sensors": sensors,
    }


def _sides_of_rule(pattern: MinedPattern) -> tuple[PatternSide, PatternSide]:
    """Return both sides without the devices that the rule leaves out: its title names none."""
    sources, destinations = set(pattern.except_sources), set(pattern.exceptions)
    if not pattern.is_directed or pattern.destination.rung is Rung.NONE:
        sources = destinations = sources | destinations
    return _without(pattern.source, sources), _without(pattern.destination, destinations)


def _without(side: PatternSide, left_out: Collection[str]) -> PatternSide:
    kept = tuple(member for member in side.members if member not in left_out)
    return replace(side, members=kept) if kept and _is_named(side) else side


def side_phrase(side: PatternSide, language: Language = ENGLISH) -> str:
    """Return a side in a few words; nothing where alerts name nobody there."""
    match side.rung:
        case Rung.NONE:
            return ""
        case Rung.GROUP:
            kinds = _listed(side.kinds, side.kinds, language)
            if not side.zones:
                return language.gettext("every %(kinds)s of the site") % {"kinds": kinds}
            zones = _listed(side.zones, side.zones, language)
            return language.gettext("every %(kinds)s of %(zones)s") % {
                "kinds": kinds,
                "zones": zones,
            }
        case Rung.ZONE:
            zones = _listed(side.zones, side.zones, language)
            return language.gettext("every device of %(zones)s") % {"zones": zones}
        case Rung.SITE:
            return language.gettext("every device of the site")
        case Rung.NETWORK if len(side.members) > MAX_NAMED:
            return _listed(side.networks, side.networks, language)
    return _listed(side.members, side.members, language)


def _is_named(side: PatternSide) -> bool:
    """Whether a side is listed by names of its own, which are written as they are."""
    return side.rung in (Rung.LISTED, Rung.NETWORK)


def _is_plural(side: PatternSide) -> bool:
    return _is_named(side) and len(side.members) > 1


def _listed(names: Sequence[str], members: Sequence[str], language: Language) -> str:
    """Return A, A and B, or A, B and 5 more."""
    if len(names) <= MAX_NAMED:
        return language.pgettext("between two names", " and ").join(names)
    more = len(members) - MAX_NAMED
    return language.ngettext("%(names)s and %(n)s more", "%(names)s and %(n)s more", more) % {
        "names": ", ".join(names[:MAX_NAMED]),
        "n": language.number(more),
    }
