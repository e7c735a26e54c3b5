import pytest

from alerts.sites.models import Site
from alerts.sites.services.set_site import CannotSetSite, set_site
from portal.audit.models import Entry
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


def put(name="Gdańsk", *, by="command line", **values):
    return set_site(name=name, by=by, now=NOON, unshifted=NOON, **values)


def test_what_is_given_is_set_and_the_rest_stays(site):
    put(control_room_phone="+48 58 555 01 10")
    site.refresh_from_db()
    assert (site.time_zone, site.control_room_phone) == ("Europe/Warsaw", "+48 58 555 01 10")
    done = put(time_zone="Europe/Berlin")
    assert done.changed == ("time_zone",)
    site.refresh_from_db()
    assert (site.time_zone, site.control_room_phone) == ("Europe/Berlin", "+48 58 555 01 10")
    entry = Entry.objects.filter(action="sites.site.set").latest("pk")
    assert entry.details["before"] == {"time_zone": "Europe/Warsaw"}
    assert entry.details["after"] == {"time_zone": "Europe/Berlin"}


def test_the_same_again_changes_nothing(site):
    assert put(time_zone="Europe/Warsaw").changed == ()
    assert not Entry.objects.exists()


def test_a_command_may_name_a_site_before_alerts_do(db):
    done = put("Porto", time_zone="Europe/Lisbon")
    assert done.is_new
    assert Site.objects.get().time_zone == "Europe/Lisbon"


def test_a_slip_in_the_name_makes_no_second_plant(site):
    with pytest.raises(CannotSetSite, match="Did you mean “Gdańsk”"):
        put("gdansk", time_zone="Europe/Warsaw")
    assert Site.objects.count() == 1


@pytest.mark.parametrize(
    ("zone", "message"),
    [
        ("europe/warsaw", "Did you mean Europe/Warsaw"),
        ("Warsaw", "Did you mean Europe/Warsaw"),
        ("Europe/Warszawa", "There is no time zone"),
        ("CET", "There is no time zone"),
        ("../etc/passwd", "There is no time zone"),
        ("", "There is no time zone"),
    ],
)
def test_a_time_zone_that_no_plant_has_is_refused(site, zone, message):
    with pytest.raises(CannotSetSite, match=message):
        put(time_zone=zone)


@pytest.mark.parametrize("phone", ["call Piotr", "1", "+48" * 20, "<script>"])
def test_what_is_no_telephone_number_is_refused(site, phone):
    with pytest.raises(CannotSetSite, match="is not a phone number"):
        put(control_room_phone=phone)


def test_a_phone_can_be_taken_away(site):
    put(control_room_phone="112 33")
    put(control_room_phone="")
    assert Site.objects.get().control_room_phone == ""


def test_only_the_lead_of_the_site_and_administrators_may(site, olaf, oda, ada, pia):
    for person in (oda, pia):
        with pytest.raises(CannotSetSite, match="Only the OT lead"):
            put(by=person, control_room_phone="112 33")
    assert put(by=olaf, control_room_phone="112 33").changed
    assert put(by=ada, control_room_phone="112 34").changed


def test_a_person_cannot_make_up_a_site(ada):
    with pytest.raises(CannotSetSite, match="There is no site"):
        put("Atlantis", by=ada, time_zone="UTC")
