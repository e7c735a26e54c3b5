"""The people of the tests and of the demo: same names everywhere."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    email: str
    name: str


ODA = Person("oda@demo.example", "Oda Nowak")  # OT engineer at Gdańsk
SAM = Person("sam@demo.example", "Sam Keller")  # SOC analyst
LEO = Person("leo@demo.example", "Leo Hartmann")  # SOC lead
OLAF = Person("olaf@demo.example", "Olaf Lindqvist")  # OT site lead
PIA = Person("pia@demo.example", "Pia Carvalho")  # OT engineer at Porto
MIA = Person("mia@demo.example", "Mia Brandt")  # manager
INES = Person("ines@demo.example", "Ines Moreau")  # auditor
ADA = Person("ada@demo.example", "Ada Okafor")  # administrator
