"""Builds the policies for callers from the settings: who may call, do what, and how much.

A reload may change these settings (`app/reloading.py`).
"""

import hashlib
import logging
from collections import Counter

from app.api.guard import GuardPolicy
from app.core.config import Settings, has_keys
from app.db.database import Database
from app.db.rows import AssistantRow
from app.domain.access import DEFAULT_PROJECT
from app.engine.windows import Windows
from app.services.access import AccessRules, Key, PublicChat
from app.services.admin_changes import ConfiguredAccess
from app.services.run_policy import OTHERS, RunPolicy
from app.services.token_budgets import AddedLimits
from app.services.usage import UsageService
from app.services.user_token_secrets import ConfiguredSecret

# The most bytes of a character in JSON (`\\ud83d\\ude00`), and those for the rest of a body.
_BYTES_PER_CHARACTER = 12
_BODY_BYTES = 16 * 1024

logger = logging.getLogger(__name__)


def run_policy(
    settings: Settings,
    windows: Windows,
    worker_id: str,
    configured: AssistantRow | None,
    added: AddedLimits,
) -> RunPolicy:
    return RunPolicy(
        worker_id=worker_id,
        default_assistant_id=settings.assistant_id,
        configured=configured,
        public_assistants=public_assistants(settings),
        expires_seconds=settings.run_expires_seconds,
        upstreams=windows.upstreams,
        windows=windows,
        busy_thread=settings.busy_thread,
        max_concurrent_runs=settings.max_concurrent_runs,
        token_budgets=settings.token_budgets,
        public_token_budget=settings.public_token_budget,
        public_max_message=settings.public_max_message,
        added=added,
    )


def usage_service(settings: Settings, database: Database) -> UsageService:
    return UsageService(database, [key.project for key in settings.api_keys if not key.named])


def keys(settings: Settings) -> list[Key]:
    if any(key.short for key in settings.api_keys):
        logger.warning("some API_KEYS are short enough to be guessed")
    return [Key(key.project, key.digest, key.named) for key in settings.api_keys]


def access_rules(settings: Settings) -> AccessRules:
    admin_key = settings.admin_key.get_secret_value()
    return AccessRules(
        keys=keys(settings),
        public_chat=public_chat(settings),
        admin=hashlib.sha256(admin_key.encode()).digest() if admin_key else None,
    )


def configured_access(settings: Settings) -> ConfiguredAccess:
    """Return what the administration shows of the settings, and can't change."""
    # These exist without a key too: sessions and calls without a key use them.
    counts = Counter({settings.public_project: 0, DEFAULT_PROJECT: 0})
    counts.update(key.project for key in settings.api_keys if key.named)
    budgets = {name: of for name, of in settings.token_budgets.items() if name != OTHERS}
    return ConfiguredAccess(dict(sorted(counts.items())), settings.cors_origins, budgets)


def public_chat(settings: Settings) -> PublicChat | None:
    """Return what sessions may do. Without keys, the server's own pages may always start one.

    Their visitors may then call everything anyway, so sessions only make the widget work there.
    """
    if not settings.public_chat and has_keys(settings):
        return None
    return PublicChat(
        settings.public_project,
        public_assistants(settings),
        own_pages_only=not settings.public_chat,
    )


def configured_secret(settings: Settings) -> ConfiguredSecret:
    return ConfiguredSecret(settings.public_project, settings.user_token_secret.get_secret_value())


def public_assistants(settings: Settings) -> list[str]:
    return settings.public_assistants or [settings.assistant_id]


def guard_policy(settings: Settings) -> GuardPolicy:
    return GuardPolicy(
        rate=settings.rate_limit,
        public_rate=settings.public_rate_limit,
        visitor_body_bytes=settings.public_max_message * _BYTES_PER_CHARACTER + _BODY_BYTES,
        origins=settings.cors_origins,
        local_only=not settings.allow_open,
        open_hosts=[host.lower() for host in settings.allowed_hosts],
    )
