"""What dies while the demo runs is started again; what dies over and over ends the demo."""

import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest
import redis

import embedded
from alerts.demo.processes import (
    MAX_DEATHS,
    MAX_WAIT,
    STEADY,
    ProcessDied,
    ProcessGroup,
    Server,
    Supervisor,
    hold_port,
    port_of,
    servers_of,
)

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
def group(tmp_path):
    group = ProcessGroup(tmp_path / "logs", {})
    yield group
    group.stop()


@pytest.fixture
def messages():
    return []


@pytest.fixture
def supervisor(group, messages):
    return Supervisor(group, [], report=messages.append)


def kill(group, name):
    group.processes[name].kill()
    group.processes[name].wait()


def pid_from(port) -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as caller:
        return int(caller.recv(100))


def test_a_process_that_dies_is_started_again_on_its_port_and_told_in_one_line(
    group, supervisor, messages
):
    place = hold_port(28_900, strict=False)
    port = port_of(place)
    group.start("web", [*TELLS_ITS_PID, str(place.fileno())], place)
    first = pid_from(port)
    kill(group, "web")
    supervisor.check(now=0)
    supervisor.check(now=0.5)  # not yet
    assert group.processes["web"].poll() is not None
    supervisor.check(now=1.1)
    assert pid_from(port) == group.processes["web"].pid != first
    assert len(messages) == 1
    assert messages[0].startswith(
        "web stopped unexpectedly and will be restarted in 1 s. Its log is /"
    )
    assert "web.log" in messages[0]


def test_what_a_dead_process_left_running_ends_before_it_is_started_again(
    group, supervisor, tmp_path
):
    note = tmp_path / "child"
    group.start(
        "worker", ["sh", "-c", f"sleep 60 & echo $! > {note}.new; mv {note}.new {note}; wait"]
    )
    until = time.monotonic() + 10
    while not note.exists() and time.monotonic() < until:
        time.sleep(0.01)
    child = int(note.read_text())
    kill(group, "worker")
    supervisor.check(now=0)
    supervisor.check(now=2)
    while time.monotonic() < until and is_running(child):
        time.sleep(0.01)
    assert not is_running(child)


def is_running(pid) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except OSError:
        return False


def test_what_dies_over_and_over_waits_longer_and_then_ends_the_demo_with_one_sentence(
    group, supervisor, messages
):
    group.start("worker", FALLS)
    now, waits = 0.0, []
    with pytest.raises(ProcessDied) as died:
        for _ in range(50):
            group.processes["worker"].wait()
            supervisor.check(now=now)
            waits.append(float(messages[-1].split(" in ")[1].split(" s.")[0]))
            now += waits[-1]
            supervisor.check(now=now)
    assert waits == [1, 2, 4, 8, MAX_WAIT]
    assert str(died.value).startswith(f"worker stopped unexpectedly, {MAX_DEATHS} times in a row.")
    assert "worker.log; it ends: this is why" in str(died.value)


def test_deaths_far_apart_never_end_the_demo(group, supervisor, messages):
    group.start("worker", STAYS)
    now = 0.0
    for _ in range(MAX_DEATHS + 2):
        kill(group, "worker")
        supervisor.check(now=now)
        supervisor.check(now=now + 1)
        now += 1 + STEADY
    assert {line.split(" in ")[1].split(".")[0] for line in messages} == {"1 s"}
    assert group.processes["worker"].poll() is None


def test_what_finishes_by_itself_is_left_alone(group, supervisor, messages):
    group.may_end.add("judge")
    group.start("judge", ["true"]).wait()
    supervisor.check(now=0)
    assert not messages


def test_the_end_of_the_demo_ends_what_was_started_again(group, supervisor):
    group.start("worker", STAYS)
    kill(group, "worker")
    supervisor.check(now=0)
    supervisor.check(now=1)
    again = group.processes["worker"]
    group.stop()
    assert again.returncode == -signal.SIGTERM


def test_a_server_that_cannot_be_started_ends_the_demo_and_names_its_log(group, messages, tmp_path):
    def restart():
        raise OSError("no room left")

    log = tmp_path / "broker.log"
    log.write_text("no room left\n")
    server = Server("The broker", log, lambda: False, restart)
    supervisor = Supervisor(group, [server], report=messages.append)
    with pytest.raises(
        ProcessDied, match=r"The broker does not answer, .*broker.log; it ends: no room"
    ):
        for turn in range(100):
            supervisor.check(now=turn * 2.0)


class Broker:
    """A real broker in a data folder, as the demo has one."""

    def __init__(self, data):
        self.data, self.folder = data, data / "valkey"
        self.client = redis.Redis.from_url(embedded.start_broker(self.folder), socket_timeout=5)

    @property
    def pid(self) -> int:
        return int((self.folder / "pid").read_text())

    def send(self, command):
        os.kill(self.pid, command)


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path)
    yield broker
    broker.client.close()
    embedded.stop_broker(broker.folder)


@pytest.mark.parametrize("end", [signal.SIGSTOP, signal.SIGKILL])
def test_a_broker_that_hangs_or_is_dead_is_started_again_on_its_port(
    group, messages, broker, monkeypatch, end
):
    monkeypatch.setattr("alerts.demo.processes.BROKER_PATIENCE", 0.3)
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/tagout")
    monkeypatch.delenv("REDIS_URL", raising=False)
    supervisor = Supervisor(group, servers_of(broker.data), report=messages.append)
    supervisor.check(now=0)
    assert not messages
    first = broker.pid
    broker.send(end)
    supervisor.check(now=10)
    supervisor.check(now=12)
    assert broker.client.ping()  # the same address
    assert broker.pid != first
    assert not is_running(first)
    assert len(messages) == 1
    assert messages[0].startswith("The broker does not answer and will be restarted in 1 s.")
    supervisor.check(now=20)
    assert len(messages) == 1


def test_a_broker_that_hangs_is_gone_when_the_demo_ends(broker):
    pid = broker.pid
    broker.send(signal.SIGSTOP)
    embedded.stop_broker(broker.folder)
    assert not is_running(pid)


def test_a_process_that_took_the_number_of_a_dead_broker_is_not_ended(group, broker):
    stranger = group.start("stranger", STAYS)
    broker.send(signal.SIGKILL)
    (broker.folder / "pid").write_text(str(stranger.pid))
    embedded.restart_broker(broker.data)
    assert stranger.poll() is None


def test_a_broker_waits_for_its_port_while_somebody_else_has_it(broker, monkeypatch):
    outgoing = range(32_768, 61_000)  # Linux' ip_local_port_range: any client may have one of them
    assert embedded._port_of_valkey(broker.folder) not in outgoing
    broker.send(signal.SIGKILL)
    start, tries = embedded._start_valkey, []

    def start_late(folder, port):
        tries.append(port)
        return len(tries) > 2 and start(folder, port)

    monkeypatch.setattr("embedded._start_valkey", start_late)
    embedded.restart_broker(broker.data)
    assert broker.client.ping()
    assert len(tries) == 3
