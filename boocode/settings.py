"""Settings: one file, read from the environment. Every variable is documented in README.md; a test compares the two."""

import hashlib
import ipaddress
import os
import re
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from whitenoise.compress import Compressor

from chats.providers.config import ProviderConfig
from chats.providers.price_list import Known, read_prices
from traces.redaction import secrets_of

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent

# --- What a person sets -------------------------------------------------------------------------

_default_data = Path(env.str("XDG_DATA_HOME", "~/.local/share")) / "boocode"
DATA_DIR = Path(env.str("BOOCODE_DATA_DIR", "") or _default_data).expanduser().resolve()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

HOST = env.str("HOST", "127.0.0.1")
PORT = env.int("PORT", 8000)
DEBUG = env.bool("BOOCODE_DEBUG", False)

ALLOWED_ROOTS = [
    Path(part).expanduser().resolve()
    for part in env.str("BOOCODE_ALLOWED_ROOTS", "~").split(os.pathsep)
    if part.strip()
]


def _prices(path: str) -> dict[str, Known]:
    """The person's own prices."""
    try:
        return read_prices(Path(path).expanduser().read_text()) if path else {}
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"BOOCODE_PRICES names {path!r}, which cannot be used: {error}.") from None


MODELS = ProviderConfig(
    default_model=env.str("BOOCODE_MODEL", ""),
    openai_api_key=env.str("OPENAI_API_KEY", ""),
    openai_base_url=env.str("OPENAI_BASE_URL", ""),
    anthropic_api_key=env.str("ANTHROPIC_API_KEY", ""),
    anthropic_base_url=env.str("ANTHROPIC_BASE_URL", ""),
    prices=_prices(env.str("BOOCODE_PRICES", "")),
    own_port=PORT,
    scripts_dir=Path(env.str("BOOCODE_SCRIPTS_DIR")) if env.str("BOOCODE_SCRIPTS_DIR", "") else None,
)
MAX_STEPS = env.int("BOOCODE_MAX_STEPS", 100)

LEASE_S = env.int("BOOCODE_LEASE_S", 45)
"""After how long without a sign of life a turn's process counts as dead, where several share a database."""

SANDBOX: Any = env.str("BOOCODE_SANDBOX", "auto").lower()
"""Whether commands run in bubblewrap: `auto` (where it works), `on` (or not at all), `off`."""

if SANDBOX not in ("auto", "on", "off"):
    raise ImproperlyConfigured(f"BOOCODE_SANDBOX is {SANDBOX!r}: set it to auto, on or off.")

CHECK_TIMEOUT_S = env.int("BOOCODE_CHECK_TIMEOUT_S", 180)
"""How long the project's check may take."""

APPROVAL_TIMEOUT_S = env.int("BOOCODE_APPROVAL_TIMEOUT_S", 24 * 60 * 60)
"""How long a call waits for a person before it counts as denied."""

CHECKPOINT_QUOTA_MB = env.int("BOOCODE_CHECKPOINT_QUOTA_MB", 2048)
"""The disk space that a project's checkpoints may take."""

ADMIN_PASSWORD = env.str("BOOCODE_ADMIN_PASSWORD", "")
"""The password `serve` gives to the user `admin`. Needed to listen on anything but loopback."""

PUBLIC_URL = env.str("BOOCODE_PUBLIC_URL", "").rstrip("/")
"""The address people type when a proxy stands in front, e.g. https://boocode.example.org"""

LOG_LEVEL = env.str("BOOCODE_LOG_LEVEL", "INFO").upper()


def _secret_key() -> str:
    """The configured key, or one made once and kept in the data directory, readable by its owner only."""
    if configured := env.str("BOOCODE_SECRET_KEY", ""):
        return configured
    path = DATA_DIR / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    key = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
    return key


SECRET_KEY = _secret_key()

REDACT = env.str("BOOCODE_REDACT", "")
"""A regular expression: what it matches in tools' inputs and outputs is masked before anything is stored."""

SECRETS = secrets_of(os.environ) | {SECRET_KEY, ADMIN_PASSWORD, MODELS.openai_api_key, MODELS.anthropic_api_key} - {""}
"""Masked likewise, and in the server's log."""

try:
    re.compile(REDACT)
except re.error as error:
    raise ImproperlyConfigured(f"BOOCODE_REDACT is no regular expression: {error}.") from None

# --- Traces elsewhere ------------------------------------------------------------------------------------------------

OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "") or env.str("OTEL_EXPORTER_OTLP_ENDPOINT", "")
"""Set, each turn is exported there as spans. The exporter reads this and its other variables by itself."""

OTLP_CONTENT = env.str("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "").lower()
OTLP_WITH_CONTENT = OTLP_CONTENT in ("true", "1", "span_only", "span_and_event")
"""Whether spans tell what was said and what the tools were given and gave."""

# --- Which hosts may be named ----------------------------------------------------------------------


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = [*LOOPBACK_HOSTS, *env.list("BOOCODE_ALLOWED_HOSTS", default=[])]
CSRF_TRUSTED_ORIGINS = []
if not is_loopback(HOST) and HOST not in ("0.0.0.0", "::"):  # noqa: S104
    ALLOWED_HOSTS.append(HOST)
if PUBLIC_URL:
    ALLOWED_HOSTS.append(urlsplit(PUBLIC_URL).hostname or "")
    CSRF_TRUSTED_ORIGINS.append(PUBLIC_URL)
    if PUBLIC_URL.startswith("https://"):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True

# Two instances on one machine differ in the port only, which cookies do not see.
SESSION_COOKIE_NAME = f"boocode_session_{PORT}"
CSRF_COOKIE_NAME = f"boocode_csrf_{PORT}"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30

# --- Django ------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "axes",
    "chats",
    "traces",
    "snapshots",
    "tools",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "boocode.urls"
ASGI_APPLICATION = "boocode.asgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# Ten wrong passwords for a user from one address, then a pause. Both together, so that a stranger locks nobody out.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=5)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "boocode.authentication.login_slowed"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

# --- Data ------------------------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'boocode.sqlite3'}")}
_database = DATABASES["default"]
ON_SQLITE = _database["ENGINE"].endswith("sqlite3")
if ON_SQLITE:
    _database["OPTIONS"] = {
        # A transaction that reads before it writes fails when another one wrote in between; BEGIN IMMEDIATE waits.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # The write-ahead log is emptied beside the writers (database.empty_wal); by one of them only where nobody does.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
        "PRAGMA wal_autocheckpoint=10000;",
    }
    # Several threads use the test database, each with a connection of its own: it has to be a file.
    _database["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    # Requests run in short-lived threads, so connections are kept in a pool instead of with the thread.
    # Checked when taken from the pool, so that a restart of the database fails no request after it.
    _database["CONN_HEALTH_CHECKS"] = True
    _database["OPTIONS"] = {
        "pool": {"min_size": 1, "max_size": env.int("BOOCODE_DATABASE_POOL", 20), "timeout": 20},
        # A process that was frozen in the middle of a transaction would keep its locks from whoever takes over.
        "options": "-c idle_in_transaction_session_timeout=30s",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", "")
if REDIS_URL:
    # Installations that share a Redis number their users alike, and Redis's own databases share what is published.
    _installation = hashlib.sha256(f"{SECRET_KEY} {_database['NAME']}".encode()).hexdigest()[:16]
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": f"boocode-{_installation}"},
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

# --- Static files ------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "boocode.static.ModuleStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")

# --- The web's doors ---------------------------------------------------------------------------------------

from csp.constants import NONCE, NONE, SELF  # noqa: E402

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "boocode.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["boocode.authentication.MayUse"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["boocode.parsers.JSONObjectParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "BooCode",
    "DESCRIPTION": "The REST API of BooCode, a self-hosted coding agent.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["boocode.authentication.MayUse"],
    "ENUM_NAME_OVERRIDES": {
        "ChatStatus": "chats.models.Chat.Status",
        "TurnStatus": "chats.models.Turn.Status",
        "TraceStatus": "traces.models.ToolTrace.Status",
        "StepStatus": "traces.models.ModelStep.Status",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
# A message of 1 MB shall get an answer that says so, not a cut connection.
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "boocode.logs.RedactingFormatter", "format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {name: {"level": "WARNING"} for name in ("django", "daphne", "httpx", "httpx2", "axes")}
    # A request that was refused was told why; the person at the terminal has nothing to do about it.
    | {"django.request": {"level": "ERROR"}, "django.security.DisallowedHost": {"level": "CRITICAL"}},
}
