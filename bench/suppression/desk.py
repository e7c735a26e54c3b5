"""Who works with incidents: OT answers what Tagout asks, the SOC closes what still reaches it.

They know what the scenario's people know, and act through Tagout's services or in Sentinel.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

from alerts.incidents.ingest.closers import Closer, store_closers
from alerts.incidents.models import Incident
from alerts.incidents.models.incident import OPEN
from alerts.reviews.models import Opinion, Question, SecondOpinion
from alerts.reviews.services.opinions import (
    CONFIRM,
    CORRECT,
    decide_suspicion,
    give_opinion,
)
from alerts.reviews.services.verdicts import give_verdict
from alerts.suppression.drafting.drift_questions import question_digest
from alerts.suppression.models import DriftQuestion
from alerts.suppression.signing.answer_drift import NO, NOT_SURE, YES, answer_drift
from bench.suppression.azure_bodies import analyst_at, closing_properties, name_of
from bench.suppression.company import Company, cause_of, note_of
from bench.suppression.drift_answers import GRAVE, is_yes
from portal.errors import Refused
from simulator.scenarios.records import Answer, Closing

MOMENT = timedelta(minutes=2)  # after Tagout has looked at an incident
RECENT = timedelta(days=7)
FOUND = ("TruePositive", "BenignPositive")  # the SOC knows what it was


class Desk:
    """People of one company at their daily work. What they will do later waits in `_later`."""

    def __init__(self, company: Company) -> None:
        self.company, self.scenario = company, company.scenario
        self.answered = self.opinions = 0
        self._by_name = {name_of(incident_id): incident_id for incident_id in self.scenario.by_id}
        self._triaged: set[str] = set()
        self._investigated: set[str] = set()
        self._asked: set[UUID] = set()
        self._closings: list[tuple[datetime, int, Closing]] = []
        self._log: dict[str, list[Closer]] = defaultdict(list)
        self._answers: list[tuple[datetime, int, Question | Opinion, Answer]] = []
        self._order = count()

    def take_over_history(self, until: datetime) -> None:
        """Have the incidents before this moment, those closed that the SOC had closed by then."""
        for incident in self.scenario.incidents:
            if incident.at >= until:
                break
            self._triaged.add(self.company.sentinel_of(incident.site).add(incident))
        for incident in self.scenario.incidents:
            if incident.at >= until:
                break
            self._plan_closing(incident.id, incident.at)
        self.close_due(until)

    def close_due(self, now: datetime) -> None:
        """Close in Sentinel what the SOC is done with by now; what it has investigated also where
        it had been closed as undetermined.
        """
        for at, _, closing in _due(self._closings, now):
            site, name = self.scenario.by_id[closing.incident_id].site, name_of(closing.incident_id)
            sentinel = self.company.sentinel_of(site)
            if sentinel.is_open(name) or closing.incident_id in self._investigated:
                taken = self.company.customs[site].soc_takes
                properties = closing_properties(closing, at=at, is_taken=taken)
                sentinel.edit(name, properties, at=at)
                self._log[site].append(Closer(name, analyst_at(at)["email"], at))

    def read_log(self) -> None:
        """Have Tagout read who closed what, as the logs of the workspaces name them."""
        for site, closers in self._log.items():
            store_closers(workspace_id=self.company.workspace_of(site).pk, closers=closers)
        self._log.clear()

    def look_at_queue(self, now: datetime) -> None:
        """Begin to work on what rules have left to people since the last look."""
        rows = Incident.objects.filter(OPEN, created_at__gte=now - RECENT, closed_by="")
        for name in rows.order_by("created_at", "pk").values_list("name", flat=True):
            if name not in self._triaged:
                self._triaged.add(name)
                self._plan_closing(self._by_name[name], now)

    def _plan_closing(self, incident_id: str, seen_at: datetime) -> None:
        incident = self.scenario.by_id[incident_id]
        closing = self.scenario.triage(incident_id, incident.at)
        if closing is not None:
            at = max(closing.at, seen_at + MOMENT)
            heapq.heappush(self._closings, (at, next(self._order), closing))

    def investigate(self, now: datetime) -> None:
        """Take up what OT has confirmed as suspicious, where the SOC has not found out about it."""
        confirmed = Incident.objects.filter(
            verdicts__second_opinion__state=SecondOpinion.State.CONFIRMED
        )
        names = confirmed.exclude(classification__in=FOUND).values_list("name", flat=True)
        for name in set(names):
            incident_id = self._by_name[name]
            if incident_id not in self._investigated:
                self._investigated.add(incident_id)
                closing = self.scenario.investigate(incident_id, now)
                heapq.heappush(self._closings, (closing.at, next(self._order), closing))

    def read_questions(self, now: datetime) -> None:
        """Each person who was asked will get to it; of a question the first who does answers."""
        for question in Question.objects.filter(state=Question.State.WAITING):
            if question.uuid not in self._asked:
                self._asked.add(question.uuid)
                team = self.company.team[question.site.name]
                answers = [self._ask(question.lead.name, now, person) for person in team]
                self._will_answer(question, min(answers, key=lambda answer: answer.at))
        for opinion in Opinion.objects.filter(state=Opinion.State.WAITING).select_related(
            "person", "second_opinion__verdict"
        ):
            if opinion.uuid not in self._asked:
                self._asked.add(opinion.uuid)
                answer = self._opinion_of(opinion.second_opinion, opinion.person.name, now)
                self._will_answer(opinion, answer)

    def _opinion_of(self, second_opinion: SecondOpinion, person: str, now: datetime) -> Answer:
        incident = second_opinion.verdict.incidents.order_by("pk").first()
        if incident is None:
            raise LookupError(f"{second_opinion} is about no incident.")
        return self._ask(incident.name, now, person)

    def _ask(self, name: str, now: datetime, person: str) -> Answer:
        return self.scenario.ask(self._by_name[name], now, person)

    def _will_answer(self, asked: Question | Opinion, answer: Answer) -> None:
        heapq.heappush(self._answers, (answer.at, next(self._order), asked, answer))

    def answer_due(self, now: datetime) -> None:
        """Give the answers that people have got to by now; some were overtaken meanwhile."""
        for _, _, asked, answer in _due(self._answers, now):
            try:
                if isinstance(asked, Question):
                    self._answer(asked, answer, now)
                else:
                    self._give_opinion(asked, answer, now)
            except Refused:
                continue

    def answer_drift(self, now: datetime) -> None:
        """OT's lead answers in the course of the day whether the plant has changed, by what the
        page shows: no where something grave is against it, not sure where much is odd.
        """
        for row in DriftQuestion.objects.filter(
            state=DriftQuestion.State.WAITING, asked_at__lt=now
        ).select_related("site"):
            lead = self.company.leads[row.site.name]
            if lead.pk in row.unsure_ids:
                continue
            codes = {code for code, _ in row.against}
            answer = YES if is_yes(codes) else NO if GRAVE & codes else NOT_SURE
            try:
                answer_drift(
                    question=row.uuid,
                    by=lead,
                    answer=answer,
                    digest=question_digest(row),
                    now=now,
                    proved_at=now,
                )
            except Refused:
                continue

    def _answer(self, question: Question, answer: Answer, now: datetime) -> None:
        question.refresh_from_db(fields=["state"])
        if question.state == Question.State.WAITING:
            give_verdict(
                by=self.company.people[answer.person],
                key=uuid4(),
                question_id=question.pk,
                verdict=answer.verdict,
                cause=cause_of(answer),
                note=note_of(answer),
                now=now,
            )
            self.answered += 1

    def _give_opinion(self, opinion: Opinion, answer: Answer, now: datetime) -> None:
        give_opinion(
            opinion=opinion.uuid,
            by=opinion.person,
            verdict=answer.verdict,
            cause=cause_of(answer),
            note=note_of(answer),
            now=now,
        )
        self.opinions += 1

    def judge(self, answer: Answer, now: datetime) -> None:
        """Have a person say unasked what an incident was."""
        incident = Incident.objects.filter(name=name_of(answer.incident_id)).first()
        if incident is not None:
            give_verdict(
                by=self.company.people[answer.person],
                key=uuid4(),
                incident_ids=[incident.pk],
                verdict=answer.verdict,
                cause=cause_of(answer),
                note=note_of(answer),
                now=now,
            )

    def decide_suspicions(self, now: datetime) -> None:
        """OT's lead decides where nobody else could, by what they think themselves."""
        rows = SecondOpinion.objects.filter(
            state=SecondOpinion.State.OPEN, leads_asked_at__isnull=False
        )
        for row in rows.select_related("site", "verdict"):
            lead = self.company.leads[row.site.name]
            answer = self._opinion_of(row, lead.name, now)
            is_harmless = answer.verdict in ("routine", "maintenance")
            try:
                decide_suspicion(
                    second_opinion=row.uuid,
                    by=lead,
                    choice=CORRECT if is_harmless else CONFIRM,
                    reason="I asked the shift.",
                    verdict=answer.verdict if is_harmless else "",
                    cause=cause_of(answer) if is_harmless else "",
                    now=now,
                )
            except Refused:
                continue


def _due[T: tuple[datetime, *tuple[object, ...]]](heap: list[T], now: datetime) -> Iterator[T]:
    while heap and heap[0][0] <= now:
        yield heapq.heappop(heap)
