"""The command is called as people call it, with a dash."""

from django.core.management import get_commands

from manage import WITH_DASH


def test_every_name_with_a_dash_leads_to_a_command():
    assert WITH_DASH["planned-work"] == "planned_work"
    assert set(WITH_DASH.values()) <= get_commands().keys()
