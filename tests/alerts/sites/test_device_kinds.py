"""Where nobody knows the kind of a device there is none: strangers must not become a group."""

import pytest

from alerts.sites.engine.devices import device_kind


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("PLC", "Industrial"), "PLC"),
        (("Unclassified", "Unclassified"), ""),
        (("Unclassified", "Industrial"), "Industrial"),
        ((" unknown ", None), ""),
        ((None, "", "HMI"), "HMI"),
    ],
)
def test_the_first_word_that_names_a_kind_counts(words, kind):
    assert device_kind(*words) == kind
