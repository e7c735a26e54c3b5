"""The people of the demo. Names are invented; addresses end in `.example`."""

from dataclasses import dataclass

PASSWORD = "plant-meets-soc"
ANALYST = "sam@demo.example"


@dataclass(frozen=True, slots=True)
class Player:
    """One person: `role` and `site` (empty: everywhere) as in grants."""

    email: str
    name: str
    role: str
    site: str
    plays: str


PEOPLE = (
    Player(ANALYST, "Sam Keller", "soc-analyst", "", "Sam, SOC analyst: start here"),
    Player("oda@demo.example", "Oda Nowak", "ot-engineer", "Gdańsk", "Oda, OT engineer at Gdańsk"),
    Player("pia@demo.example", "Pia Carvalho", "ot-engineer", "Porto", "Pia, OT engineer at Porto"),
    Player(
        "olaf@demo.example",
        "Olaf Lindqvist",
        "ot-site-lead",
        "Gdańsk",
        "Olaf, OT site lead at Gdańsk",
    ),
    Player("leo@demo.example", "Leo Hartmann", "soc-lead", "", "Leo, SOC lead"),
    Player("mia@demo.example", "Mia Brandt", "manager", "", "Mia, manager: reads only"),
    Player(
        "tom@demo.example",
        "Tom Berg",
        "training-manager",
        "",
        "Tom, training manager: writes lessons",
    ),
    Player(
        "ines@demo.example",
        "Ines Moreau",
        "auditor",
        "",
        "Ines, auditor: reads all, changes nothing",
    ),
    Player("ada@demo.example", "Ada Okafor", "administrator", "", "Ada, administrator"),
)
