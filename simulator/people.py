"""The pretend people who work in the pretend Sentinel, outside of Tagout."""

import uuid
from typing import Any, NamedTuple

from simulator.plant.cases import analysts

_IDS = uuid.UUID("0b8d7c52-9f5e-4d0f-8d7a-2f6f1f3f6a90")


class Person(NamedTuple):
    """Someone with an account in the pretend tenant."""

    key: str
    name: str
    email: str
    object_id: str

    def owner(self) -> dict[str, Any]:
        """The person as owner of an incident."""
        return {
            "objectId": self.object_id,
            "email": self.email,
            "assignedTo": self.name,
            "userPrincipalName": self.email,
            "ownerType": "User",
        }

    def author(self) -> dict[str, Any]:
        """The person as author of a comment, task or rule."""
        return {
            "objectId": self.object_id,
            "email": self.email,
            "name": self.name,
            "userPrincipalName": self.email,
        }


def _stranger(name: str) -> Person:
    email = f"{name.lower().replace(' ', '.')}@soc.baltaqua.example"
    return Person(name, name, email, str(uuid.uuid5(_IDS, name)))


def _analyst(owner: dict[str, Any]) -> Person:
    name = str(owner["assignedTo"])
    return Person(name.split(maxsplit=1)[0].lower(), name, owner["email"], owner["objectId"])


PEOPLE = tuple(_analyst(owner) for owner in analysts())


def person_named(text: str) -> Person:
    """A known person by key, name, address or object id; anyone else is made up on the spot."""
    for person in PEOPLE:
        if text in person:
            return person
    return _stranger(text)


def person_by_email(email: str) -> Person | None:
    """The known person with this address, in any case of letters."""
    return next((p for p in PEOPLE if p.email.casefold() == email.casefold()), None)


def person_by_object_id(object_id: str) -> Person | None:
    """The known person behind an object id."""
    return next((person for person in PEOPLE if person.object_id == object_id), None)
