"""Reads docker-compose.yml and says what in it does not fit the project or is not safe."""

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from portal.celery import Config
from portal.runtime.worker_rights import WORKERS
from portal.schedule import BUSY_QUEUES
from tests.architecture.commands import option_of, troubles_of_command, written_by
from tests.architecture.image import Stage, command_of, pinned, stages_of, troubles_of_modes
from tests.architecture.tree import HOME

SECRETS = "/run/secrets/"
MAX_STOP_SECONDS = 30  # seconds (reliability F34)
# What the images of others read; all else is ours and must be read by Tagout.
FOREIGN = re.compile(
    r"POSTGRES_(DB|USER|PASSWORD_FILE|INITDB_ARGS)|OWNER_URL_FILE|APP_URL_FILE|REDIS_URL_FILE"
    r"|PUBLIC_URL|CAPTURE_MAX_MB|TLS_CERTIFICATE_FILE|TLS_KEY_FILE"  # the proxy
)
# The one that may change tables, and where what is kept may lie.
MIGRATE, DATABASE, BROKER, PROXY = "migrate", "database", "broker", "proxy"
ROLES = "roles"  # makes the roles of the workers


class Strict(yaml.CSafeLoader):
    """A name said twice is a mistake, as it is for the engine."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse before the second value hides the first."""
        names = [key.value for key, _ in node.value]
        if twice := {name for name in names if names.count(name) > 1}:
            raise yaml.YAMLError(f"{node.start_mark}: said twice: {twice}")
        return super().construct_mapping(node, deep)


class Stack:
    """The services of one compose file, beside the Dockerfile that most of them run."""

    def __init__(self, compose: str, dockerfile: str) -> None:
        self.all: dict[str, Any] = yaml.load(compose, Loader=Strict)
        self.services: dict[str, dict[str, Any]] = self.all["services"]
        self.default = command_of(dockerfile)
        self.ours = {
            name for name, one in self.services.items() if one["image"].startswith("tagout:")
        }

    def command(self, name: str) -> list[str]:
        """What a service starts."""
        return self.services[name].get("command") or self.default

    def stages(self, name: str) -> list[Stage]:
        """The stages of the image that a service of others is built from, if it is built here."""
        match self.services[name].get("build"):
            case str(folder):
                return stages_of((HOME / folder / "Dockerfile").read_text())
            case {"dockerfile_inline": text, "args": {"image": image}}:
                content = text.replace("ARG image\n", f"ARG image={image}\n")
                return stages_of(content.replace("$$image", "${image}"))
        return []

    def context(self, name: str) -> Path:
        """The folder that its image is built from."""
        build = self.services[name]["build"]
        return HOME / (build if isinstance(build, str) else build["context"])

    def environment(self, name: str) -> dict[str, str]:
        """What a service is given."""
        return self.services[name].get("environment", {})

    def health(self, name: str) -> list[str]:
        """The command that asks whether it is well, without the word for how it is run."""
        kind, *words = self.services[name]["healthcheck"].get("test", ["NONE"])
        if kind == "CMD-SHELL":
            return shlex.split(words[0].replace("$$(hostname)", "%h"))
        return words

    def queues(self) -> dict[str, list[str]]:
        """The services that read each queue."""
        readers: dict[str, list[str]] = {}
        for name in self.ours:
            for queue in filter(None, option_of(self.command(name), "-Q").split(",")):
                readers.setdefault(queue, []).append(name)
        return readers


def troubles_of_stack(compose: str, dockerfile: str) -> list[str]:
    """Everything that is wrong, one sentence each."""
    stack = Stack(compose, dockerfile)
    found = [*_queues(stack), *_images(stack), *_networks(stack)]
    for name, service in stack.services.items():
        every = [_safe, _files, _bounds, _environment, _secrets, _waits, _network, _health]
        only_ours = [_commands] if name in stack.ours else []
        for check in every + only_ours:
            found += [f"{name}: {trouble}" for trouble in check(stack, name, service)]
    return found


def _queues(stack: Stack) -> Iterator[str]:
    readers = stack.queues()
    for queue in set(BUSY_QUEUES) - set(readers):
        yield f"no worker reads the queue {queue}"
    for queue in set(readers) - set(BUSY_QUEUES):
        yield f"nothing is ever sent to the queue {queue}"
    for queue, names in readers.items():
        if len(names) > 1:
            yield f"{queue} is read by {names}"


def _images(stack: Stack) -> Iterator[str]:
    """Each image is built once, and what is built here is not looked for in a registry."""
    builders: dict[str, list[str]] = {}
    for name, service in stack.services.items():
        if "build" in service:
            builders.setdefault(service["image"], []).append(name)
    for image, names in builders.items():
        if len(names) > 1:
            yield f"{image} is built by {names}"
    for name, service in stack.services.items():
        if service["image"].startswith("tagout") and service.get("pull_policy") != "never":
            yield f"{name}: a stranger's {service['image']} may be pulled"
    tag = stack.services[DATABASE]["image"].partition(":")[2]
    base = next((stage.base for stage in stack.stages(DATABASE)), "")
    if not tag or not base.startswith(f"postgres:{tag}-"):
        yield f"{DATABASE}: an upgrade of Tagout replaces it: the tag is {tag}, the base {base}"


_OPTIONS = "com.docker.network.bridge."


def _networks(stack: Stack) -> Iterator[str]:
    for name, network in stack.all["networks"].items():
        options = network.get("driver_opts", {})
        if network.get("internal"):
            if options.get(f"{_OPTIONS}inhibit_ipv4") != "true":
                yield f"the network {name} has an address of the host"
        elif name == "front" and options.get(f"{_OPTIONS}enable_ip_masquerade") != "false":
            yield f"from the network {name} one may reach out"


def _safe(stack: Stack, name: str, service: dict[str, Any]) -> Iterator[str]:
    if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", str(service.get("user", ""))):
        yield "runs as root"
    wanted = {"init": True, "read_only": True, "cap_drop": ["ALL"]}
    wanted["security_opt"] = ["no-new-privileges:true"]
    for setting, value in wanted.items():
        if service.get(setting) != value:
            yield f"{setting} is not {value}"
    if "privileged" in service or "cap_add" in service:
        yield "has more rights than it needs"
    if name not in stack.ours:
        bases = [stage.base for stage in stack.stages(name)] or [service["image"]]
        yield from (f"{base} is not pinned" for base in bases if not pinned(base))


def _files(stack: Stack, name: str, service: dict[str, Any]) -> Iterator[str]:
    writable = {mount.partition(":")[0] for mount in service.get("tmpfs", [])}
    for mount in service.get("tmpfs", []):
        if "uid=" in mount or "gid=" in mount or "mode=1777" not in mount:
            yield f"{mount} is written to by owner: some engines know modes only (mode=1777)"
    for folder in (written_by(stack.command(name)) if name in stack.ours else set()) - writable:
        yield f"writes to {folder}, which is read-only"
    for stage in stack.stages(name) if name not in stack.ours else []:
        yield from troubles_of_modes(stage)
        for arguments in stage.all("COPY"):
            *copied, _target = (word for word in arguments.split() if not word.startswith("--"))
            yield from (
                f"{path} does not exist"
                for path in copied
                if not (stack.context(name) / path).exists()
            )
    for mount in service.get("volumes", []):
        source, _, target = mount.partition(":")
        if not source.startswith("./") and name != DATABASE:
            yield f"keeps {source}, although only the database keeps anything"
        if source.startswith("./"):
            yield f"mounts {source}, which keeps the modes of the clone"
            if not (HOME / source).exists():
                yield f"{source} does not exist"
            if not target.endswith(":ro"):
                yield f"may write to {source}"
        elif source not in stack.all["volumes"]:
            yield f"there is no volume {source}"


def _bounds(stack: Stack, name: str, service: dict[str, Any]) -> Iterator[str]:
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    for what in {"cpus", "memory", "pids"} - set(limits):
        yield f"has no limit of {what}"
    if not {"max-size", "max-file"} <= set(service.get("logging", {}).get("options", {})):
        yield "its log may fill the disk"
    stop = int(service.get("stop_grace_period", "0s").rstrip("s"))
    if name in stack.ours and not 0 < stop <= MAX_STOP_SECONDS:
        yield f"has {stop} s to stop"
    command = stack.command(name)
    if int(option_of(command, "--graceful-timeout") or 0) >= stop:
        yield "is killed before its requests have ended"
    if children := int(option_of(command, "--concurrency") or 0):
        needed = children * Config.worker_max_memory_per_child // 1024 + 150
        if _mebibytes(str(limits.get("memory", "0m"))) < needed:
            yield f"needs {needed} MiB before its children are replaced"


def _mebibytes(size: str) -> int:
    return int(size[:-1]) * (1024 if size.endswith("g") else 1)


def _environment(stack: Stack, name: str, service: dict[str, Any]) -> Iterator[str]:
    for variable, value in stack.environment(name).items():
        if not (
            FOREIGN.fullmatch(variable)
            if name not in stack.ours
            else variable.removesuffix("_FILE") in settings_read() | secrets_documented()
        ):
            yield f"nobody reads {variable}"
        if not isinstance(value, str):
            yield f"{variable} is no text"
        elif variable.endswith("_FILE") and value.removeprefix(SECRETS) not in service["secrets"]:
            yield f"{variable} names {value}, which it is not given"
        elif variable in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL"):
            yield f"{variable} is no secret, although it holds a password"
    required = {"PUBLIC_URL", "ALLOWED_HOSTS"}
    required |= {"SECRET_KEY_FILE", "DATABASE_URL_FILE", "REDIS_URL_FILE"}
    if name in stack.ours and (missing := required - set(stack.environment(name))):
        yield f"is not given {sorted(missing)}"


def _secrets(stack: Stack, name: str, service: dict[str, Any]) -> Iterator[str]:
    mounted = set(service.get("secrets", []))
    for secret in mounted - set(stack.all["secrets"]):
        yield f"there is no secret {secret}"
    places = [*stack.environment(name).values(), *stack.command(name)]
    used = {str(place).removeprefix(SECRETS) for place in places}
    for secret in mounted - used:
        yield f"is given {secret} for nothing"
    for secret in sorted(mounted):
        running = [
            service_name
            for service_name, one in stack.services.items()
            if secret in one.get("secrets", []) and "profiles" not in one
        ]
        reader = option_of(stack.command(name), "-Q")
        shared = len(running) > 1 or not reader
        if secret.startswith("azure_") and "profiles" not in service and shared:
            yield f"holds {secret}, which one worker alone may hold"
    if "database_url_owner" in mounted and name not in {MIGRATE, DATABASE}:
        yield "may change tables"
    if "postgres_password" in mounted and name not in {ROLES, DATABASE}:
        yield "may do everything in the database"
    worker = option_of(stack.command(name), "-Q") or name
    if worker in WORKERS and f"database_url_{worker}" not in mounted:
        yield "has no database role of its own"
    for other in set(WORKERS) - {worker}:
        if f"database_url_{other}" in mounted and name != ROLES:
            yield f"holds the database role of {other}"
    if worker in WORKERS and "database_url" in mounted:
        yield "holds the database role of web"


def _waits(stack: Stack, name: str, service: dict[str, Any]) -> Iterator[str]:
    waits = service.get("depends_on", {})
    for other, how in waits.items():
        if other not in stack.services:
            yield f"waits for {other}, which does not exist"
        elif how["condition"] == "service_healthy" and not stack.health(other):
            yield f"waits until {other} is healthy, which nobody asks"
    if name in stack.ours - {MIGRATE}:
        condition = waits.get(MIGRATE, {}).get("condition")
        if condition != "service_completed_successfully":
            yield "does not wait for the migrations"
    once = name in {MIGRATE, ROLES} or service.get("profiles") == ["by-hand"]
    if service.get("restart") != ("no" if once else "unless-stopped"):
        yield f"restarts {service.get('restart')}"


def _network(stack: Stack, name: str, service: dict[str, Any]) -> Iterator[str]:
    networks = stack.all["networks"]
    for network in service.get("networks", ["default"]):
        if network not in networks:
            yield f"there is no network {network}"
    open_ones = [
        network
        for network in service.get("networks", [])
        if not networks.get(network, {}).get("internal")
    ]
    if name not in stack.ours | {PROXY} and open_ones:
        yield f"can be reached from {open_ones}"
    if name == PROXY and service["networks"] != ["front"]:
        yield "reaches more than web"
    if name == BROKER and not any("requirepass" in word for word in stack.command(name)):
        yield "asks for no password"
    bound = {option_of(stack.command(name), "--bind").rpartition(":")[2]} - {""}
    if name == PROXY:
        bound = {port for ports in stack.stages(name)[-1].all("EXPOSE") for port in ports.split()}
    for port in service.get("ports", []):
        if not bound:
            yield "publishes a port"
        elif port.rpartition(":")[2] not in bound:
            yield f"publishes {port} and listens at {sorted(bound)}"


def _health(stack: Stack, name: str, service: dict[str, Any]) -> Iterator[str]:
    words = stack.health(name)
    if service["healthcheck"].get("disable"):
        if service["restart"] != "no":
            yield "nobody asks whether it is well"
        return
    command = stack.command(name)
    if name in stack.ours:
        yield from troubles_of_command(words)
        bound = option_of(command, "--bind").rpartition(":")[2]
        if bound and not any(f":{bound}/" in word for word in words):
            yield f"its health is asked at another port than {bound}"
        touched = stack.environment(name).get("WORKER_ALIVE_PATH")
        asked = option_of(words, "-d") if "-d" in words else None
        if option_of(command, "-n") not in ("", asked) and touched not in words:
            yield "asks another worker whether it is well"
        if "beat" in command and "--enable-remote-control" not in command:
            yield "does not hear the question whether it is well"
    elif (port := option_of(command, "--port")) and port not in words:
        yield f"its health is asked at another port than {port}"


def _commands(stack: Stack, name: str, service: dict[str, Any]) -> Iterator[str]:
    yield from troubles_of_command(stack.command(name))


@cache
def settings_read() -> set[str]:
    """The names that the settings read from the environment."""
    names = set()
    text = "".join(
        (HOME / "portal" / name).read_text() for name in ("settings.py", "runtime/service_urls.py")
    )
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            owner, name = node.func.value, node.args[0]
            if isinstance(owner, ast.Name) and owner.id == "env" and isinstance(name, ast.Constant):
                names.add(str(name.value))
    return names


@cache
def secrets_documented() -> set[str]:
    """The names that docs/operating.md tells workspaces to take their secrets from."""
    text = (HOME / "docs/operating.md").read_text()
    return set(re.findall(r"--secret-env (AZURE_\w+)", text))
