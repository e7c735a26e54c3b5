"""The gate of Graph: its own tokens, permissions by consent, its limit, and faults on the way."""

import pytest

from simulator.faults import MANGLERS
from simulator.running import running_simulator
from tests.simulator.conftest import START, Arm, Graph


def error(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_a_token_for_azure_opens_nothing_here_and_one_for_graph_nothing_there(graph):
    ours = graph.token
    graph.token = graph.arm.token
    assert error(graph("GET", "/incidents")) == (401, "InvalidAuthenticationToken")
    graph.arm.token = ours
    assert error(graph.arm("GET", "/incidents")) == (401, "InvalidAuthenticationToken")
    graph.token = "nothing"
    answer = graph("GET", "/incidents")
    assert error(answer) == (401, "InvalidAuthenticationToken")
    assert answer.json()["error"]["innerError"]["request-id"] == answer.headers["request-id"]


def test_without_consent_there_is_a_token_but_no_answer(graph, control):
    control.application("portal", permissions=[])
    assert graph("GET", "/incidents").status_code == 200, "the old token still carries it"
    graph.sign_in()
    assert error(graph("GET", "/incidents")) == (403, "Forbidden")
    control.application("portal", permissions=["SecurityIncident.Read.All"])
    graph.sign_in()
    assert graph("GET", "/incidents").status_code == 200
    assert error(graph("PATCH", "/incidents/1", json={})) == (403, "Forbidden")


def test_a_reader_cannot_write(pretend, graph):
    reader = Graph(pretend, "reader")
    assert error(reader("POST", "/incidents/1/comments", json={})) == (403, "Forbidden")
    reader.link.close()


def test_calls_are_counted_by_the_minute(graph, control):
    control.throttle(on=True, limits={"graph security": 3})
    assert [graph("GET", "/incidents").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = graph("GET", "/incidents")
    assert (error(answer), answer.headers["Retry-After"]) == ((429, "TooManyRequests"), "60")
    assert answer.json()["error"]["innerError"]["code"] == "429"
    control.advance(61)
    assert graph("GET", "/incidents").status_code == 200


def test_graph_counts_as_many_as_azure_says():
    with running_simulator(now=START, throttled=True) as running:
        client = Graph(running)
        codes = [client("GET", "/incidents").status_code for _ in range(151)]
        client.link.close()
    assert codes == [200] * 150 + [429]


def test_what_is_not_there_is_refused_in_graphs_words(graph):
    assert error(graph("GET", "/cases")) == (400, "BadRequest")
    assert error(graph("PUT", "/incidents/1", json={})) == (400, "BadRequest")


def test_writes_are_journalled_refused_ones_too(graph, control):
    number = graph.of(control.inject(kind="tuesday-download"))
    graph("PATCH", f"/incidents/{number}", json={"severity": "low"})
    graph("PATCH", f"/incidents/{number}", json={"severity": "huge"})
    entries = control.journal(path=f"/v1.0/security/incidents/{number}")
    assert [(entry["method"], entry["applied"]) for entry in entries] == [
        ("PATCH", True),
        ("PATCH", False),
    ]


def test_a_write_can_take_effect_and_its_answer_be_lost(graph, control):
    number = graph.of(control.inject(kind="tuesday-download"))
    control.fault(path="/comments", method="POST", status=503, applied=True, count=1)
    answer = graph("POST", f"/incidents/{number}/comments", json={"comment": "Once."})
    assert answer.status_code == 503
    comments = graph("GET", f"/incidents/{number}").json()["comments"]
    assert [row["comment"] for row in comments] == ["Once."]


def test_links_can_lead_elsewhere(graph, control):
    control.fault(path="/v1.0/security/incidents", next_link="foreign", count=1)
    assert "elsewhere.example" in graph("GET", "/incidents").json()["@odata.nextLink"]


@pytest.mark.parametrize("way", MANGLERS)
def test_the_first_incident_of_a_page_can_be_damaged(graph, control, way):
    control.inject(count=2, properties={"title": "x"})
    whole = graph("GET", "/incidents").content
    control.fault(path="/v1.0/security/incidents", mangle=way, count=1)
    damaged = graph("GET", "/incidents")
    assert damaged.status_code == 200
    assert damaged.content != whole
    assert damaged.content.count(b'"displayName"') >= 1, "the second one is whole"


def test_a_tenant_without_the_portal_has_an_empty_list(pretend):
    client = Graph(pretend)
    pretend.control.inject(kind="tuesday-download")
    assert client("GET", "/incidents").json()["value"] == []
    client.link.close()


def test_what_a_control_call_does_not_know_is_refused(control):
    for wrong in ({"colour": "red"}, {"orderby": 1}):
        with pytest.raises(Exception, match="no setting of Graph"):
            control.graph(**wrong)
    with pytest.raises(Exception, match="unknown permission"):
        control.application("portal", permissions=["Everything.ReadWrite.All"])


def test_arm_needs_no_consent(pretend):
    pretend.control.application("portal", permissions=[])
    client = Arm(pretend)
    assert client("GET", "/incidents").status_code == 200
    client.link.close()
