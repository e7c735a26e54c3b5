"""`check --deploy`: names each setting that a production installation must give or change."""

import os
import re
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register
from django.db import DatabaseError, connection

from portal.backup.services.rights import restrictions_of
from portal.runtime.apply_worker_rights import (
    Right,
    differing_bounds,
    differing_rights,
    missing_roles,
)

WANTED = {
    "DATABASE_URL": "The database is the embedded one. Set DATABASE_URL to a PostgreSQL 18 server.",
    "REDIS_URL": "The broker is the embedded one. Set REDIS_URL to a Redis-protocol server.",
    "SECRET_KEY": "The secret key is this data folder's own. Set SECRET_KEY, the same everywhere.",
    "ALLOWED_HOSTS": "Only localhost is served. Set ALLOWED_HOSTS to the names people use.",
    "TRUSTED_PROXIES": "Everybody would sign in from the address of the proxy in front. Set"
    " TRUSTED_PROXIES to how many proxies there are; 0 says that there is none.",
    "EMAIL_URL": "Mails go nowhere. Set EMAIL_URL to a mail server (smtp://…).",
}

RIGHTS = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"]
_LEFT = re.compile(r"SELECT others_may\('(\w+)', '([A-Z, ]*)'\)")
_EXCESS_RIGHTS = """
SELECT c.relname, held FROM pg_class c CROSS JOIN unnest(%s::text[]) held
WHERE c.oid = ANY(SELECT to_regclass(name) FROM unnest(%s::text[]) name)
    AND NOT pg_has_role(c.relowner, 'MEMBER') AND has_table_privilege(c.oid, held)
ORDER BY 1, 2"""

_LIMIT = re.compile(r"-c ((?:statement|lock)_timeout)=(\d+)")
_LIMITS_IN_FORCE = "SELECT name, setting::bigint FROM pg_settings WHERE name = ANY(%s)"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_MAY_REWRITE = """
SELECT has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE') OR pg_has_role(c.relowner, 'MEMBER')
FROM pg_class c WHERE c.oid = 'audit_entry'::regclass"""


@register(deploy=True)
def name_missing_settings(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """One warning a setting."""
    embedded = settings.EMBEDDED
    missing: list[CheckMessage] = [
        Warning(words, id=f"tagout.{name}")
        for name, words in WANTED.items()
        if not (os.environ.get(name) or os.environ.get(f"{name}_FILE"))
        or (embedded and name in {"DATABASE_URL", "REDIS_URL"})
    ]
    return missing


@register(deploy=True)
def warn_about_unsafe_settings(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Return one warning for each setting whose value is not fit for production."""
    warnings = {
        "tagout.PUBLIC_URL": not settings.PUBLIC_URL.startswith("https://")
        and "PUBLIC_URL does not start with https://: cookies and mails would travel open.",
        "tagout.ALLOWED_HOSTS.any": "*" in settings.ALLOWED_HOSTS
        and "ALLOWED_HOSTS is *: requests for any host name are answered."
        " Set it to the names people use.",
        "tagout.TAGOUT_DEMO": settings.DEMO
        and "The demo is switched on, which is for `make demo` only. Remove TAGOUT_DEMO.",
        "tagout.EMAIL_URL.folder": settings.MAIL_FOLDER is not None
        and "Mails stay in a folder, and everybody who is signed in can read them all."
        " Set EMAIL_URL to a mail server (smtp://…).",
        "tagout.EMAIL_URL.tls": _sends_mail_in_clear()
        and "Mails and the password of the mail server travel unencrypted."
        " Add ?tls=1 to EMAIL_URL, or use smtps://.",
    }
    return [Warning(message, id=id) for id, message in warnings.items() if message]


def _sends_mail_in_clear() -> bool:
    """Return whether mail leaves this machine by SMTP without TLS."""
    mailers: dict[str, dict[str, Any]] = settings.MAILERS
    options = mailers["default"].get("OPTIONS", {})
    if "host" not in options or options["host"] in LOOPBACK:
        return False
    return not (options["use_tls"] or options["use_ssl"])


@register(deploy=True)
def name_a_role_that_owns_the_record(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Whether the role of the application could rewrite the audit record. It works so, too."""
    if settings.EMBEDDED:
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute(_MAY_REWRITE)
            (may_rewrite,) = cursor.fetchone()
    except DatabaseError:  # it does not answer, or nothing was migrated yet: others say so
        return []
    if not may_rewrite:
        return []
    return [
        Warning(
            "The role that DATABASE_URL names may rewrite the audit record. Give Tagout a role that"
            " owns no table, and keep the owner for `migrate`: docs/operating.md, “Roles”.",
            id="tagout.DATABASE_ROLE",
        )
    ]


@register(deploy=True)
def name_limits_that_are_not_in_force(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Whether the server holds statements to the limits that each connection asks for. A pooler in
    between may drop them without a word.
    """
    options: Any = settings.DATABASES["default"].get("OPTIONS", {})
    asked = {name: int(limit) for name, limit in _LIMIT.findall(options.get("options", ""))}
    try:
        with connection.cursor() as cursor:
            cursor.execute(_LIMITS_IN_FORCE, [list(asked)])
            in_force: dict[str, int] = dict(cursor.fetchall())
    except DatabaseError:  # as above
        return []
    other = [name for name, limit in asked.items() if in_force.get(name) != limit]
    if not other:
        return []
    found = ", ".join(f"{name} is {in_force.get(name)} ms, not {asked[name]}" for name in other)
    return [
        Warning(
            f"The database does not apply the limits of Tagout's connections: {found}. A pooler"
            " that ignores `options` drops them: let it pass them on, or connect directly.",
            id="tagout.DATABASE_URL.limits",
        )
    ]


@register(deploy=True)
def name_rights_that_migrations_took_away(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Whether somebody has granted the role of the application what migrations took from it."""
    if settings.EMBEDDED:
        return []
    left = {
        found[1]: set(found[2].split(", "))
        for found in map(_LEFT.fullmatch, restrictions_of())
        if found
    }
    try:
        with connection.cursor() as cursor:
            cursor.execute(_EXCESS_RIGHTS, [RIGHTS, list(left)])
            rows: list[tuple[str, str]] = cursor.fetchall()
    except DatabaseError:  # as above
        return []
    beyond = [f"{right} in {table}" for table, right in rows if right not in left[table]]
    if not beyond:
        return []
    return [
        Warning(
            f"The role that DATABASE_URL names has rights that migrations took away:"
            f" {', '.join(beyond)}. Run as the owner what docs/operating.md says under “Roles”.",
            id="tagout.DATABASE_ROLE.rights",
        )
    ]


@register(deploy=True)
def name_workers_with_other_rights_than_declared(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Whether each worker has a database role of its own that may do what it needs, no more."""
    if settings.EMBEDDED:
        return []
    try:
        missing = missing_roles()
        beyond, lacking = differing_rights()
        bounds = differing_bounds()
    except DatabaseError:  # as above
        return []
    warnings = {
        "missing": missing
        and "These database roles do not exist, so workers share a role that may write more than"
        f" they need: {', '.join(missing)}. Make them as docs/operating.md says under “Roles”.",
        "rights": (beyond or lacking)
        and f"Workers' database roles {_listed('have needless rights', beyond)}"
        f"{' and ' if beyond and lacking else ''}{_listed('lack rights', lacking)}."
        " Run `migrate` as the owner; rights that come from membership in another role it leaves.",
        "bounds": bounds
        and "What workers' database roles may add is not bounded as declared:"
        f" {', '.join(bounds[:5])}. Run `migrate` as the owner.",
    }
    return [
        Warning(words, id=f"tagout.WORKER_ROLES.{id}") for id, words in warnings.items() if words
    ]


def _listed(words: str, rights: Sequence[Right]) -> str:
    """Return a few of them as text."""
    if not rights:
        return ""
    few = [f"{right.privilege} in {right.relation} ({right.role})" for right in rights[:5]]
    more = f" and {len(rights) - 5} more" if len(rights) > 5 else ""
    return f"{words}: {', '.join(few)}{more}"
