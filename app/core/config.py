"""The settings; `config_loading.py` reads them.

The environment wins over `.env`; names are the fields' names in capitals. A docstring below is
also the setting's English line in `.env.example` and `docs/settings.md`, and
`docs/settings.ko.toml` has the Korean one: run `scripts/docs.py` after a change.
"""

from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.core.retirements import RetiredModels
from app.core.setting_types import (
    AdminKey,
    Aliases,
    ApiKey,
    AssistantAliases,
    Budgets,
    DatabaseUrl,
    FilesUrl,
    HistoryTokens,
    Hosts,
    HttpUrl,
    ListenUrl,
    LogLevel,
    MailSender,
    Names,
    Networks,
    Origins,
    ProjectKeys,
    ProjectName,
    Rate,
    RedisUrl,
    Required,
    RootPath,
    Seconds,
    SecretsKey,
    UserTokenSecret,
)
from app.domain.access import DEFAULT_PROJECT
from app.domain.hosts import is_loopback


class Settings(BaseSettings):
    """What can be set from outside. Only the composition root reads it."""

    model_config = SettingsConfigDict(
        env_file=".env",
        # Windows editors put a byte order mark before the first name.
        env_file_encoding="utf-8-sig",
        extra="ignore",
        frozen=True,
        str_strip_whitespace=True,
    )

    openai_api_key: ApiKey = SecretStr("")
    """API key for the upstream. Empty: the built-in demo model answers."""
    openai_base_url: Annotated[HttpUrl, Field(repr=False)] = ""
    """Base URL of an upstream with one of OpenAI's APIs, often ending in /v1. Empty: OpenAI."""
    openai_api: Literal["auto", "responses", "chat_completions"] = "auto"
    """API of the upstream. auto: responses, or chat_completions if the upstream lacks it."""
    openai_model: Required = "gpt-5.4-mini"
    """Model of the default assistant."""
    openai_timeout: Seconds = 120
    """Seconds to wait for the upstream's next bytes before a call fails."""
    openai_max_retries: Annotated[int, Field(ge=0, le=10)] = 2
    """How often a failed call to the upstream is retried."""
    max_model_calls: Annotated[int, Field(ge=0)] = 0
    """Calls to models that a process makes at once; new runs beyond it get a 503. 0: as many as
    open files allow, 10,000 at most."""
    model_aliases: Aliases = {}
    """JSON object: model name in a request to the name sent to the upstream."""
    embedding_model: str = ""
    """Model for `/embeddings`, to search vector stores by meaning; builtin: one that runs here.
    Empty: by words only."""
    context_window: Annotated[int, Field(ge=1024)] = 128_000
    """Maximum tokens in a prompt; a thread's oldest messages are left out beyond that."""
    providers_file: str = "providers.yaml"
    """YAML file of upstreams, instead of OPENAI_*. Empty, or the default is missing: none."""
    retired_models: RetiredModels = "switch"
    """What to do about models that OpenAI has shut down: switch to replacements, warn or off."""
    summaries: bool = True
    """true summarises the older messages of a thread when they no longer fit."""
    history_tokens: HistoryTokens = 0
    """Tokens of messages beyond which older ones are summarised, 500 at least. 0: 60 % of
    CONTEXT_WINDOW."""
    summary_model: str = ""
    """Model that writes the summaries. Empty: the model of the thread's run."""

    assistant_id: Required = "asst_default"
    """ID of the default assistant, which answers `/api/v1/chat`."""
    assistant_name: str = "Threadkeeper"
    """Name of the default assistant."""
    assistant_instructions: str = (
        "You are a helpful assistant. Answer in the language of the question."
    )
    """Instructions of the default assistant."""
    assistants_file: str = "assistants.yaml"
    """YAML file of assistants to create at startup. Empty, or the default is missing: none."""

    adopt_ids: bool = False
    """true opens threads and assistants for IDs of another server that are unknown here."""
    assistant_aliases: AssistantAliases = {}
    """With ADOPT_IDS, JSON object: unknown assistant to the one copied. Others: the default."""

    host: Required = "127.0.0.1"
    """Address to listen on. 0.0.0.0 accepts connections from other machines."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8010
    """TCP port to listen on. 0: any free port."""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Processes that serve the port together; more than one needs PostgreSQL."""
    debug: bool = False
    """true restarts the server when its code changes. For development."""
    root_path: RootPath = ""
    """Path prefix at which a proxy serves Threadkeeper, such as /openai-api. Empty: none."""
    trusted_proxies: Networks = []
    """JSON list of proxy addresses or networks whose X-Forwarded-* headers are trusted."""
    cors_origins: Origins = []
    """JSON list of origins whose pages may call the API from a browser."""
    max_body_bytes: Annotated[int, Field(ge=1024)] = 4 * 1024 * 1024
    """Maximum size of a request body in bytes; larger ones get a 413."""
    shutdown_seconds: Annotated[int, Field(ge=0)] = 10
    """Seconds that open requests and runs have to finish when the server stops."""

    api_keys: Annotated[ProjectKeys, Field(repr=False)] = []
    """JSON list of "project:key" entries. Without any key, all who reach the server may call."""
    admin_key: Annotated[AdminKey, Field(repr=False)] = SecretStr("")
    """Key for `/api/v1/admin`, to manage projects and keys while the server runs. Empty: off."""
    allow_open: bool = False
    """true serves other machines without API keys."""
    allowed_hosts: Names = []
    """JSON list of domain names accepted without API keys. IP addresses always are."""
    public_chat: bool = False
    """true lets pages in CORS_ORIGINS chat without a key, each browser in its own threads."""
    public_project: ProjectName = DEFAULT_PROJECT
    """Project that owns the threads of the public chat."""
    public_assistants: Names = []
    """JSON list of assistants the public chat may use. Empty: ASSISTANT_ID only."""
    session_minutes: Annotated[int, Field(ge=1)] = 60
    """Minutes until a visitor's session token must be renewed."""
    user_token_secret: Annotated[UserTokenSecret, Field(repr=False)] = SecretStr("")
    """Signs who a visitor of PUBLIC_PROJECT is, besides the secrets made in the console."""
    public_rate_limit: Rate = "60/minute"
    """Public chat requests per address. Empty or 0: unlimited."""
    public_token_budget: Annotated[int, Field(ge=0)] = 0
    """Tokens per day (UTC) for all visitors of the public chat together. 0: unlimited."""
    public_max_message: Annotated[int, Field(ge=1, le=256_000)] = 8000
    """Maximum characters in a visitor's message."""
    rate_limit: Rate = ""
    """Requests per key and address, such as 60/minute. Empty or 0: unlimited."""
    redis_url: Annotated[RedisUrl, Field(repr=False)] = ""
    """redis://host:6379/0, to share rate limits between servers. Empty: each counts alone."""
    max_concurrent_runs: Annotated[int, Field(ge=0)] = 0
    """Maximum active runs per project. 0: unlimited."""
    token_budgets: Budgets = {}
    """JSON object: project, or * for all others, to its tokens per day (UTC)."""
    retention_days: Annotated[int, Field(ge=0)] = 0
    """Days without a new message after which a thread is deleted. 0: never."""

    database_url: Annotated[DatabaseUrl, Field(repr=False)] = "sqlite:///data/threadkeeper.db"
    """sqlite:///path/to/file or postgresql://user:password@host/name."""
    database_pool_size: Annotated[int, Field(ge=1)] = 8
    """PostgreSQL connections for writing, one thread each; half as many more for reading."""
    database_listen_url: Annotated[ListenUrl, Field(repr=False)] = ""
    """PostgreSQL itself, for notices between servers, if DATABASE_URL is that of a pooler."""
    database_timeout: Seconds = 15
    """Seconds a database job may take on PostgreSQL before its connection is closed."""

    files_url: FilesUrl = "data/files"
    """Where uploaded files are stored: a folder, file:///folder or s3://bucket/prefix."""
    max_file_bytes: Annotated[int, Field(ge=1)] = 512 * 1024 * 1024
    """Maximum size of an uploaded file in bytes; larger ones get a 413."""

    code_interpreter: Literal["auto", "off"] = "auto"
    """auto runs the code that models write, if this system can sandbox it; off never does."""
    code_interpreter_python: str = ""
    """Python of the environment for that code. Empty: `.venv-interpreter` beside the server's."""
    code_interpreter_seconds: Seconds = 120
    """Seconds that one call of the code interpreter may take."""
    code_interpreter_cpu_seconds: Seconds = 60
    """Seconds of CPU time that one call may use."""
    code_interpreter_memory_mib: Annotated[int, Field(ge=64)] = 1024
    """MiB of memory that the code of one session may use."""
    code_interpreter_disk_mib: Annotated[int, Field(ge=1)] = 512
    """MiB that all files of one session may take."""
    code_interpreter_output: Annotated[int, Field(ge=100)] = 20_000
    """Maximum characters of output of one call; the rest is cut."""
    code_interpreter_threads: Annotated[int, Field(ge=1)] = 32
    """Maximum threads of one session."""
    code_interpreter_sessions: Annotated[int, Field(ge=1)] = 10
    """Maximum sessions of one server process; beyond that, the one unused for longest is ended."""
    code_interpreter_idle_minutes: Annotated[int, Field(ge=1)] = 60
    """Minutes without a call after which a session is ended."""

    log_level: LogLevel = "INFO"
    """Lowest level to log: DEBUG, INFO, WARNING or ERROR."""
    log_file: str = "logs/app.log"
    """File that receives the log in addition to the console. Empty: console only."""

    run_expires_seconds: Annotated[int, Field(ge=1)] = 600
    """Seconds after its creation at which an unfinished run expires."""
    busy_thread: Literal["reject", "enqueue", "interrupt"] = "reject"
    """What a new run does on a thread with an active run: reject, enqueue or interrupt."""
    functions_dir: str = "functions"
    """Folder of Python files whose functions assistants may call. Empty: none."""
    function_timeout: Seconds = 30
    """Seconds that one call of a server function may take."""
    actions_allow: Hosts = []
    """JSON list of hosts (or host:port) that actions and webhooks may call by http and in private
    networks."""
    secrets_key: Annotated[SecretsKey, Field(repr=False)] = SecretStr("")
    """Key that encrypts the secrets of actions and webhooks; the same on all servers of a database.
    Empty: one is added to .env with the first secret."""
    secrets_key_lost: Annotated[bool, Field(repr=False)] = False
    """true accepts another SECRETS_KEY: secrets that were stored with the old one are unusable."""

    smtp_host: str = ""
    """Server that sends the e-mails of notifications. Empty: no e-mails."""
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    """Its TCP port: usually 587, or 465 for SMTP_SECURITY=tls."""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted: starttls, tls from its first byte, or none."""
    smtp_user: str = ""
    """User name at that server. Empty: no login."""
    smtp_password: Annotated[SecretStr, Field(repr=False)] = SecretStr("")
    """Password of SMTP_USER."""
    smtp_from: MailSender = ""
    """Sender of the e-mails: support@example.org, or "Support <support@example.org>"."""

    max_rounds: Annotated[int, Field(ge=1)] = 20
    """Maximum rounds per run: calls to the model, each after function calls were answered."""
    search_timeout: Seconds = 10
    """Seconds that a search in vector stores or messages may take."""
    search_index_mib: Annotated[int, Field(ge=0)] = 512
    """MiB of memory per process for the vectors of searched stores. 0: read them every time."""
    poll_after_ms: Annotated[int, Field(ge=1, le=10_000)] = 50
    """Milliseconds OpenAI's SDKs are asked to wait before polling a run again."""
    poll_wait_seconds: Annotated[float, Field(ge=0, le=60)] = 10
    """Seconds that a poll from the SDKs' helpers waits for the run's status to change."""
    lease_seconds: Seconds = 5.0
    """Seconds after which another process takes over the runs of a process that died."""
    stream_keepalive_seconds: Seconds = 15
    """Seconds of silence until a stream sends a comment, so that proxies keep it open."""
    journal_minutes: Annotated[int, Field(ge=1)] = 60
    """Minutes for which the event stream of a finished run can be replayed."""

    @property
    def may_lack_assistants(self) -> bool:
        """Whether nobody asked for `ASSISTANTS_FILE`: it may not be there.

        By its name, not by whether it was set: a copied `.env.example` sets every default.
        """
        default: str = type(self).model_fields["assistants_file"].default
        return self.assistants_file == default

    @property
    def may_lack_providers(self) -> bool:
        """Whether nobody asked for `PROVIDERS_FILE`: it may not be there."""
        default: str = type(self).model_fields["providers_file"].default
        return self.providers_file == default

    @property
    def serves_this_machine_only(self) -> bool:
        """Whether `HOST` is an address or name that other machines can't reach."""
        return is_loopback(self.host.strip("[]").removesuffix("."))


def has_keys(settings: Settings) -> bool:
    """Return whether the settings have a key; if so, the server is never open."""
    return bool(settings.api_keys or settings.admin_key.get_secret_value())
