"""What the office does beside the plant: incidents of mail, endpoints and sign-ins, as the Defender
XDR connector brings them into a workspace that also has a plant. They name people and the subjects
of their mails; every such word is listed (`planted`), so that a test can search for it.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from simulator.azure import Azure
from simulator.clock import TICKS_PER_SECOND, iso
from simulator.incidents import join_alerts, make_incident
from simulator.plant.records import PlantWorkspace
from simulator.store.incidents import Incident

Json = dict[str, Any]
_IDS = uuid.UUID("5f6b0d3e-1f0a-4a39-8d0e-6a2f5c1b7e90")
_FIRST = ("Anouk", "Bartek", "Celine", "Dorota", "Emre", "Fatima", "Gustaw", "Hanneke", "Ines")
_LAST = ("Verhoeven", "Zielonka", "Quintela", "Oleander", "Ximenes", "Yildirim", "Kowalczyk")
_SUBJECTS = ("Payslip of", "Sick leave of", "Offer letter for", "Expense claim of", "Warning to")
_DAY = 86_400
_IN_MIXED, _ENDPOINT = 1_000_000, 1  # numbers of what joins others; the place of its product


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the office: how Sentinel names it, and what its incidents are called."""

    name: str
    title: str
    severity: str
    tactic: str


PRODUCTS = (
    Product(
        "Office 365 Advanced Threat Protection",
        "Email reported by user as malware or phish: {subject}",
        "Low",
        "InitialAccess",
    ),
    Product(
        "Microsoft Defender for Endpoint",
        "Suspicious PowerShell command line on one endpoint of {account}",
        "Medium",
        "Execution",
    ),
    Product(
        "Azure Active Directory Identity Protection",
        "Anonymous IP address involving one user",
        "Medium",
        "InitialAccess",
    ),
    Product(
        "Azure Advanced Threat Protection",
        "Suspected identity theft (pass-the-ticket) by {account}",
        "High",
        "CredentialAccess",
    ),
    Product(
        "Microsoft Cloud App Security",
        "Impossible travel activity involving one user",
        "Medium",
        "InitialAccess",
    ),
)


@dataclass(frozen=True, slots=True)
class _Happening:
    """One thing that befell one person."""

    product: Product
    number: int
    planted: tuple[str, str, str]  # account, address, subject

    @property
    def title(self) -> str:
        account, _, subject = self.planted
        return self.product.title.format(account=account, subject=subject)

    def alert(self, at: int) -> Json:
        account, address, _ = self.planted
        name = str(uuid.uuid5(_IDS, f"alert {self.number} {at}"))
        return {
            "id": f"/office/{name}",
            "name": name,
            "kind": "SecurityAlert",
            "properties": {
                "systemAlertId": name,
                "alertDisplayName": self.title,
                "description": f"{self.title}. Account {account} ({address}).",
                "severity": self.product.severity,
                "status": "New",
                "productName": self.product.name,
                "vendorName": "Microsoft",
                "alertType": f"office-{PRODUCTS.index(self.product)}",
                "compromisedEntity": address,
                "startTimeUtc": iso(at),
                "endTimeUtc": iso(at),
                "timeGenerated": iso(at),
                "processingEndTime": iso(at),
                "tactics": [self.product.tactic],
                "techniques": [],
                "additionalData": {"Affected user": address},
            },
        }

    def entities(self) -> list[Json]:
        account, address, subject = self.planted
        return [
            self._entity("Account", friendlyName=account, accountName=account, upnSuffix="x"),
            self._entity("Mailbox", friendlyName=address, mailboxPrimaryAddress=address),
            self._entity("MailMessage", friendlyName=subject, subject=subject, recipient=address),
        ]

    def _entity(self, kind: str, **properties: str) -> Json:
        name = str(uuid.uuid5(_IDS, f"{kind} {self.number}"))
        return {"id": f"/office/{name}", "name": name, "kind": kind, "properties": properties}


def _happening(number: int) -> _Happening:
    first, last = _FIRST[number % len(_FIRST)], _LAST[number // len(_FIRST) % len(_LAST)]
    account = f"{first.lower()}.{last.lower()}.{number}"
    subject = f"{_SUBJECTS[number % len(_SUBJECTS)]} {first} {last} {number}"
    planted = (account, f"{account}@office.baltaqua.example", subject)
    return _Happening(PRODUCTS[number % len(PRODUCTS)], number, planted)


def add_office_incidents(
    azure: Azure, workspace: PlantWorkspace, *, count: int, days: float, at: int
) -> tuple[list[Incident], list[str]]:
    """Add so many incidents of the office, spread over the days before; return them with the words
    planted in them.
    """
    incidents, planted = list[Incident](), list[str]()
    first = int(azure.store.fact("office", 0))
    for number in range(first, first + count):
        happening = _happening(number)
        when = at - int(days * _DAY * (number - first + 1) / count) * TICKS_PER_SECOND
        alerts, entities = [happening.alert(when)], happening.entities()
        properties = {
            "title": happening.title,
            "description": f"Concerns {happening.planted[1]}.",
            "severity": happening.product.severity,
            "status": "New",
            "additionalData": {
                "alertsCount": 1,
                "alertProductNames": [happening.product.name],
                "tactics": [happening.product.tactic],
            },
        }
        details = {"alerts": alerts, "entities": entities}
        incidents.append(
            make_incident(azure, workspace, properties, at=when, details=details, by_xdr=True)
        )
        planted += happening.planted
    azure.store.keep("office", first + count)
    return incidents, planted


def mix_in_office(azure: Azure, incidents: list[Incident], *, at: int) -> list[str]:
    """Let an alert of an endpoint join each of these incidents, as correlation does; return the
    words planted.
    """
    planted: list[str] = []
    first = int(azure.store.fact("office", 0))
    for number, incident in enumerate(incidents, first):
        happening = _happening(_IN_MIXED + number * len(PRODUCTS) + _ENDPOINT)
        join_alerts(azure, incident, [happening.alert(at)], happening.entities(), at=at)
        planted += happening.planted
    azure.store.keep("office", first + len(incidents))
    return planted
