"""Who we are to Azure, by the one way the workspace names, and what happens to each request on its
way: signed in for one host only, repeated once at most.
"""

import re
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from datetime import time as time_of_day
from typing import Any, cast
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy, RetryPolicy
from azure.identity import (
    CertificateCredential,
    ClientSecretCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)
from cryptography import x509

from alerts.sentinel.client.answers import unreachable
from alerts.sentinel.client.connection import (
    Connection,
    Origin,
    SecretMissing,
    certificate_from,
    origin_of,
    secret_from,
)
from alerts.sentinel.client.errors import ForeignHost, SentinelDenied, SentinelUnavailable
from alerts.sentinel.client.timeouts import BoundedTransport

_PUBLIC_AUTHORITIES = frozenset(
    {"login.microsoftonline.com", "login.microsoftonline.us", "login.chinacloudapi.cn"}
)


def credential_for(connection: Connection, transport: BoundedTransport) -> TokenCredential:
    """Make the credential; secrets and certificates are read now, so a changed one is found."""
    if connection.credential == "managed-identity":
        return ManagedIdentityCredential(
            client_id=connection.client_id or None, transport=transport, retry_total=1
        )
    host = urlsplit(connection.authority).hostname
    common: dict[str, Any] = {
        "authority": connection.authority,
        "transport": transport,
        "retry_total": 0,  # the row that needs the call is due again soon, and waits for nobody
        "disable_instance_discovery": host not in _PUBLIC_AUTHORITIES,
    }
    tenant, client = connection.tenant_id, connection.client_id
    match connection.credential:
        case "workload-identity":
            return WorkloadIdentityCredential(tenant_id=tenant, client_id=client or None, **common)
        case "certificate":
            data = certificate_from(connection.certificate_file)
            return CertificateCredential(tenant, client, certificate_data=data, **common)
        case "client-secret":
            secret = secret_from(connection.secret_env)
            return ClientSecretCredential(tenant, client, secret, **common)
    raise SecretMissing(f"{connection.credential} is no way to sign in that Tagout knows.")


def credential_end(connection: Connection) -> datetime | None:
    """Return when the certificate, or by what people said the client secret, ends that a connection
    signs in with; None where it uses neither, or nothing shows it.
    """
    if connection.credential == "client-secret" and connection.secret_ends_on:
        return datetime.combine(connection.secret_ends_on, time_of_day.min, tzinfo=UTC)
    if connection.credential != "certificate":
        return None
    try:
        data = certificate_from(connection.certificate_file)
        return x509.load_pem_x509_certificate(data).not_valid_after_utc
    except (SecretMissing, ValueError):
        return None


type Request = PipelineRequest[Any]
type Answer = PipelineResponse[Any, Any]

MAX_WAIT = 30.0
_RENEW_BEFORE = 300.0
_ENTRA_CODE = re.compile(r"AADSTS\d+")


class CappedRetry(RetryPolicy[Any, Any]):
    """Repeats once what failed by accident, and never what the server asks us to wait for.

    How long to wait is remembered beside the workspace, for every process; sleeping here would
    hold one worker and leave the others knocking.
    """

    def get_retry_after(self, response: Answer) -> float | None:
        """The server's wait, never longer than a call may take; none where nobody understands it,
        because the SDK would fail on it with an error of its own.
        """
        try:
            wait = super().get_retry_after(response)
        except (ValueError, ArithmeticError):
            return None
        return min(wait, MAX_WAIT) if wait else wait

    def is_retry(self, settings: dict[str, Any], response: Answer) -> bool:
        """Whether to repeat: not when throttled, and not when asked to wait."""
        answer = response.http_response
        if answer.status_code == 429 or self.get_retry_after(response):
            return False
        again = bool(super().is_retry(settings, response))
        if again:
            answer.close()  # its body is still on the line, and nobody will read it
        return again


class SignInBreaker:
    """Leaves a sign-in service alone that did not answer three times in a row: this process then
    asks it once every 30 seconds. It serves all workspaces, and each would wait for it by itself.
    """

    AFTER, PROBE_EVERY = 3, 30.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._failures, self._open_until = clock, 0, 0.0

    @property
    def is_open(self) -> bool:
        """Whether it is not to be asked now. When a probe is due, who asks first may make it."""
        if self._failures < self.AFTER:
            return False
        if self._clock() < self._open_until:
            return True
        self._open_until = self._clock() + self.PROBE_EVERY
        return False

    def note(self, *, answered: bool) -> None:
        """Remember how asking it went; to be refused is an answer."""
        self._failures = 0 if answered else self._failures + 1
        if self._failures >= self.AFTER:
            self._open_until = self._clock() + self.PROBE_EVERY


_breakers: dict[str, SignInBreaker] = defaultdict(SignInBreaker)


def breaker_of(connection: Connection) -> SignInBreaker:
    """The breaker for the service that a connection signs in with; one for each authority."""
    return _breakers[f"{connection.credential == 'managed-identity'} {connection.authority}"]


class SignedIn(HTTPPolicy[Any, Any]):
    """Adds the token, for the pinned host only; a refused token is renewed once."""

    def __init__(
        self,
        make: Callable[[], TokenCredential],
        scope: str,
        pinned: Origin,
        latest_status: Callable[[], int | None],
        breaker: SignInBreaker,
    ) -> None:
        super().__init__()
        self._make, self._scope, self._pinned = make, scope, pinned
        self._latest_status, self._breaker = latest_status, breaker
        self._credential: TokenCredential | None = None
        self._token: AccessToken | None = None

    def send(self, request: Request) -> Answer:
        """Send with a token; on 401 once more with a new one."""
        if origin_of(request.http_request.url) != self._pinned:
            raise ForeignHost("The call would leave the workspace's own host; it was not made.")
        response = self._send(request)
        if response.http_response.status_code == 401:
            response.http_response.close()
            self.forget()
            response = self._send(request)
        return response

    def forget(self) -> None:
        """Drop token and credential: a changed secret is then read anew."""
        self._credential = self._token = None

    def token(self) -> str:
        """A token good for the next minutes; while nobody gives one, the last that still holds."""
        if self._token is None or self._token.expires_on - time.time() < _RENEW_BEFORE:
            try:
                self._renew()
            except SentinelUnavailable:
                if not self._still_holds():
                    self.forget()
                    raise
            except SentinelDenied:
                self.forget()
                raise
        return str(cast(AccessToken, self._token).token)

    def _renew(self) -> None:
        if self._breaker.is_open:
            raise SentinelUnavailable(
                "The sign-in service did not answer just now; it is asked again in half a minute.",
                code="SignInUnreachable",
            )
        try:
            self._credential = self._credential or self._make()
            self._token = self._credential.get_token(self._scope)
        except (SecretMissing, ValueError) as error:
            reason = str(error) if isinstance(error, SecretMissing) else "it is malformed"
            raise SentinelDenied(
                f"We cannot sign in: {reason}", status=401, code="CredentialMissing"
            ) from None
        except AzureError as error:
            problem = _sign_in_error(error, self._latest_status())
            self._breaker.note(answered=not isinstance(problem, SentinelUnavailable))
            raise problem from None
        self._breaker.note(answered=True)

    def _still_holds(self) -> bool:
        return self._token is not None and self._token.expires_on - time.time() > MAX_WAIT

    def _send(self, request: Request) -> Answer:
        request.http_request.headers["Authorization"] = "Bearer " + self.token()
        return self.next.send(request)


def _sign_in_error(error: AzureError, status: int | None) -> SentinelDenied | SentinelUnavailable:
    match = _ENTRA_CODE.search(str(error))
    # Entra gives its own troubles codes as well: the status tells whether it refuses us.
    if (status is None and match is None) or (status and (status == 429 or status >= 500)):
        return unreachable("The sign-in service", error, code="SignInUnreachable")
    code = match.group() if match else "SignInFailed"
    return SentinelDenied(f"The sign-in service refuses us ({code}).", status=401, code=code)
