"""Every reason has its words, and they can be filled in both languages."""

import pytest
from django.utils import translation

from alerts.readiness.engine.readings import CheckState, ReadinessCheck
from alerts.readiness.engine.reasons import CheckReason
from alerts.readiness.wording import LABELS, check_evidence, check_state_word, fix_of, label_of

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
    *(
        CheckReason.SIGNED_IN,
        CheckReason.LISTS_INCIDENTS,
        CheckReason.LISTS_NO_INCIDENT,
        CheckReason.SENTINEL_ON,
    ),
    *(
        CheckReason.IN_DEFENDER,
        CheckReason.IN_AZURE,
        CheckReason.ACTIONS_GRANTED,
        CheckReason.CONTRIBUTOR,
    ),
    *(
        CheckReason.PLAN_STREAMS,
        CheckReason.CONNECTED,
        CheckReason.INSTALLED,
        CheckReason.RULES_ON,
        CheckReason.ONE_WAY,
    ),
    *(
        CheckReason.NO_DOUBLES,
        CheckReason.ALL_ALERTS,
        CheckReason.OWN_RULE,
        CheckReason.NOT_CORRELATED,
        CheckReason.PLAYBOOK_ACTIONS_GRANTED,
    ),
    *(
        CheckReason.TAGGED,
        CheckReason.ALERT_CAME,
        CheckReason.FUSION_ON,
        CheckReason.FUSION_REPLACED,
    ),
    *(
        CheckReason.UEBA_ON,
        CheckReason.NO_PLAYBOOK_RULE,
        CheckReason.PLAYBOOKS_ALLOWED,
        CheckReason.SOC_THERE,
    ),
    *(CheckReason.OT_THERE, CheckReason.ANSWERED, CheckReason.VERSIONS_ACCEPTED),
    *(CheckReason.QUERIES_NOT_COMPARED, CheckReason.QUERIES_PROVED),
}


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("reason", CheckReason, ids=str)
def test_a_reason_says_what_shows_it_and_what_to_do(language, reason):
    check = ReadinessCheck("sentinel", CheckState.UNKNOWN, reason, VALUES | {"quota": 7})
    with translation.override(language):
        assert check_evidence(check)
        assert bool(fix_of(check)) == (reason not in NOTHING_TO_DO)
        assert "%" not in check_evidence(check) + fix_of(check)


def test_every_label_and_state_has_a_word():
    for name in LABELS:
        assert label_of(ReadinessCheck(name, CheckState.OK, CheckReason.SIGNED_IN))
    assert len({check_state_word(state) for state in CheckState}) == 3
