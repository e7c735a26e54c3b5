"""`POST /hooks/sentinel/{workspace}/`: a playbook reports that an incident has changed.

No session and no cookie: the message proves itself by an Entra token or by its signature.
"""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from alerts.intake.engine.push_signature import Refusal
from alerts.intake.push.hints import Hint, HintRefused, HintUnreadable, take_hint

MAX_HINT_BYTES = 256 * 1024  # the playbook sends a name; a whole small incident fits, too
# Strangers learn no more than that they are not known: which workspaces there are is not told.
_WORDS = {
    Refusal.TOO_OLD: "The time of the message is more than five minutes off.",
    Refusal.REPLAYED: "A message with this id was taken before.",
}
_UNPROVED = "The message is not signed by anybody who may send push hints for this workspace."


@csrf_exempt
@login_not_required
@require_POST
def sentinel_hook(request: HttpRequest, workspace: str) -> JsonResponse:
    """Answer 202 at once; a worker reads the workspace within seconds."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    signatures = request.headers.get("webhook-signature", "")
    if not bearer and not signatures:
        return _problem(401, _UNPROVED)
    if request.content_type != "application/json":
        return _problem(415, "Send application/json.")
    length = request.headers.get("Content-Length") or "0"
    if not length.isdecimal() or int(length) > MAX_HINT_BYTES:
        return _problem(413, "A push hint has at most 256 KB: the name of the incident is enough.")
    hint = Hint(
        workspace=workspace,
        body=request.body,
        bearer=bearer,
        message_id=request.headers.get("webhook-id", ""),
        timestamp=request.headers.get("webhook-timestamp", ""),
        signatures=signatures,
    )
    try:
        is_due = take_hint(hint)
    except HintRefused as error:
        status = 409 if error.refusal == Refusal.REPLAYED else 401
        return _problem(status, _WORDS.get(error.refusal, _UNPROVED))
    except HintUnreadable:
        return _problem(400, "The body is no JSON object.")
    return JsonResponse({"reading": is_due}, status=202)


def _problem(status: int, detail: str) -> JsonResponse:
    answer = JsonResponse(
        {"type": "about:blank", "status": status, "detail": detail},
        status=status,
        content_type="application/problem+json",
    )
    if status == 401:
        answer["WWW-Authenticate"] = "Bearer"
    return answer
