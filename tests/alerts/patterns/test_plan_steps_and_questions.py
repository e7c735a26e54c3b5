"""The plan: whose turn it is with each step, proposing, and the questions worth asking."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import post_init

from alerts.incidents.ingest.closers import Closer, store_closers
from alerts.incidents.models import Alert, IncidentAlert, IncidentStatus
from alerts.patterns.models import Pattern, PatternState, PlanQuestion
from alerts.patterns.queries import plan, questions
from alerts.patterns.queries.plan import StepState, site_plans_for
from alerts.patterns.queries.questions import (
    MAX_A_DAY,
    answers_needed,
    incidents_for_trials,
    questions_at,
)
from alerts.patterns.services.plan import (
    CannotAskQuestions,
    Proposing,
    ask_questions,
    propose_patterns,
)
from alerts.reviews.models import Question
from alerts.reviews.services.verdicts import give_verdict
from alerts.suppression.models import RuleVersion
from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from tests import cast
from tests.alerts.patterns.conftest import store
from tests.alerts.suppression.past import judge
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_site, new_incident
from tests.factories.patterns import make_pattern, make_site_mining, pattern_json

pytestmark = pytest.mark.django_db


@pytest.fixture
def planned(noon, planned_steps, oda, leo):
    return lambda person=leo: site_plans_for(person)[0]


def proposed(by, plan, **more):
    proposing = Proposing(by=by, proved_at=NOON, **more)
    ids = [step.pattern.pk for step in plan.steps_in(StepState.READY)]
    return propose_patterns(pattern_ids=ids, proposing=proposing, now=NOON)


def test_what_is_judged_is_ready_and_the_rest_lacks_evidence(planned):
    plan = planned()
    (ready,), (lacking,) = plan.steps_in(StepState.READY), plan.steps_in(StepState.EVIDENCE)
    assert (ready.gain, lacking.gain) == (30, 80)
    assert plan.signed_share == pytest.approx(30 / plan.totals.incidents)
    assert plan.full_share == pytest.approx(110 / plan.totals.incidents)
    assert plan.judged == (12, 0)
    assert plan.minutes_a_month is None  # nobody's handling was measured


def test_proposing_from_the_plan_is_one_act_and_waits_for_the_other_side(planned, oda):
    (outcome,) = proposed(oda, planned(oda))
    assert outcome.version is not None and outcome.version.state == "proposed"
    plan = planned()
    (step,) = plan.steps_in(StepState.SOC)
    assert step.version == outcome.version
    assert plan.to_sign == [step] and not plan.steps_in(StepState.READY)


def test_after_both_signatures_it_is_in_its_trial_and_no_longer_offered(planned, oda, leo):
    (outcome,) = proposed(oda, planned(oda))
    rules.sign(outcome.version, by=leo, now=NOON)
    plan = planned()
    assert plan.steps_in(StepState.TRIAL) and not plan.to_sign
    assert plan.acting_share == pytest.approx(30 / plan.totals.incidents)


def test_what_is_refused_leaves_no_draft_and_the_others_are_proposed(planned, oda, workspace, site):
    plan = planned(oda)
    ready = plan.steps_in(StepState.READY)[0].pattern
    blocked = make_pattern(
        workspace,
        site,
        definition=pattern_json(site.name, types=[{"title": "Nothing", "own_title": ""}]),
    )
    proposing = Proposing(by=oda, proved_at=NOON)
    outcomes = propose_patterns(pattern_ids=[blocked.pk, ready.pk], proposing=proposing, now=NOON)
    assert [outcome.version is not None for outcome in outcomes] == [False, True]
    assert outcomes[0].reasons
    assert RuleVersion.objects.count() == 1
    blocked.refresh_from_db()
    assert blocked.state == PatternState.OPEN


def test_an_old_proof_proposes_nothing(planned, oda):
    plan = planned(oda)
    ids = [step.pattern.pk for step in plan.steps_in(StepState.READY)]
    proposing = Proposing(by=oda, proved_at=NOON - timedelta(minutes=6))
    (outcome,) = propose_patterns(pattern_ids=ids, proposing=proposing, now=NOON)
    assert outcome.version is None and "password" in " ".join(outcome.reasons)


def test_questions_are_about_units_that_nobody_judged_and_as_many_as_needed(planned, leo):
    questions = questions_at(planned(), leo, now=NOON)
    lacking = planned().steps_in(StepState.EVIDENCE)[0]
    assert len(questions.all) == answers_needed(lacking.pattern) == 3  # of four gateways
    assert {question.about.partition(" ")[0] for question in questions.all} <= {
        f"GW-{n}" for n in range(9)
    }
    assert len({question.incident.pk for question in questions.all}) == 3
    assert questions.share == pytest.approx(lacking.share)


def test_asking_asks_one_question_an_incident_and_none_twice(planned, leo):
    questions = ask_questions(plan=planned(), by=leo, now=NOON)
    assert len(questions) == Question.objects.count() == PlanQuestion.objects.count() == 3
    assert all(question.incidents.count() == 1 for question in questions)
    assert Entry.objects.filter(action="patterns.questions.asked").count() == 1
    assert questions_at(planned(), leo, now=NOON).all == []
    with pytest.raises(CannotAskQuestions, match="nothing to ask"):
        ask_questions(plan=planned(), by=leo, now=NOON)


def test_nobody_is_asked_more_than_five_a_day_whoever_asks(planned, leo, site):
    about = questions_at(planned(), leo, now=NOON).all[0].incident
    for n in range(MAX_A_DAY):
        question = Question.objects.create(
            site=site,
            lead=about,
            text="?",
            asked_by=leo,
            asked_at=NOON,
            due_at=NOON,
            act=leo.uuid,
            state="withdrawn",
            settled_at=NOON,
        )
        PlanQuestion.objects.create(
            question=question, site=site, asked_by=leo, asked_at=NOON - timedelta(hours=n)
        )
    assert questions_at(planned(), leo, now=NOON).today == []
    with pytest.raises(CannotAskQuestions, match="5 questions from the plan in the last 24 hours"):
        ask_questions(plan=planned(), by=leo, now=NOON)
    tomorrow = NOON + timedelta(days=1)
    assert len(ask_questions(plan=planned(), by=leo, now=tomorrow)) == 3


def test_the_answers_make_it_ready(planned, leo, oda, run_mining):
    for question in ask_questions(plan=planned(), by=leo, now=NOON):
        give_verdict(
            by=oda,
            key=question.uuid,
            verdict="routine",
            cause="other",
            now=NOON,
            question_id=question.pk,
            incident_ids=[question.lead_id],
        )
    run_mining()
    assert len(planned().steps_in(StepState.READY)) == 2


def test_once_evidence_is_enough_questions_shorten_the_trial(programming, run_mining, oda, leo):
    judge(programming[-1:], oda)
    run_mining()
    plan = site_plans_for(leo)[0]
    assert [step.state for step in plan.steps] == [StepState.READY]
    questions = questions_at(plan, leo, now=NOON).all
    # One comes a day: with three of the weeks before, seven days are enough.
    assert [(question.is_for_trial, question.about) for question in questions] == [
        (True, ""),
        (True, ""),
    ]
    assert [question.incident for question in questions] == programming[-2:-4:-1]
    assert len(ask_questions(plan=plan, by=leo, now=NOON)) == 2
    tomorrow = NOON + timedelta(days=1)
    assert questions_at(site_plans_for(leo)[0], leo, now=tomorrow).all == []


def test_a_trial_that_may_count_enough_asks_nothing(programming, judged, run_mining, leo):
    run_mining()
    assert questions_at(site_plans_for(leo)[0], leo, now=NOON).all == []


def test_many_addresses_beyond_the_plant_are_asked_about_as_one(
    workspace, site, noise, run_mining, leo
):
    for n in range(1, 13):
        rows = [
            new_incident(
                workspace,
                title="Internet Access Detected",
                source="PATCH-1",
                site_ids=[site.pk],
                created_at=NOON - timedelta(days=back, hours=(back * 5 + n * 7) % 24),
            )
            for back in (1, 5, 9)
        ]
        store(
            rows,
            site,
            source_kind="Server",
            source_zone="Operations",
            destination_device="",
            destination_address=f"13.107.4.{n}",
        )
    run_mining()
    (step,) = site_plans_for(leo)[0].steps
    assert step.pattern.open_units == [
        {"kind": "group", "name": "outside", "zone": "", "alerts": 36}
    ]
    (question,) = questions_at(site_plans_for(leo)[0], leo, now=NOON).all
    assert question.incident.source == "PATCH-1"


def test_one_analyst_who_closed_many_leaves_questions_for_the_trial(
    programming, run_mining, workspace, oda, leo
):
    judge(programming[-1:], oda)
    run_mining()
    closed = programming[-9:-1]
    for number, incident in enumerate(closed):
        incident.status, incident.classification = IncidentStatus.CLOSED, "BenignPositive"
        incident.classification_reason = "SuspiciousButExpected"
        incident.owner_name, incident.owner_email = "Sam", "sam@soc.example"
        incident.closed_at = incident.created_at + timedelta(hours=1, minutes=number)
        incident.save()
    closers = [Closer(row.name, "sam@soc.example", row.closed_at) for row in closed]
    store_closers(workspace_id=workspace.pk, closers=closers)
    (step,) = site_plans_for(leo)[0].steps
    found = incidents_for_trials([step.pattern], targets={step.pattern.pk: 8}, now=NOON)
    assert len(found[step.pattern.pk]) == 3, "OT's answer and four closings count of the eight"


def test_trials_of_later_steps_are_asked_for_once_those_before_have_enough(
    planned, leo, monkeypatch
):
    monkeypatch.setattr(questions, "MAX_STEPS", 1)
    rare = Pattern.objects.filter(has_enough_evidence=False)
    rare_pk = rare.get().pk
    rare.update(has_enough_evidence=True, plan_gain=8)
    chosen = questions_at(planned(), leo, now=NOON).all
    assert {question.step.pattern.pk for question in chosen} == {rare_pk}


def test_what_a_rule_covers_only_in_part_does_not_count_for_its_trial(
    programming, run_mining, oda, leo
):
    judge(programming[-1:], oda)
    run_mining()
    plan = site_plans_for(leo)[0]
    stranger = Alert.objects.exclude(incidents__in=programming).first()
    IncidentAlert.objects.create(incident=programming[-2], alert=stranger)
    questions = questions_at(plan, leo, now=NOON).all
    assert [question.incident for question in questions] == programming[-3:-5:-1]


def test_ot_cannot_ask_through_the_plan(planned, oda):
    with pytest.raises(Exception, match="Only the SOC"):
        ask_questions(plan=planned(oda), by=oda, now=NOON)
    assert not PlanQuestion.objects.exists()


def test_the_command_tells_the_plan(planned, capsys):
    call_command("patterns", "plan", "--json")
    (plan,) = json.loads(capsys.readouterr().out)["plans"]
    assert [step["gain"] for step in plan["curve"]] == [30, 80]
    assert plan["curve"][1]["share"] == plan["share_full"]
    assert len(plan["questions"]) == 3
    call_command("patterns", "plan", "--site", "gdańsk")
    out = capsys.readouterr().out
    assert "rules to sign" in out and "ask about" in out
    with pytest.raises(Exception, match="no plan of a site called Nowhere"):
        call_command("patterns", "plan", "--site", "Nowhere")


def test_who_sees_no_site_sees_no_plan(planned, make_person):
    other = make_site("Porto")
    stranger = make_person(cast.OLAF, (Role.OT_ENGINEER, GrantScope.SITE, other.uuid))
    assert site_plans_for(stranger) == []
    assert Pattern.objects.exists()


def test_of_what_cannot_become_a_rule_the_largest_of_each_site_are_read(
    workspace, site, monkeypatch
):
    monkeypatch.setattr(plan, "MAX_OBSTACLES", 2)
    for place, sizes in ((site, (3, 9, 5)), (make_site("Porto"), (1,))):
        make_site_mining(place)
        for incidents in sizes:
            make_pattern(workspace, place, incidents=incidents, obstacles=[["needs_hours", {}]])
    read = []

    def note(instance, **_):
        read.append(instance)

    post_init.connect(note, sender=Pattern)
    try:
        obstacles = {
            site_plan.totals.site.name: site_plan.obstacles
            for site_plan in plan.plans_of_all_sites()
        }
    finally:
        post_init.disconnect(note, sender=Pattern)
    assert [row.incidents for row in obstacles[site.name]] == [9, 5]
    assert [row.incidents for row in obstacles["Porto"]] == [1]
    assert len(read) == 3, "there may be thousands"


def test_questions_for_trials_take_no_look_at_every_pair_however_wrong_the_statistics(planned):
    (step,) = planned().steps_in(StepState.EVIDENCE)
    statements = []

    def remember(execute, sql, params, many, context):
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(remember):
        found = incidents_for_trials([step.pattern], targets={step.pattern.pk: 8}, now=NOON)
    assert len(found[step.pattern.pk]) == 8
    covered, params = statements[0]
    with connection.cursor() as cursor:
        for method in ("indexscan", "indexonlyscan", "bitmapscan", "hashjoin", "mergejoin"):
            cursor.execute(f"SET LOCAL enable_{method} = off")
        cursor.execute("SET LOCAL enable_material = off")
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING off, FORMAT JSON) {covered}", params)
        ((plan,),) = cursor.fetchone()
    alerts = Alert.objects.count()
    assert alerts > 300
    assert rows_read(plan["Plan"]) < 2 * alerts**2


def rows_read(node):
    """How many rows a plan looked at: those its scans read, and the pairs its joins threw away."""
    inner = node.get("Plans", [])
    read = node.get("Rows Removed by Join Filter", 0)
    if not inner:
        read = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return read * node["Actual Loops"] + sum(map(rows_read, inner))
