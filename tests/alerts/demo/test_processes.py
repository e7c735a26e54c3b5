"""What dies while the demo runs is started again; what dies over and over ends the demo."""

import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest
import redis

from alerts.demo.processes import (
    MAX_DEATHS,
    MAX_WAIT,
    STEADY,
    Died,
    Family,
    Server,
    Supervisor,
    hold_port,
    port_of,
    servers_of,
)
from portal import embedded

STAYS = ["sh", "-c", "echo here; exec sleep 60"]
FALLS = ["sh", "-c", "echo this is why; exit 3"]
TELLS_ITS_PID = [
    sys.executable,
    "-S",
    "-c",
    """
import os, socket, sys
place = socket.socket(fileno=int(sys.argv[1]))
while True:
    caller, _ = place.accept()
    caller.sendall(str(os.getpid()).encode())
    caller.close()
""",
]


@pytest.fixture
def family(tmp_path):
    family = Family(tmp_path / "logs", {})
    yield family
    family.stop()


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervisor(family, said):
    return Supervisor(family, [], say=said.append)


def kill(family, name):
    family.members[name].kill()
    family.members[name].wait()


def asked(port) -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as caller:
        return int(caller.recv(100))


def test_a_process_that_dies_is_started_again_on_its_port_and_told_in_one_line(
    family, supervisor, said
):
    place = hold_port(28_900, strict=False)
    port = port_of(place)
    family.start("web", [*TELLS_ITS_PID, str(place.fileno())], place)
    first = asked(port)
    kill(family, "web")
    supervisor.look(now=0)
    supervisor.look(now=0.5)  # not yet
    assert family.members["web"].poll() is not None
    supervisor.look(now=1.1)
    assert asked(port) == family.members["web"].pid != first
    assert len(said) == 1
    assert said[0].startswith("web stopped unexpectedly and will be restarted in 1 s. Its log is /")
    assert "web.log" in said[0]


def test_what_a_dead_process_left_running_ends_before_it_is_started_again(
    family, supervisor, tmp_path
):
    note = tmp_path / "child"
    family.start(
        "worker", ["sh", "-c", f"sleep 60 & echo $! > {note}.new; mv {note}.new {note}; wait"]
    )
    until = time.monotonic() + 10
    while not note.exists() and time.monotonic() < until:
        time.sleep(0.01)
    child = int(note.read_text())
    kill(family, "worker")
    supervisor.look(now=0)
    supervisor.look(now=2)
    while time.monotonic() < until and is_running(child):
        time.sleep(0.01)
    assert not is_running(child)


def is_running(pid) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except OSError:
        return False


def test_what_dies_over_and_over_waits_longer_and_then_ends_the_demo_with_one_sentence(
    family, supervisor, said
):
    family.start("worker", FALLS)
    now, waits = 0.0, []
    with pytest.raises(Died) as died:
        for _ in range(50):
            family.members["worker"].wait()
            supervisor.look(now=now)
            waits.append(float(said[-1].split(" in ")[1].split(" s.")[0]))
            now += waits[-1]
            supervisor.look(now=now)
    assert waits == [1, 2, 4, 8, MAX_WAIT]
    assert str(died.value).startswith(f"worker stopped unexpectedly, {MAX_DEATHS} times in a row.")
    assert "worker.log; it ends: this is why" in str(died.value)


def test_deaths_far_apart_never_end_the_demo(family, supervisor, said):
    family.start("worker", STAYS)
    now = 0.0
    for _ in range(MAX_DEATHS + 2):
        kill(family, "worker")
        supervisor.look(now=now)
        supervisor.look(now=now + 1)
        now += 1 + STEADY
    assert {line.split(" in ")[1].split(".")[0] for line in said} == {"1 s"}
    assert family.members["worker"].poll() is None


def test_what_finishes_by_itself_is_left_alone(family, supervisor, said):
    family.may_end.add("judge")
    family.start("judge", ["true"]).wait()
    supervisor.look(now=0)
    assert not said


def test_the_end_of_the_demo_ends_what_was_started_again(family, supervisor):
    family.start("worker", STAYS)
    kill(family, "worker")
    supervisor.look(now=0)
    supervisor.look(now=1)
    again = family.members["worker"]
    family.stop()
    assert again.returncode == -signal.SIGTERM


def test_a_server_that_cannot_be_started_ends_the_demo_and_names_its_log(family, said, tmp_path):
    def restart():
        raise OSError("no room left")

    log = tmp_path / "broker.log"
    log.write_text("no room left\n")
    server = Server("The broker", log, lambda: False, restart)
    supervisor = Supervisor(family, [server], say=said.append)
    with pytest.raises(Died, match=r"The broker does not answer, .*broker.log; it ends: no room"):
        for turn in range(100):
            supervisor.look(now=turn * 2.0)


class Broker:
    """A real broker in a data folder, as the demo has one."""

    def __init__(self, data):
        self.data, self.folder = data, data / "valkey"
        self.client = redis.Redis.from_url(embedded.start_broker(self.folder), socket_timeout=5)

    @property
    def pid(self) -> int:
        return int((self.folder / "pid").read_text())

    def send(self, what):
        os.kill(self.pid, what)


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path)
    yield broker
    broker.client.close()
    embedded.stop_broker(broker.folder)


@pytest.mark.parametrize("end", [signal.SIGSTOP, signal.SIGKILL])
def test_a_broker_that_hangs_or_is_dead_is_started_again_on_its_port(
    family, said, broker, monkeypatch, end
):
    monkeypatch.setattr("alerts.demo.processes.BROKER_PATIENCE", 0.3)
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/tagout")
    monkeypatch.delenv("REDIS_URL", raising=False)
    supervisor = Supervisor(family, servers_of(broker.data), say=said.append)
    supervisor.look(now=0)
    assert not said
    first = broker.pid
    broker.send(end)
    supervisor.look(now=10)
    supervisor.look(now=12)
    assert broker.client.ping()  # the same address
    assert broker.pid != first
    assert not is_running(first)
    assert len(said) == 1
    assert said[0].startswith("The broker does not answer and will be restarted in 1 s.")
    supervisor.look(now=20)
    assert len(said) == 1


def test_a_broker_that_hangs_is_gone_when_the_demo_ends(broker):
    pid = broker.pid
    broker.send(signal.SIGSTOP)
    embedded.stop_broker(broker.folder)
    assert not is_running(pid)


def test_a_process_that_took_the_number_of_a_dead_broker_is_not_ended(family, broker):
    stranger = family.start("stranger", STAYS)
    broker.send(signal.SIGKILL)
    (broker.folder / "pid").write_text(str(stranger.pid))
    embedded.restart_broker(broker.data)
    assert stranger.poll() is None
