"""Says what is wrong with a command line of gunicorn, Celery or Python: nothing is started."""

import re
from importlib import import_module
from importlib.util import find_spec

import click
from celery.bin.celery import celery as celery_cli
from django.core.management import get_commands
from django.urls import Resolver404, resolve
from gunicorn.config import Config

from portal.celery import QUEUES

SHARED_MEMORY = "/dev/shm"  # Docker mounts it for every container


def troubles_of_command(command: list[str]) -> list[str]:
    """Everything that could not work, one sentence each."""
    match command:
        case ["gunicorn", *rest]:
            return _gunicorn(rest)
        case ["celery", *rest]:
            return _celery(rest)
        case ["python", "manage.py", name, *_]:
            return [] if name in get_commands() else [f"manage.py knows no command {name}"]
        case ["python", "-m", module, *rest]:
            missing = [] if find_spec(module) else [f"there is no module {module}"]
            urls = [place for place in rest if "://" in place]  # others are files
            return missing + [trouble for url in urls for trouble in _url(url)]
    return [f"nobody knows the command {command}"]


def _url(url: str) -> list[str]:
    try:
        resolve(re.sub(r"^http://127\.0\.0\.1:\d+|\?.*", "", url))
    except Resolver404:
        return [f"no page answers at {url}"]
    return []


def _gunicorn(words: list[str]) -> list[str]:
    try:
        options = Config(prog="gunicorn").parser().parse_args(words)
    except SystemExit:
        return [f"gunicorn does not understand {words}"]
    return _attribute(options.args[0]) if options.args else ["gunicorn is told no application"]


def _celery(words: list[str]) -> list[str]:
    match words:
        case ["--quiet", "-A", where, name, *rest] if name in celery_cli.commands:
            command = celery_cli.commands[name]  # its banner would be no JSON
        case ["-A", where, "inspect" as name, *rest]:
            command = celery_cli.commands[name]
        case _:
            return [f"celery does not understand {words}"]
    try:
        parser = command.make_parser(click.Context(command, info_name=name))
        options, _, _ = parser.parse_args(args=rest)
    except click.ClickException as refusal:
        return [f"celery does not understand: {refusal.format_message()}"]
    queues = str(options.get("queues") or "").split(",")
    unknown = [queue for queue in queues if queue and queue not in QUEUES]
    return [*_attribute(where), *(f"there is no queue {queue}" for queue in unknown)]


def _attribute(where: str) -> list[str]:
    module, _, name = where.partition(":")
    try:
        return [] if hasattr(import_module(module), name) else [f"{module} has no {name}"]
    except ModuleNotFoundError:
        return [f"there is no module {module}"]


def option_of(command: list[str], name: str) -> str:
    """The value behind an option, or nothing."""
    return command[command.index(name) + 1] if name in command[:-1] else ""


def written_by(command: list[str]) -> set[str]:
    """The folders that a command writes to, the shared memory aside."""
    files = {option_of(command, "-s").rpartition("/")[0], option_of(command, "--worker-tmp-dir")}
    return {folder for folder in files if folder and folder != SHARED_MEMORY} | {"/tmp"}
