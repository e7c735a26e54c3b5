"""Two plants that must not see each other; a test asks for one of them, or for both."""

from tests.abuse.world import the_world, things_of
from tests.conftest import add_person
from tests.reuse import reuse_rows


@reuse_rows
def gdansk(db):
    return the_world(add_person, "gdansk")


@reuse_rows
def porto(db):
    return the_world(add_person, "porto")


@reuse_rows
def home(gdansk):
    """For each placeholder of an address what stands for it in Gdansk."""
    return things_of(*gdansk)
