"""F14: certificates end and identities are revoked. Administrators hear of it ahead, and within two
minutes where it happened.
"""

import re
from datetime import timedelta
from io import StringIO

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.core.management import call_command

from alerts.sentinel.models import Reachability
from alerts.sentinel.queries import Health, connection_health_of
from alerts.sentinel.tasks import watch_credentials
from portal.notifications.models import Notification
from tests.conftest import NOON
from tests.faults.intake import azure

__all__ = ["azure"]


def write_certificate(path, *, days):
    """A self-signed certificate with its key, which ends so many days after noon."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tagout")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOON - timedelta(days=300))
        .not_valid_after(NOON + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(pem))


def told(kind, ada):
    return Notification.objects.filter(kind=f"sentinel.credential_{kind}", to=ada)


@pytest.mark.fault("F14")
@pytest.mark.parametrize("kind", ["certificate", "client secret"])
def test_f14_the_end_of_a_credential_is_announced(azure, tmp_path, client, ada, sam, kind, measure):
    workspace = azure.register(0)
    ends_at = NOON + timedelta(days=40)
    if kind == "certificate":
        file = tmp_path / "tagout.pem"
        write_certificate(file, days=40)
        workspace.credential, workspace.certificate_file = "certificate", str(file)
        workspace.save()
    else:
        day = f"{ends_at:%Y-%m-%d}"
        call_command("workspace", "secret", workspace.name, secret_ends=day, stdout=StringIO())
        ends_at = ends_at.replace(hour=0)
    azure.go(30)
    assert Reachability.objects.get().credential_ends_at == ends_at
    client.force_login(ada)
    warned = []
    for days_left in range(39, -2, -1):
        azure.advance(86_400)
        for _ in range(2):  # told once
            before = told("ending", ada).count()
            watch_credentials()
            if told("ending", ada).count() > before:
                warned.append(days_left)
        subjects = told("ending", ada).values_list("subject", flat=True)
        assert all(kind in subject for subject in subjects)
        if days_left == 3:
            assert re.search(r"signs in with ends in [234] days", client.get("/status/").text)
    assert not told("ending", sam).exists(), "who does not administer it hears nothing"
    late = sum(not any(stage - 1 <= days <= stage for days in warned) for stage in (30, 14, 3, 0))
    measure("announcements (30, 14, 3 days, ended)", len(warned), at_least=4, at_most=4)
    measure("announcements a day late or more", late, at_most=0)


@pytest.mark.fault("F14")
def test_f14_a_revoked_identity_is_told_within_two_minutes(azure, client, ada, measure):
    workspaces = [azure.register(0), azure.register(1)]
    azure.go(30)
    azure.control.application("portal", enabled=False, revoke_tokens=True)
    began = azure.now()

    def is_red(workspace):
        return connection_health_of(workspace.pk, now=azure.now()).health == Health.DENIED

    azure.seconds_until(lambda: all(map(is_red, workspaces)), at_most=300)
    red_after = (azure.now() - began).total_seconds()
    azure.go(30)
    watch_credentials()
    watch_credentials()
    told_after = (azure.now() - began).total_seconds()
    assert told("refused", ada).count() == len(workspaces)
    client.force_login(ada)
    assert "Azure refuses Tagout" in client.get("/status/").text
    measure("all red after", red_after, unit="s", at_most=120)
    measure("administrators told after", told_after, unit="s", at_most=120)
