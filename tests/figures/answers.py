"""What the API of a running demo answers to each person, held against its description.

Lists are read to their end or to `MAX_PAGES`, and `ROWS` rows of each by the links of the
description: data of months has values that a fixture has not.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from tests.figures.pages import Reader

API = "/api/v1"
MAX_PAGES, ROWS, SEED = 6, 12, 7
WAIT = 429


class Answers:
    """The answers of one person, and what of them does not fit."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._description = reader.answer(f"{API}/openapi.json").json()
        self._paths: dict[str, Any] = self._description["paths"]
        self._reading = {
            methods["get"]["operationId"]: path
            for path, methods in self._paths.items()
            if "get" in methods
        }
        self._validator = cache(self._make_validator)
        self.count = 0
        self.read: set[str] = set()
        self.misfits: Counter[str] = Counter()

    def read_all(self) -> None:
        """Read every list that this person may read, and rows of it."""
        for path in sorted(self._reading.values()):
            if "{" not in path:
                documents = list(self._pages(path))
                for operation, row in _some_rows(self._links(path), documents):
                    self._read_row(operation, row)

    def _read_row(self, operation: str, row: Any) -> None:
        path = self._reading.get(operation, "")
        document = self._document(path, path.replace("{id}", str(row))) if path else None
        if document is None:
            return
        for below, pointer in self._links(path):
            if pointer is None and below in self._reading:  # what else there is of the same row
                place = self._reading[below]
                self._document(place, place.replace("{id}", str(row)))

    def _pages(self, path: str) -> Iterator[Any]:
        address = path
        for _ in range(MAX_PAGES):
            document = self._document(path, address)
            if document is None:
                return
            yield document
            if not isinstance(document, dict) or not document.get("next"):
                return
            address = f"{path}?cursor={document['next']}"

    def _document(self, path: str, address: str) -> Any:
        """Return what is answered, where it is a document at all, and count what does not fit."""
        answer = self._reader.answer(API + address)
        while answer.status_code == WAIT:
            time.sleep(int(answer.headers["Retry-After"]))
            answer = self._reader.answer(API + address)
        described = self._paths[path]["get"]["responses"]
        if str(answer.status_code) not in described:
            self.misfits[f"{path}: answers {answer.status_code}, which is not described"] += 1
        if not answer.ok or "json" not in answer.headers["Content-Type"]:
            return None
        self.count += 1
        self.read.add(path)
        document = answer.json()
        for error in self._validator(path).iter_errors(document):
            place = "/".join("*" if isinstance(p, int) else p for p in error.absolute_path)
            self.misfits[f"{path}: {place}: {error.message[:120]}"] += 1
        return document

    def _make_validator(self, path: str) -> Draft202012Validator:
        (content,) = self._paths[path]["get"]["responses"]["200"]["content"].values()
        schema = {**content["schema"], "components": self._description["components"]}
        return Draft202012Validator(schema, format_checker=FormatChecker())

    def _links(self, path: str) -> list[tuple[str, list[str] | None]]:
        """Return the operations that one leads to, and where in its answer their row is named; None
        where it is the row of the address.
        """
        links = self._paths[path]["get"]["responses"]["200"].get("links", {}).values()
        found = []
        for link in links:
            source, _, pointer = link["parameters"]["id"].partition("#")
            is_in_body = source == "$response.body"
            found.append((link["operationId"], pointer.split("/")[1:] if is_in_body else None))
        return found


def _some_rows(
    links: list[tuple[str, list[str] | None]], documents: list[Any]
) -> Iterator[tuple[str, Any]]:
    """Yield operations with some of the rows that these documents name, the same every time."""
    for operation, pointer in links:
        if pointer is not None:
            named = {str(row) for document in documents for row in _named(document, pointer)}
            for row in random.Random(SEED).sample(sorted(named), min(ROWS, len(named))):
                yield operation, row


def _named(node: Any, pointer: list[str]) -> Iterator[Any]:
    """Yield what a pointer names, in every row of a list instead of the first."""
    if node is None:
        return
    if not pointer:
        yield node
    elif isinstance(node, list):
        for row in node:
            yield from _named(row, pointer[1:])
    else:
        yield from _named(node.get(pointer[0]), pointer[1:])
