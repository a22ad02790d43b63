"""Reads the settings from the environment. README.md documents every variable; a test compares the two."""

import hashlib
import ipaddress
import os
import secrets
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from whitenoise.compress import Compressor

from boocode.server.environment import Environment
from chats.providers.config import ProviderConfig
from chats.providers.custom_prices import read_prices
from traces.redaction import secrets_of

env = Environment()

BASE_DIR = Path(__file__).resolve().parent.parent
# Beside the packages in a checkout, within this one where BooCode was installed.
_PAGES_DIR = BASE_DIR if (BASE_DIR / "templates").is_dir() else BASE_DIR / "boocode"

# --- What a person sets -------------------------------------------------------------------------

_default_data = Path(env.text("XDG_DATA_HOME", "~/.local/share")) / "boocode"
DATA_DIR = env.folder("BOOCODE_DATA_DIR", str(_default_data))

HOST = env.text("HOST", "127.0.0.1")
PORT = env.number("PORT", 8000, lowest=0, highest=65535)
"""Where it listens; 0 takes a free port. `serve` sets it to the one that it got."""

DEBUG = env.flag("BOOCODE_DEBUG")

ALLOWED_ROOTS = [Path(part).expanduser().resolve() for part in env.parts("BOOCODE_ALLOWED_ROOTS", os.pathsep) or ["~"]]

MODELS = ProviderConfig(
    default_model=env.text("BOOCODE_MODEL"),
    openai_api_key=env.text("OPENAI_API_KEY"),
    openai_base_url=env.web_address("OPENAI_BASE_URL"),
    anthropic_api_key=env.text("ANTHROPIC_API_KEY"),
    anthropic_base_url=env.web_address("ANTHROPIC_BASE_URL"),
    prices=env.file("BOOCODE_PRICES", read_prices, {}),
    own_port=PORT,
    scripts_dir=Path(env.text("BOOCODE_SCRIPTS_DIR")) if env.text("BOOCODE_SCRIPTS_DIR") else None,
)
MAX_STEPS = env.number("BOOCODE_MAX_STEPS", 100)

LEASE_S = env.number("BOOCODE_LEASE_S", 45)
"""After how long without a sign of life a turn's process counts as dead, where several share a database."""

SANDBOX: Any = env.choice("BOOCODE_SANDBOX", "auto", ("auto", "on", "off"))
"""Whether commands run in bubblewrap: `auto` (where it works), `on` (or not at all), `off`."""

CHECK_TIMEOUT_S = env.number("BOOCODE_CHECK_TIMEOUT_S", 180)
"""How long the project's check may take."""

APPROVAL_TIMEOUT_S = env.number("BOOCODE_APPROVAL_TIMEOUT_S", 24 * 60 * 60)
"""How long a call waits for a person before it counts as denied."""

CHECKPOINT_QUOTA_MB = env.number("BOOCODE_CHECKPOINT_QUOTA_MB", 2048)
"""The disk space that a project's checkpoints may take."""

ADMIN_PASSWORD = env.text("BOOCODE_ADMIN_PASSWORD")
"""The password `serve` gives to the user `admin`. Needed to listen on anything but loopback."""

PUBLIC_URL = env.web_address("BOOCODE_PUBLIC_URL", with_path=False)
"""The address people type when a proxy stands in front, e.g. https://boocode.example.org"""

LOG_LEVEL = env.choice("BOOCODE_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))

REDACT = env.pattern("BOOCODE_REDACT")
"""A regular expression: what it matches in tools' inputs and outputs is masked before anything is stored."""

DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'boocode.sqlite3'}")}
DATABASE_POOL = env.number("BOOCODE_DATABASE_POOL", 20)
REDIS_URL = env.redis("REDIS_URL")

env.check()

# --- What follows from it -------------------------------------------------------------------------


def _read_secret_key() -> str:
    """Return the configured key, or one made once and kept in the data directory, readable by its owner only."""
    if configured := env.text("BOOCODE_SECRET_KEY"):
        return configured
    path = DATA_DIR / "secret_key"
    if not path.exists():
        draft = DATA_DIR / f".secret_key-{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):  # another process made one meanwhile
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()


try:
    SECRET_KEY = _read_secret_key()
except (OSError, UnicodeDecodeError) as error:
    raise ImproperlyConfigured(f"{DATA_DIR / 'secret_key'}, which signs cookies, can't be used: {error}.") from None
if not SECRET_KEY:
    raise ImproperlyConfigured(f"{DATA_DIR / 'secret_key'} is empty. Remove it, and a new one is made.")

SECRETS = secrets_of(os.environ) | {SECRET_KEY, ADMIN_PASSWORD, MODELS.openai_api_key, MODELS.anthropic_api_key} - {""}
"""Masked likewise, and in the server's log."""

# --- Traces elsewhere ------------------------------------------------------------------------------------------------

OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or env.text("OTEL_EXPORTER_OTLP_ENDPOINT")
"""Set, each turn is exported there as spans. The exporter reads this and its other variables by itself."""

OTLP_CONTENT = env.text("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT").lower()
OTLP_WITH_CONTENT = OTLP_CONTENT in ("true", "1", "span_only", "span_and_event")
"""Whether spans tell what was said and what the tools were given and gave."""

# --- Which hosts may be named ----------------------------------------------------------------------


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = [*LOOPBACK_HOSTS, *env.parts("BOOCODE_ALLOWED_HOSTS")]
CSRF_TRUSTED_ORIGINS = []
if not is_loopback(HOST) and HOST not in ("0.0.0.0", "::"):  # noqa: S104
    ALLOWED_HOSTS.append(HOST)
if PUBLIC_URL:
    ALLOWED_HOSTS.append(urlsplit(PUBLIC_URL).hostname or "")
    CSRF_TRUSTED_ORIGINS.append(PUBLIC_URL)
    if PUBLIC_URL.startswith("https://"):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True

# Cookies do not see ports, in which instances on one machine differ. Servers behind one proxy share what people type.
_cookie_suffix = urlsplit(PUBLIC_URL).port or "" if PUBLIC_URL else PORT
SESSION_COOKIE_NAME = f"boocode_session_{_cookie_suffix}".rstrip("_")
CSRF_COOKIE_NAME = f"boocode_csrf_{_cookie_suffix}".rstrip("_")
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
    "boocode.web.compression.WholeAnswers",  # adds random bytes against BREACH
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "chats.accounts.login_limits.LoginLimits",
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
        "DIRS": [_PAGES_DIR / "templates"],
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
AXES_LOCKOUT_CALLABLE = "chats.accounts.authentication.answer_lockout"
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

_database = DATABASES["default"]
ON_SQLITE = _database["ENGINE"].endswith("sqlite3")
if ON_SQLITE:
    _database["OPTIONS"] = _database.get("OPTIONS", {}) | {
        # A transaction that reads before it writes fails when another one wrote in between; BEGIN IMMEDIATE waits.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # boocode/server/lifespan.py empties the write-ahead log each second; a writer does it only where nobody does.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
        "PRAGMA wal_autocheckpoint=10000;",
    }
    # Several threads use the test database, each with a connection of its own: it has to be a file.
    _database["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    # Requests run in short-lived threads, so connections are kept in a pool instead of with the thread.
    # Checked when taken from the pool, so that a restart of the database fails no request after it.
    _database["CONN_HEALTH_CHECKS"] = True
    _database["OPTIONS"] = _database.get("OPTIONS", {}) | {
        "pool": {"min_size": 1, "max_size": DATABASE_POOL, "timeout": 5},
        # A process that was frozen in the middle of a transaction would keep its locks from whoever takes over.
        "options": "-c idle_in_transaction_session_timeout=30s",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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
STATICFILES_DIRS = [_PAGES_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "boocode.web.static.ModuleStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")

# --- Pages and API ---------------------------------------------------------------------------------------

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
        "chats.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["chats.accounts.authentication.MayUse"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["boocode.web.parsers.JSONObjectParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    # Which address a request comes from: a proxy adds it to the header, and without one nobody may.
    "NUM_PROXIES": 1 if PUBLIC_URL else 0,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "BooCode",
    "DESCRIPTION": "The REST API of BooCode, a self-hosted coding agent.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api",
    # What a call takes is another shape than what it gives: ids and times are the server's.
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "boocode.web.schema.describe_errors",
    ],
    "SERVE_PERMISSIONS": ["chats.accounts.authentication.MayUse"],
    "ENUM_NAME_OVERRIDES": {
        "ChatStatus": "chats.models.Chat.Status",
        "TurnStatus": "chats.models.Turn.Status",
        "TraceStatus": "traces.models.ToolTrace.Status",
        "ApprovalDecision": "chats.models.Approval.Decision",
        "CallDecision": "snapshots.models.CallStart.Decision",
        "StepStatus": "traces.models.ModelStep.Status",
        "StepPurpose": "traces.models.ModelStep.Purpose",
        "MessageRole": "chats.models.Message.Role",
        "MessageStatus": "chats.models.Message.Status",
        "MessageKind": "chats.web.serializers.MESSAGE_KINDS",
        "ProjectApproval": "chats.models.Project.Approval",
        "Verdict": "chats.models.Rule.Verdict",
        "RemovedKind": "chats.web.serializers.REMOVED_KINDS",
        "CheckpointKind": "snapshots.models.Checkpoint.Kind",
        "CheckpointFilesState": "snapshots.models.Checkpoint.Files",
        "RestorationScope": "snapshots.models.Restoration.Scope",
        "RestorationState": "snapshots.models.Restoration.State",
        "FileChangeStatus": "chats.web.serializers_history.CHANGES",
        "TurnFileStatus": "chats.web.serializers_history.TURN_CHANGES",
        "FileVersionBy": "chats.web.serializers_history.MAKERS",
        "CheckpointBuild": "chats.web.serializers_history.BUILDS",
        "AgentStatus": "snapshots.web.serializers.TURN_STATES",
        "CheckStatus": "snapshots.web.serializers.CHECK_STATES",
        "TodoState": "snapshots.web.serializers.TODO_STATES",
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
        "line": {
            "()": "boocode.server.logs.RedactingFormatter",
            "format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {name: {"level": "WARNING"} for name in ("django", "daphne", "axes")}
    # A request that was refused was told why; the person at the terminal has nothing to do about it.
    | {"django.request": {"level": "ERROR"}, "django.security.DisallowedHost": {"level": "CRITICAL"}}
    # Its tracebacks, one a second, say no more than the relay's one line.
    | {"channels_redis": {"level": "CRITICAL"}},
}
