"""The gate of Azure Resource Manager: who calls, what about, may they, and how often."""

import uuid

from simulator.arm import (
    automation,
    connections,
    content,
    incidents,
    parts,
    provisioned,
    rule_runs,
    sites,
    watchlists,
)
from simulator.arm.call import Call, Route
from simulator.azure import Azure
from simulator.gates import Answered, AzureRequest, Journalled, find_route
from simulator.identity import unauthorised
from simulator.replies import ArmRefusal, Reply
from simulator.schemas import require_declared, require_other

ROUTES: list[Route] = [
    *incidents.ROUTES,
    *parts.ROUTES,
    *automation.ROUTES,
    *provisioned.ROUTES,
    *rule_runs.ROUTES,
    *content.ROUTES,
    *watchlists.ROUTES,
    *sites.ROUTES,
    *connections.ROUTES,
]


class Gate:
    """Takes calls to ARM and answers them; every write is journalled, refused ones too."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure

    def answer(self, request: AzureRequest) -> Answered:
        """Answer one call, refusals included, and write the journal."""
        route, args = find_route(ROUTES, request)
        now, principal = self._azure.clock.ticks(), "nobody"
        limits: dict[str, str] = {}
        journalled = Journalled(self._azure, route, request, at=now)
        try:
            application, tenant = self._azure.identities.read(
                request.headers.get("authorization", ""), endpoint=self._azure.endpoint
            )
            principal = application.key
            call = Call(
                **vars(request),
                azure=self._azure,
                application=application,
                tenant=tenant,
                now=now,
                args=args,
            )
            reply, entry = self._admit(call, route, limits, journalled)
        except ArmRefusal as refusal:
            reply = refusal.reply()
            entry = journalled.note_refused(reply, principal=principal)
        number = str(uuid.uuid4())
        reply.headers = {
            "x-ms-request-id": number,
            "x-ms-correlation-request-id": number,
            "x-ms-routing-request-id": f"SIMULATOR:{number}",
            "cache-control": "no-cache",
            **limits,
            **reply.headers,
        }
        return Answered(reply, entry)

    def _admit(
        self, call: Call, route: Route | None, limits: dict[str, str], journalled: Journalled
    ) -> tuple[Reply, int | None]:
        version = call.require_version()
        if route is None:
            raise ArmRefusal(
                404, "InvalidResourceType", "The resource type could not be found at this address."
            )
        if "workspace" in call.args:
            call.place = self._azure.workspace_at(
                call.args["subscription"], call.args["group"], call.args["workspace"]
            )
            if call.place.tenant_id.lower() != call.tenant.lower():
                raise unauthorised(
                    "InvalidAuthenticationTokenTenant",
                    "The access token is from the wrong issuer: another tenant.",
                )
        call.require_action(route.action)
        limits.update(
            self._azure.throttle.admit(
                method=call.method,
                limit=route.limit,
                principal=call.application.client_id,
                subscription=call.args.get("subscription", ""),
                now=self._azure.clock.now(),
            )
        )
        self._check_place(call, route, version)
        with self._azure.store.transaction():
            reply = route.handler(call)
            return reply, journalled.note(reply, principal=call.application.key)

    def _check_place(self, call: Call, route: Route, version: str) -> None:
        if call.place is None or not route.endpoint:
            require_other(version, call.path)
            return
        facts = self._azure.facts(call.place)
        require_declared(version, route.endpoint, has_preview=facts["preview_api"])
        if not facts["provider_registered"]:
            raise ArmRefusal(
                409,
                "MissingSubscriptionRegistration",
                "The subscription is not registered to use namespace 'Microsoft.SecurityInsights'.",
            )
        if not facts["sentinel"] and not route.action.startswith(
            "Microsoft.SecurityInsights/onboardingStates"
        ):
            raise ArmRefusal(
                400,
                "BadRequest",
                f"Workspace '{call.place.name}' is not onboarded to Microsoft Sentinel.",
            )
