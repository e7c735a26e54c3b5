"""A sign-in service that does not answer is asked once in half a minute, for all workspaces."""

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from alerts.sentinel.client.authentication import SignedIn, SignInBreaker
from alerts.sentinel.client.errors import SentinelDenied, SentinelUnavailable

HOST = ("https", "management.azure.com", 443)


class Service:
    """A sign-in service that many workspaces ask, and the seconds that pass."""

    def __init__(self):
        self.seconds, self.asked = 1000.0, 0
        self.breaker = SignInBreaker(lambda: self.seconds)
        self.answer = ServiceRequestError("timed out")

    def get_token(self, *_scopes):
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def workspace(self):
        return SignedIn(lambda: self, "scope", HOST, lambda: None, self.breaker)


@pytest.fixture
def service():
    return Service()


def test_twenty_workspaces_ask_it_three_times_and_then_once_in_half_a_minute(service):
    workspaces = [service.workspace() for _ in range(20)]

    def all_ask():
        for workspace in workspaces:
            with pytest.raises(SentinelUnavailable) as caught:
                workspace.token()
            assert caught.value.code == "SignInUnreachable"

    all_ask()
    assert service.asked == 3
    service.seconds += 29
    all_ask()
    assert service.asked == 3
    service.seconds += 2
    all_ask()
    assert service.asked == 4


def test_once_it_answers_everybody_signs_in(service):
    workspaces = [service.workspace() for _ in range(5)]
    for workspace in workspaces:
        with pytest.raises(SentinelUnavailable):
            workspace.token()
    service.seconds += 31
    service.answer = AccessToken("secret", 4_000_000_000)
    assert {workspace.token() for workspace in workspaces} == {"secret"}


def test_to_be_refused_is_an_answer(service):
    service.answer = ClientAuthenticationError("AADSTS7000215: Invalid client secret provided.")
    for _ in range(5):
        with pytest.raises(SentinelDenied):
            service.workspace().token()
    assert service.asked == 5
