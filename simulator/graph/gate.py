"""The gate of Microsoft Graph: whose token, which permission it carries, and how often."""

from simulator.azure import Azure
from simulator.gates import Answered, AzureRequest, Journalled, find_route
from simulator.graph.call import PREFER, GraphCall, GraphRefusal, GraphRoute, request_ids
from simulator.graph.incidents import ROUTES
from simulator.identity import GRAPH_AUDIENCES, Claims
from simulator.logs.tables import LogTables
from simulator.replies import ArmRefusal, Reply


class GraphGate:
    """Takes calls to Graph and answers them; every write is journalled, refused ones too."""

    def __init__(self, azure: Azure, logs: LogTables) -> None:
        self._azure, self._logs = azure, logs

    def answer(self, request: AzureRequest) -> Answered:
        """Answer one call, refusals included, and write the journal."""
        route, args = find_route(ROUTES, request)
        now, principal = self._azure.clock.ticks(), "nobody"
        journalled = Journalled(self._azure, route, request, at=now)
        request_id, client_request_id = request_ids(request.headers)
        try:
            claims = self._read_token(request.headers.get("authorization", ""))
            application = claims.application
            principal = application.key
            call = GraphCall(
                **vars(request),
                azure=self._azure,
                logs=self._logs,
                application=application,
                tenant=claims.tenant,
                now=now,
                args=args,
            )
            self._admit(call, route, claims)
            with self._azure.store.transaction():
                reply = route.handler(call) if route else Reply(404)
                entry = journalled.note(reply, principal=principal)
            if call.shows_every_member:
                reply.headers["preference-applied"] = PREFER
        except ArmRefusal as refusal:
            worded = (
                refusal
                if isinstance(refusal, GraphRefusal)
                else GraphRefusal(refusal.status, refusal.code, refusal.message, refusal.headers)
            )
            reply = worded.envelope(
                date=f"{self._azure.clock.now():%Y-%m-%dT%H:%M:%S}",
                request_id=request_id,
                client_request_id=client_request_id,
            )
            entry = journalled.note_refused(reply, principal=principal)
        reply.headers = {
            "request-id": request_id,
            "client-request-id": client_request_id,
            "cache-control": "no-cache",
            **reply.headers,
        }
        return Answered(reply, entry)

    def _read_token(self, authorization: str) -> Claims:
        try:
            return self._azure.identities.claims(
                authorization, audiences={*GRAPH_AUDIENCES, self._azure.endpoint}
            )
        except ArmRefusal as refusal:
            raise GraphRefusal(
                401, "InvalidAuthenticationToken", refusal.message, refusal.headers
            ) from None

    def _admit(self, call: GraphCall, route: GraphRoute | None, claims: Claims) -> None:
        if route is None:
            raise GraphRefusal(
                400, "BadRequest", f"Resource not found for the segment '{call.path}'."
            )
        if not claims.permissions & set(route.permissions):
            raise GraphRefusal(
                403,
                "Forbidden",
                "The token has no roles claim with the required permission: one of"
                f" {', '.join(route.permissions)}.",
            )
        wait = self._azure.throttle.wait_for_graph(
            limit=route.limit,
            application=call.application.client_id,
            tenant=call.tenant,
            now=self._azure.clock.now(),
        )
        if wait:
            headers = {"Retry-After": str(wait)}
            raise GraphRefusal(429, "TooManyRequests", "Please retry again later.", headers)


def is_graph(path: str) -> bool:
    """Whether an address belongs to Graph."""
    return path.startswith(("/v1.0/", "/beta/"))
