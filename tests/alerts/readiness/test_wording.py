"""Every reason has its words, and they can be filled in both languages."""

import pytest
from django.utils import translation

from alerts.readiness.engine.readings import Check, State
from alerts.readiness.engine.reasons import Reason
from alerts.readiness.wording import LABELS, evidence_of, fix_of, label_of, state_of

VALUES = dict.fromkeys(
    (
        *("code", "days", "doubles", "enabled", "error", "groups", "missing", "n", "names"),
        *(
            "incident",
            "principals",
            "refused",
            "quota",
            "site",
            "sources",
            "state",
            "tag",
            "version",
            "workspace",
        ),
    ),
    "x",
)
NOTHING_TO_DO = {
    *(Reason.SIGNED_IN, Reason.LISTS_INCIDENTS, Reason.LISTS_NO_INCIDENT, Reason.SENTINEL_ON),
    *(Reason.IN_DEFENDER, Reason.IN_AZURE, Reason.ACTIONS_GRANTED, Reason.CONTRIBUTOR),
    *(Reason.PLAN_STREAMS, Reason.CONNECTED, Reason.INSTALLED, Reason.RULES_ON, Reason.ONE_WAY),
    *(
        Reason.NO_DOUBLES,
        Reason.ALL_ALERTS,
        Reason.OWN_RULE,
        Reason.NOT_CORRELATED,
        Reason.PLAYBOOK_ACTIONS_GRANTED,
    ),
    *(Reason.TAGGED, Reason.ALERT_CAME, Reason.FUSION_ON, Reason.FUSION_REPLACED),
    *(Reason.UEBA_ON, Reason.NO_PLAYBOOK_RULE, Reason.PLAYBOOKS_ALLOWED, Reason.SOC_THERE),
    *(Reason.OT_THERE, Reason.ANSWERED, Reason.VERSIONS_ACCEPTED),
    *(Reason.QUERIES_NOT_COMPARED, Reason.QUERIES_PROVED),
}


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("reason", Reason, ids=str)
def test_a_reason_says_what_shows_it_and_what_to_do(language, reason):
    check = Check("sentinel", State.UNKNOWN, reason, VALUES | {"quota": 7})
    with translation.override(language):
        assert evidence_of(check)
        assert bool(fix_of(check)) == (reason not in NOTHING_TO_DO)
        assert "%" not in evidence_of(check) + fix_of(check)


def test_every_label_and_state_has_a_word():
    for name in LABELS:
        assert label_of(Check(name, State.OK, Reason.SIGNED_IN))
    assert len({state_of(state) for state in State}) == 3
