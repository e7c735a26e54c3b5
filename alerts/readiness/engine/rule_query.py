"""Which alerts of Defender for IoT an analytics rule takes, as far as its query proves it.

Only a query that filters rows of SecurityAlert, adds columns and chooses columns is read: what it
selects is then a question of its `where` lines, and `AlertName` is what the sensor wrote. Lists of
texts by `let`, as templates have them, are read too. Everything else (a join, a union, a function,
another `let`, AlertName written anew) may select or show anything: nothing is proved of it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from alerts.incidents.engine.catalogue import all_types

TABLE, TITLE, BAG, ENTITIES = "SecurityAlert", "AlertName", "ExtendedProperties", "Entities"

type Tokens = Sequence[str]

# What is spelled otherwise (escapes, texts of several lines, directives) is not read.
_TOKEN = re.compile(
    r"(?P<space>\s+|//[^\n]*)"
    r"|(?P<token>@?\"[^\"\\\n]*\"|@?'[^'\\\n]*'|@\"[^\"\n]*\"|@'[^'\n]*'"
    r"|[A-Za-z_][A-Za-z0-9_]*|[0-9][A-Za-z0-9_]*|==|!=|<=|>=|=~|!~|[-=<>!()\[\]{},;|.:*/+%])"
)
# A comment ends at some of these for the service: nothing is proved of what comes behind.
_ODD_BREAK = re.compile(r"\r(?!\n)|[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class QueryTypes:
    """What is proved of a query. `is_plain`: its rows are alerts with the title that the sensor
    wrote. `titles` are the alert types that it names, None where it does not filter by them;
    `has_only_titles`: it selects no alert of another title.
    """

    is_plain: bool = False
    titles: frozenset[str] | None = None
    has_only_titles: bool = False


@dataclass(frozen=True, slots=True)
class _TitleFilter:
    """Titles that a condition lets through. One that is not closed may let others through, whose
    names nobody knows.
    """

    titles: frozenset[str]
    is_closed: bool


class _NotPlain(Exception):
    """The query does something of which the consequences are not known."""


def types_of_query(query: str) -> QueryTypes:
    """Return what a query of an analytics rule proves about the alert types that it selects."""
    try:
        lists, stages = _lists_and_stages(query)
        filters = [_filter_of(stage, lists) for stage in stages]
    except _NotPlain:
        return QueryTypes()
    found = _both([titles for titles in filters if titles is not None])
    if found is None:
        return QueryTypes(is_plain=True)
    return QueryTypes(is_plain=True, titles=found.titles, has_only_titles=found.is_closed)


def columns_as_written(query: str) -> frozenset[str]:
    """Return the columns of a query's rows that hold what the sensor wrote: those of the table that
    are read here and not written anew, and members of its bag of properties by their own names.
    """
    if not types_of_query(query).is_plain:
        return frozenset()
    columns, raw, bags = {TITLE, ENTITIES}, {BAG}, set[str]()
    for operator, *rest in _lists_and_stages(query)[1]:
        if operator == "where":
            continue
        made = {item[0]: list(item[2:]) for item in _split(rest, ",") if len(item) > 1}
        # Whether a column counts already in the line that makes it is not relied on.
        sources, bags, columns = raw | bags, bags - made.keys(), columns - made.keys()
        raw, old_bags = raw - made.keys(), frozenset(bags)
        for name, value in made.items():
            match value:
                case ["parse_json" | "todynamic", "(", column, ")"] if column in sources:
                    if column == name or column not in made:
                        bags.add(name)
                case ["tostring", "(", bag, ".", member, ")"] if bag in old_bags:
                    if member == name:
                        columns.add(name)
                # As some templates have it: the bag is read again for each column.
                case [
                    "tostring",
                    "(",
                    "parse_json" | "todynamic",
                    "(",
                    column,
                    ")",
                    ".",
                    member,
                    _,
                ]:
                    if member == name and column in sources - made.keys():
                        columns.add(name)
    return frozenset(columns)


def _lists_and_stages(query: str) -> tuple[dict[str, list[str]], list[Tokens]]:
    """Return the lists of texts by name, and the lines that alerts of the table go through."""
    statements = [part for part in _split(_tokens(query), ";") if part]
    if not statements:
        raise _NotPlain
    *lets, pipeline = statements
    table, *stages = _split(pipeline, "|")
    if list(table) != [TABLE]:
        raise _NotPlain
    return dict(_named_list(let) for let in lets), stages


def _tokens(query: str) -> Tokens:
    if _ODD_BREAK.search(query):
        raise _NotPlain
    found, position = [], 0
    while position < len(query):
        match = _TOKEN.match(query, position)
        if match is None:
            raise _NotPlain
        if match["token"]:
            found.append(match["token"])
        position = match.end()
    return found


def _split(tokens: Tokens, separator: str) -> list[Tokens]:
    """Return the parts between separators that are in no bracket."""
    parts: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token in _OPENING) - (token in _CLOSING)
        if depth < 0:
            raise _NotPlain
        if token == separator and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    if depth:
        raise _NotPlain
    return list(parts)


def _named_list(statement: Tokens) -> tuple[str, list[str]]:
    """Return the name and the texts of `let NAME = dynamic([…])`. A column hides a list of its
    name, and columns of the table begin with a capital or an underscore.
    """
    match statement:
        case ["let", name, "=", "dynamic", "(", "[", *texts, "]", ")"] if name[:1].islower():
            return name, _texts(texts, {})
    raise _NotPlain


def _texts(tokens: Tokens, lists: Mapping[str, list[str]]) -> list[str]:
    """Return the texts of a list with commas, or of the list with that name."""
    match tokens:
        case [name] if name in lists:
            return lists[name]
        case ["dynamic", "(", "[", *texts, "]", ")"]:
            return _texts(texts, {})
    items = _split(tokens, ",")
    if not all(len(item) == 1 and item[0][0] in "\"'" for item in items):
        raise _NotPlain
    return [item[0][1:-1] for item in items]


def _filter_of(stage: Tokens, lists: Mapping[str, list[str]]) -> _TitleFilter | None:
    """Return the filter by titles that a line of the query is, if it is one."""
    match stage:
        case ["where", *condition] if condition:
            return _titles_where(condition, lists)
        case ["extend" | "project" as operator, *rest]:
            for item in _split(rest, ","):
                _check_column(item, lists, may_be_bare=operator == "project")
            return None
    raise _NotPlain


def _check_column(item: Tokens, lists: Mapping[str, list[str]], *, may_be_bare: bool) -> None:
    """Raise _NotPlain for what is no column with a name, or one that hides another name."""
    match item:
        case [name] if may_be_bare and _NAME.fullmatch(name):
            return
        case [name, "=", _, *_] if _NAME.fullmatch(name) and name != TITLE and name not in lists:
            return
    raise _NotPlain


def _titles_where(condition: Tokens, lists: Mapping[str, list[str]]) -> _TitleFilter | None:
    """Return the titles that a condition lets through; None where it does not ask for them."""
    if len(condition) > 1 and condition[0] == "(" and _ends_at(condition) == len(condition) - 1:
        return _titles_where(condition[1:-1], lists)
    either = _split(condition, "or")
    if len(either) > 1:
        return _either([(part, _titles_where(part, lists)) for part in either])
    every = _split(condition, "and")
    if len(every) > 1:
        found = [_titles_where(part, lists) for part in every]
        return _both([titles for titles in found if titles is not None])
    return _titles_named(condition, lists)


def _ends_at(condition: Tokens) -> int:
    """Return where the bracket that the condition begins with is closed."""
    depth = 0
    for position, token in enumerate(condition):
        depth += (token in _OPENING) - (token in _CLOSING)
        if depth == 0:
            return position
    raise _NotPlain


def _either(parts: list[tuple[Tokens, _TitleFilter | None]]) -> _TitleFilter | None:
    """Return the filter of alternatives. One that asks for something else lets everything through;
    only what templates look for in the bag of properties counts as titles that nobody knows.
    """
    if any(found is None and list(part[:1]) != [BAG] for part, found in parts):
        return None
    titles = [found for _, found in parts if found is not None]
    if not titles:
        return None
    is_closed = len(titles) == len(parts) and all(found.is_closed for found in titles)
    return _TitleFilter(frozenset().union(*(found.titles for found in titles)), is_closed)


def _both(filters: Sequence[_TitleFilter]) -> _TitleFilter | None:
    """Return the filter of conditions that hold together. A closed one bounds the others."""
    closed = [found.titles for found in filters if found.is_closed]
    if closed:
        return _TitleFilter(frozenset.intersection(*closed), is_closed=True)
    if not filters:
        return None
    return _TitleFilter(frozenset.intersection(*(f.titles for f in filters)), is_closed=False)


def _titles_named(condition: Tokens, lists: Mapping[str, list[str]]) -> _TitleFilter | None:
    """Return the filter of one comparison of the title with texts."""
    match condition:
        case [name, "==", text] if name == TITLE and text[0] in "\"'":
            return _TitleFilter(frozenset(_texts([text], {})), is_closed=True)
        case [name, "in", "(", *texts, ")"] if name == TITLE:
            return _TitleFilter(frozenset(_texts(texts, lists)), is_closed=True)
        case [name, "has" | "contains" as operator, text] if name == TITLE and text[0] in "\"'":
            return _open(operator, _texts([text], {}))
        case [name, "has_any", "(", *texts, ")"] if name == TITLE:
            return _open("has", _texts(texts, lists))
    return None


def _open(operator: str, texts: Iterable[str]) -> _TitleFilter:
    """Return the filter of the known titles that have one of these texts in them."""
    edge = ("(?<![A-Za-z0-9])", "(?![A-Za-z0-9])") if operator == "has" else ("", "")
    patterns = [re.compile(re.escape(text).join(edge), re.IGNORECASE) for text in texts]
    titles = (kind.title for kind in all_types())
    found = {title for title in titles if any(pattern.search(title) for pattern in patterns)}
    return _TitleFilter(frozenset(found), is_closed=False)
