"""Azure's limits: counted on the simulator's clock, switchable while it runs."""

NAME = "5d1f6f2e-3c7e-4d1f-9a5e-000000000001"


def codes(arm, times, method="GET", tail="/incidents"):
    return [arm(method, tail).status_code for _ in range(times)]


def test_the_bucket_of_reads_empties_and_fills(arm, control):
    control.throttle(on=True, limits={"reads": [3, 1]})
    assert codes(arm, 4) == [200, 200, 200, 429]
    control.advance(2)
    assert codes(arm, 3) == [200, 200, 429]


def test_the_bucket_is_one_principals_own(arm, control, pretend, words):
    control.throttle(on=True, limits={"reads": [1, 1]})
    other = words.Arm(pretend, "reader")
    assert codes(arm, 2) == [200, 429]
    assert codes(other, 1) == [200]
    other.link.close()


def test_the_providers_window_says_when_to_come_back(arm, control):
    summary = control.inject()
    control.throttle(on=True, limits={"entities": 2})
    tail = f"/incidents/{summary['name']}/entities"
    assert codes(arm, 3, "POST", tail) == [200, 200, 429]
    control.advance(100)
    answer = arm("POST", tail)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "200")
    control.advance(200)
    assert codes(arm, 1, "POST", tail) == [200]


def test_a_throttled_write_changes_nothing_and_is_journalled(arm, control):
    control.throttle(on=True, limits={"PUT incidents": 1})
    assert arm.put(NAME).status_code == 201
    assert arm.put(NAME, severity="High").status_code == 429
    assert arm("GET", f"/incidents/{NAME}").json()["properties"]["severity"] == "Low"
    assert [entry["applied"] for entry in control.journal(path=NAME)] == [True, False]


def test_throttling_can_be_switched_off(arm, control):
    control.throttle(on=True, limits={"reads": [1, 0.1]})
    assert codes(arm, 2) == [200, 429]
    control.throttle(on=False)
    assert codes(arm, 5) == [200] * 5
    assert control.state()["throttle"]["refused"] == 1
