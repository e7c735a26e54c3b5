"""Questions and verdicts: read them, ask, answer, hand over, withdraw."""

from typing import Any
from uuid import uuid4

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext_lazy

from alerts.incidents.models import Incident
from alerts.incidents.queries import incidents_visible_to
from alerts.reviews.api.bodies import AnswerIn, AskIn, DecideIn, HandOverIn, VerdictIn
from alerts.reviews.api.listings import OPINIONS, QUESTIONS, SECOND_OPINIONS, VERDICTS
from alerts.reviews.models import AskedIncident, Opinion, Question, SecondOpinion, Verdict
from alerts.reviews.policies import LEADS_OF_OT, LEADS_OF_SOC, is_ot_at, ot_people_at
from alerts.reviews.queries.questions import (
    open_question_on,
    questions_visible_to,
    verdicts_visible_to,
)
from alerts.reviews.queries.second_opinions import (
    opinions_asked_of,
    second_opinions_visible_to,
    verdicts_open_to,
)
from alerts.reviews.services.opinions import decide_suspicion, give_opinion, pass_opinion_on
from alerts.reviews.services.questions import ask_ot, hand_over_question, withdraw_question
from alerts.reviews.services.verdicts import give_verdict
from alerts.sites.models import Site
from portal.accounts.models import TokenScope, User
from portal.accounts.rights import OT_ROLES, SOC_ROLES
from portal.api.listing import Own
from portal.api.problems import BadInput
from portal.api.requests import NoInput
from portal.api.views import Resource, command

LEADS = LEADS_OF_OT | LEADS_OF_SOC


class QuestionViewSet(Resource):
    """Questions to OT: read them, answer, hand over, withdraw."""

    tag = "reviews"
    title = gettext_lazy("OT reviews")
    listing = QUESTIONS
    lookup_field = "uuid"
    lookup_value_converter = "uuid"

    def rows(self) -> QuerySet[Question]:
        """Questions at the person's sites and in their workspaces."""
        return questions_visible_to(self.person)

    def own(self) -> Own:
        """Only incidents that this person may see."""
        return questions_own(self.person)

    def workspace_of(self, row: Question) -> str:
        """Where its incidents came from."""
        return row.lead.workspace.name

    @command(AnswerIn, scope=TokenScope.REVIEWS_WRITE, roles=OT_ROLES, address="answer")
    def answer_question(self, row: Question, values: dict[str, Any]) -> None:
        """Give OT's verdict on the incidents that it waits for, or on some of them."""
        about = values.pop("incidents", ())
        give_verdict(
            by=self.person,
            key=uuid4(),
            question_id=row.pk,
            incident_ids=about,
            now=self.now,
            **values,
        )

    @command(HandOverIn, scope=TokenScope.REVIEWS_WRITE, roles=OT_ROLES)
    def hand_over(self, row: Question, values: dict[str, Any]) -> None:
        """Point a colleague of the same site to this question."""
        people = {person.email: person for person in ot_people_at(row.site, row.lead.workspace)}
        to = people.get(values.pop("to").lower())
        hand_over_question(question_id=row.pk, to=to, by=self.person, now=self.now, **values)

    @command(NoInput, scope=TokenScope.REVIEWS_WRITE, roles=SOC_ROLES)
    def withdraw(self, row: Question, values: dict[str, Any]) -> None:
        """Take the question back."""
        withdraw_question(question_id=row.pk, by=self.person, now=self.now)


class VerdictViewSet(Resource):
    """Verdicts of OT."""

    tag = "annotations"
    title = gettext_lazy("Verdicts")
    listing = VERDICTS
    lookup_field = "uuid"
    lookup_value_converter = "uuid"

    def rows(self) -> QuerySet[Verdict]:
        """Verdicts on incidents in the person's reach, as far as they do not lead them."""
        return verdicts_open_to(self.person)

    def own(self) -> Own:
        """Only incidents that this person may see."""
        return visible_incidents_of(self.person, "verdicts")


class SecondOpinionViewSet(Resource):
    """What other people of OT said of an answer."""

    tag = "second-opinions"
    title = gettext_lazy("Second opinions")
    listing = SECOND_OPINIONS
    lookup_field = "uuid"
    lookup_value_converter = "uuid"

    def rows(self) -> QuerySet[SecondOpinion]:
        """Those of which the person may see all answers."""
        return second_opinions_visible_to(self.person)

    @command(DecideIn, scope=TokenScope.REVIEWS_WRITE, roles=LEADS)
    def decide(self, row: SecondOpinion, values: dict[str, Any]) -> None:
        """Decide as one of both leads what OT has not settled within three days."""
        decide_suspicion(second_opinion=row.uuid, by=self.person, now=self.now, **values)


class OpinionViewSet(Resource):
    """Second opinions that the person is asked for, without a word of the first."""

    tag = "opinions"
    title = gettext_lazy("Second opinions asked of me")
    listing = OPINIONS
    lookup_field = "uuid"
    lookup_value_converter = "uuid"

    def rows(self) -> QuerySet[Opinion]:
        """What was put to this very person."""
        return opinions_asked_of(self.person)

    def own(self) -> Own:
        """Only incidents that this person may see."""
        visible = incidents_visible_to(self.person).filter(
            verdicts=OuterRef("second_opinion__verdict")
        )
        return Own(sources={"incidents": ArraySubquery(visible.order_by("pk").values("pk"))})

    @command(VerdictIn, scope=TokenScope.REVIEWS_WRITE, roles=OT_ROLES, address="answer")
    def give(self, row: Opinion, values: dict[str, Any]) -> None:
        """Give your own answer. Two of three people decide."""
        give_opinion(opinion=row.uuid, by=self.person, now=self.now, **values)

    @command(NoInput, scope=TokenScope.REVIEWS_WRITE, roles=OT_ROLES)
    def pass_on(self, row: Opinion, values: dict[str, Any]) -> None:
        """Leave it to the lead without an answer."""
        pass_opinion_on(opinion=row.uuid, by=self.person, now=self.now)


class AboutIncident(Resource):
    """The answers of both sides about one incident."""

    tag = "incidents"
    listing = QUESTIONS

    def rows(self) -> QuerySet[Incident]:
        """Incidents in the person's reach."""
        return incidents_visible_to(self.person)

    @command(AskIn, scope=TokenScope.INCIDENTS_WRITE, roles=SOC_ROLES, answers=QUESTIONS)
    def ask(self, row: Incident, values: dict[str, Any]) -> HttpResponse:
        """Ask everyone who speaks for OT at a site about this incident; answers the question."""
        question = ask_ot(
            incident_ids=[row.pk],
            site_id=_site_of(row, values.get("site")),
            by=self.person,
            question=values["question"],
            now=self.now,
        )
        only = questions_visible_to(self.person).filter(pk=question.pk)
        own = questions_own(self.person)
        return self.single(QUESTIONS, only, own=own, workspace=row.workspace.name)

    @command(VerdictIn, scope=TokenScope.REVIEWS_WRITE, roles=OT_ROLES, answers=VERDICTS)
    def verdict(self, row: Incident, values: dict[str, Any]) -> HttpResponse:
        """Judge this incident for OT. A question about others, too, waits on for them."""
        question = open_question_on(row.pk)
        about = question and is_ot_at(self.person, question.site, question.lead.workspace)
        verdict = give_verdict(
            by=self.person,
            key=uuid4(),
            question_id=question.pk if question and about else None,
            incident_ids=[row.pk],
            now=self.now,
            **values,
        )
        only = verdicts_visible_to(self.person).filter(pk=verdict.pk)
        own = visible_incidents_of(self.person, "verdicts")
        return self.single(VERDICTS, only, own=own, workspace=row.workspace.name)


def questions_own(person: User) -> Own:
    """The ids of a question's incidents that the person may see, and of those it waits for."""
    visible = incidents_visible_to(person).filter(questions=OuterRef("pk")).order_by("pk")
    waiting = AskedIncident.objects.filter(
        question=OuterRef("pk"),
        answer=None,
        question__state=Question.State.WAITING,
        incident__in=incidents_visible_to(person).values("pk"),
    ).order_by("incident")
    return Own(
        sources={
            "incidents": ArraySubquery(visible.values("pk")),
            "waiting_incidents": ArraySubquery(waiting.values("incident")),
        }
    )


def visible_incidents_of(person: User, link: str) -> Own:
    """The ids of a row's incidents, those out of the person's reach left out."""
    visible = incidents_visible_to(person).filter(**{link: OuterRef("pk")}).order_by("pk")
    return Own(sources={"incidents": ArraySubquery(visible.values("pk"))})


def _site_of(row: Incident, name: str | None) -> int:
    """The key of the site meant: of those that the incident touches."""
    sites = dict(Site.objects.filter(pk__in=row.site_ids).values_list("name", "pk"))
    if name is None and len(sites) == 1:
        return next(iter(sites.values()))
    if name is None or name not in sites:
        names = ", ".join(sites) or "none yet"
        reason = f"Name a site that the incident touches: {names}."
        raise BadInput(reason, {"site": [reason]})
    return sites[name]
