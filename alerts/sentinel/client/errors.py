"""What can go wrong with Sentinel, in our words. Nothing of the SDK gets past the client."""

_SIGN_IN_CODES = frozenset(
    {"CredentialMissing", "SignInFailed", "SignInUnreachable", "CertificateNotTrusted"}
)


class SentinelError(Exception):
    """A call to Sentinel did not succeed. The text is for people and holds no ids of the tenant."""

    def __init__(
        self, message: str, *, status: int | None = None, code: str = "", request_id: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.request_id = request_id

    @property
    def is_of_sign_in(self) -> bool:
        """Whether there was no token, so that the call never got as far as Sentinel or Graph."""
        return self.code in _SIGN_IN_CODES or self.code.startswith("AADSTS")


CONNECTION_FAILED = "ServiceRequestError"  # the SDK's name for a connection that was not made


class _NotNow(SentinelError):
    """No usable answer for now. `retry_after` is what the server sent, in seconds, uncapped."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        status: int | None = None,
        code: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message, status=status, code=code, request_id=request_id)
        self.retry_after = retry_after


class SentinelUnavailable(_NotNow):
    """No usable answer: unreachable, too slow, broken off, or an error of the other side."""

    @property
    def was_not_sent(self) -> bool:
        """Whether it is sure that the call never got there: nobody took up the connection."""
        return self.code == CONNECTION_FAILED


class SentinelThrottled(_NotNow):
    """Too many calls (429)."""


TOO_LARGE = "AnswerTooLarge"  # more than one answer may hold


class SentinelRefused(SentinelError):
    """Sentinel understood the request and refused it; sending it again will not help."""


class AnswerTooLarge(SentinelRefused):
    """More than one answer may hold. `beginning` is how it began, which shows whose it was."""

    def __init__(self, beginning: bytes = b"") -> None:
        super().__init__("The answer is larger than 32 MB.", code=TOO_LARGE)
        self.beginning = beginning


class SentinelConflict(SentinelError):
    """Somebody changed it since we read it (409 or 412): read again and decide anew."""


# Azure's resource manager says these of what holds an incident; Sentinel itself says NotFound.
_HOLDER_IS_GONE = frozenset(
    {
        "ParentResourceNotFound",
        "ResourceGroupNotFound",
        "SubscriptionNotFound",
        "WorkspaceNotFound",
    }
)


class SentinelNotFound(SentinelError):
    """It is not there (any more), or not yet visible."""

    @property
    def is_of_the_workspace(self) -> bool:
        """Whether the workspace is not there, which proves nothing about what was asked for. The
        resource manager's general word is about the workspace, unless it names what was asked for.
        """
        if self.code == "ResourceNotFound":
            text = self.message.casefold()
            return not any(kind in text for kind in ("incident", "automationrule", "watchlist"))
        return self.code in _HOLDER_IS_GONE


class SentinelDenied(SentinelError):
    """Not signed in (401) or not allowed (403); `status` is the HTTP status."""


class ForeignHost(SentinelError):
    """A link led to another host. It was not followed, and no token went there."""
