"""A far end over TLS, and clients to it, for the tests of the sentinel room."""

import pytest

from tests.alerts.sentinel.service import (
    SECRET,
    SECRET_VARIABLE,
    SentinelService,
    make_certificates,
)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def service(certificates, monkeypatch):
    """A server of our own on loopback; the secret to sign in there is in the environment."""
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    end = SentinelService(*certificates)
    yield end
    end.close()


@pytest.fixture
def azure(service):
    """The real client, talking to the far end."""
    from alerts.sentinel.client.azure import AzureSentinelClient

    client = AzureSentinelClient(service.connection())
    yield client
    client.close()
