"""Tagout's settings, in sections. Every value that may differ between installations is read
through `portal.runtime.env`; docs/operating.md lists them.
"""

import logging
import sys
from pathlib import Path

from django.utils.csp import CSP

from portal.runtime import env, service_urls
from portal.runtime.secret import local_secret
from portal.schedule import QUEUES

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / ".data")))
VERSION = "0.3.0"

# What kind of installation this is

DEBUG = env.flag("DEBUG", default=False)
DEMO = env.flag(
    "TAGOUT_DEMO", default=False
)  # set by `make demo` only: pretend Azure, open mailbox
EMBEDDED = env.flag("TAGOUT_EMBEDDED", default=False)  # set where our own PostgreSQL runs
TESTING = "pytest" in sys.modules
_public = service_urls.public_url()
PUBLIC_URL = _public.geturl().rstrip("/")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL.startswith("https://") else []
# Proxies of ours in front of web: so many entries of X-Forwarded-For, from the right, are true
TRUSTED_PROXIES = env.whole_number("TRUSTED_PROXIES", 0, most=5)
SECRET_KEY = env.text("SECRET_KEY", "") or local_secret(DATA_DIR / "secret-key")

# What is installed

INSTALLED_APPS = [
    "training.labs",
    "training.matrix",
    "training.progress",
    "training.catalog",
    "alerts.dashboards",
    "alerts.readiness",
    "alerts.automation",
    "alerts.intake",
    "alerts.patterns",
    "alerts.suppression",
    "alerts.reviews",
    "alerts.planned_work",
    "alerts.captures",
    "alerts.incidents",
    "alerts.sites",
    "alerts.outbox",
    "alerts.sentinel",
    "portal.exports",
    "portal.api",
    "portal.ui",
    "portal.notifications",
    "portal.jobs",
    "portal.backup",
    "portal.audit",
    "portal.attack",
    "portal.accounts",
    "portal",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django_htmx",
]
# Which room contributes what to the rooms below it. Where order decides, the highest room is first.
WIRING = ["training.wiring", "alerts.wiring", "portal.wiring"]
MIDDLEWARE = [
    # what only adds headers stands outside, so that refusals by those below have them, too
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.ui.middleware.NoStore",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.accounts.sessions.LimitSessions",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.ui.middleware.ReaderTime",
    "portal.ui.middleware.RejectLargeBodies",
    "portal.ui.middleware.SignInAgain",
    "portal.ui.middleware.RejectNulBytes",
    "portal.ui.middleware.ExplainMissingRole",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csrf",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.ui.context.shell",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader"],
                )
            ]
            if not DEBUG
            else ["django.template.loaders.filesystem.Loader"],
        },
    }
]

# The database: the only truth
DATABASES = {"default": service_urls.database()}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}  # reliability G4

# Work in the background (queues and processes: portal/celery.py, periods: portal/schedule.py)

REDIS_URL = service_urls.broker()

# How many workers of a queue there should be, where more than one: `intake=2,outbox=2`
EXPECTED_WORKERS = env.numbers("EXPECTED_WORKERS", QUEUES)
# What a worker touches with each sign of life, for the health check of its container
WORKER_ALIVE_PATH = env.text("WORKER_ALIVE_PATH", "")

# The REST API (portal/api)

REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "portal.api.problems.answer_problem",
    "DEFAULT_SCHEMA_CLASS": "portal.api.schema.ApiSchema",
    "DATETIME_FORMAT": None,  # orjson writes moments, all in one form
}
# drf-spectacular is no installed app: its pages and its command are not ours to offer.
SPECTACULAR_SETTINGS = {
    "TITLE": "Tagout",
    "VERSION": VERSION,
    "DESCRIPTION": "Incidents of Defender for IoT, judged by the plant and the SOC. Times are RFC "
    "3339 in UTC.",
    "LICENSE": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": "/api/v1"}],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SCHEMA_PATH_PREFIX_TRIM": True,
    "SORT_OPERATION_PARAMETERS": False,
    "PATH_CONVERTER_OVERRIDES": {"slug": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"}},
    "GENERIC_ADDITIONAL_PROPERTIES": "bool",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [
        "portal.api.schema.add_shared_parts",
        "portal.api.schema.add_tags",
        "portal.api.schema.add_links",
    ],
}
# of one token, of one person
API_REQUESTS_A_MINUTE = env.whole_number("API_REQUESTS_A_MINUTE", 600, least=1)

# Where the head of the audit record goes every hour (portal/audit/anchors.py)
AUDIT_ANCHOR = service_urls.audit_anchor()

# Where a line goes each minute in which everything is at work (portal/jobs/heartbeat.py)
HEARTBEAT = service_urls.heartbeat()

# The api-version to try first, by endpoint of Sentinel (alerts/sentinel/client/versions.py)
SENTINEL_API_VERSIONS = env.pairs("SENTINEL_API_VERSIONS")

# Captures of incidents: the largest file, all of them together, days after which those of closed
# incidents are removed (0: never)
CAPTURE_MAX_MB = env.whole_number("CAPTURE_MAX_MB", 25, least=1, most=500)
CAPTURES_TOTAL_MB = env.whole_number("CAPTURES_TOTAL_MB", 10_240, least=1)
CAPTURE_DAYS = env.whole_number("CAPTURE_DAYS", 90)

# People and sessions

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
SESSION_ENGINE = "portal.accounts.sessions"  # which also says how long they last
# Two portals on one machine share the cookie jar of "localhost": tell their cookies apart.
# By the prefixes browsers take none that another host of the domain, or a page without TLS, sets.
_https = _public.scheme == "https"
_mark = "" if _https else f"_{_public.port or 80}"
SESSION_COOKIE_NAME = ("__Host-" if _https else "") + "tagout_session" + _mark
CSRF_COOKIE_NAME = ("__Host-" if _https else "") + "tagout_csrf" + _mark
DEVICE_COOKIE_NAME = ("__Secure-" if _https else "") + "tagout_device" + _mark  # of one path

# Security (ui §2.1, reliability §5)

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https
SECURE_SSL_REDIRECT = env.flag("SSL_REDIRECT", default=_https)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "portal.ui.views.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
MAX_REQUEST_BYTES = max(CAPTURE_MAX_MB + 1, 12) * 1024 * 1024  # files and all

# Words and times

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

# Static files

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING or DEBUG
        else "portal.ui.static_files.HashedStaticFiles"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = TESTING or DEBUG

# Mail: smtp://user:password@host:port (smtps:// and ?tls=1 for TLS), file:///folder (demo), console
MAILERS = {"default": service_urls.mailer("locmem://" if TESTING else "console://")}
MAIL_FOLDER = service_urls.mail_folder()
DEFAULT_FROM_EMAIL = service_urls.sender()

# Logs: one line an event, to standard error

LOG_FORMAT = env.choice(
    "LOG_FORMAT", "console" if DEBUG or DEMO or TESTING else "json", ("json", "console")
)
logging.captureWarnings(LOG_FORMAT == "json")  # Python's own are lines of the log, too
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", env.LEVELS)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "portal.runtime.logs.JsonLines"},
        "console": {"()": "portal.runtime.logs.ConsoleLines"},
    },
    "handlers": {
        # here too: a logger with a level of its own, as Django's, asks the root's handlers only
        "stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "level": LOG_LEVEL},
        "evidence": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT},
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # heads of the audit record: no news that a level leaves out
        "portal.audit.anchors": {"handlers": ["evidence"], "level": "INFO", "propagate": False},
        "portal.jobs.heartbeat": {"handlers": ["evidence"], "level": "INFO", "propagate": False},
        "azure": {"level": "WARNING"},  # the SDK logs headers at INFO
        "django.db.backends": {"level": "INFO"},
    },
}
