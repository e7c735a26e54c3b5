import pytest
from django.core.management import call_command

from alerts.sites.models import Site
from alerts.sites.registry import foresee_clock_change
from alerts.sites.services.set_site import set_site
from alerts.suppression.models import RuleVersion, Step, VersionState
from portal.audit.models import Entry
from portal.notifications.models import Notification
from tests.conftest import NOON
from tests.factories.rule_rows import make_version
from tests.factories.rules import clause, downloads, polling

pytestmark = pytest.mark.django_db


@pytest.fixture
def make(people, workspace, site):
    """`make(state)` makes a version with hours on the clock of Warsaw; or what else it says."""

    def made(state, *, of=None, **columns):
        signers = {"of": of or downloads(), "ot": people.oda, "soc": people.leo}
        return make_version(state, workspace=workspace, site=site, **signers, **columns)

    return made


def correct(site, time_zone="Europe/Berlin"):
    return set_site(name=site.name, time_zone=time_zone, by="tests", now=NOON, unshifted=NOON)


def state_of(version):
    return RuleVersion.objects.get(pk=version.pk).state


def test_what_acts_by_hours_of_the_old_clock_stops_and_needs_two_new_signatures(make, site):
    live, canary = make("live"), make("canary")
    assert foresee_clock_change(site, time_zone="Europe/Berlin") == [str(live), str(canary)]
    done = correct(site)
    assert done.stopped == (str(live), str(canary))
    for version in (live, canary):
        version.refresh_from_db()
        assert (version.state, version.needs_approval) == (VersionState.PAUSED, True)
    step = Step.objects.filter(version=live).latest("pk")
    assert "Europe/Warsaw to Europe/Berlin" in step.reason
    assert "new signatures" in step.reason
    assert Notification.objects.filter(kind="suppression.paused").exists()
    entry = Entry.objects.get(action="sites.site.set")
    assert entry.details["stopped"] == [str(live), str(canary)]


def test_a_paused_rule_does_not_come_back_by_itself_either(make, site):
    paused = make("paused", paused_from="live")
    correct(site)
    paused.refresh_from_db()
    assert (paused.state, paused.needs_approval) == (VersionState.PAUSED, True)


def test_rules_without_hours_and_rules_of_other_clocks_go_on(make, site):
    without_hours = make("live", of=polling())
    in_utc = downloads(
        all_of=(
            *[line for line in downloads().all_of if line.field != "time"],
            clause("time", "within", "Tue 05:00-07:00 UTC"),
        )
    )
    by_utc = make("live", of=in_utc)
    assert foresee_clock_change(site, time_zone="Europe/Berlin") == []
    assert correct(site).stopped == ()
    assert state_of(without_hours) == state_of(by_utc) == VersionState.LIVE


def test_a_rule_in_utc_stops_where_the_plant_had_no_clock_of_its_own(make, site):
    """Nobody had set the time zone: who signed 05:00 UTC read it beside a plant in UTC."""
    Site.objects.filter(pk=site.pk).update(time_zone="UTC")
    in_utc = downloads(
        all_of=(
            *[line for line in downloads().all_of if line.field != "time"],
            clause("time", "within", "Tue 05:00-07:00 UTC"),
        )
    )
    version = make("live", of=in_utc)
    assert correct(site, "Europe/Warsaw").stopped == (str(version),)
    assert state_of(version) == VersionState.PAUSED


def test_another_phone_stops_nothing(make, site):
    version = make("live")
    set_site(name=site.name, control_room_phone="112 33", by="tests", now=NOON, unshifted=NOON)
    assert state_of(version) == VersionState.LIVE


def test_rules_of_other_sites_go_on(make, site):
    version = make("live", site_ids=[site.pk + 1])
    correct(site)
    assert state_of(version) == VersionState.LIVE


def test_the_command_names_what_it_stopped(make, site, capsys):
    version = make("live")
    call_command("site", "set", site.name, "--time-zone", "Europe/Berlin")
    assert version.rule.label in capsys.readouterr().out
