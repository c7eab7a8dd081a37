"""Opens what decides who may call: keys, sessions, secrets, and what `ADMIN_KEY` changes."""

from dataclasses import dataclass

from app.api.guard import Guard
from app.core.config import Settings
from app.core.lifetimes import Lifetimes
from app.core.rate_limits import RequestCounter
from app.core.sealing import Sealer
from app.core.session_tokens import SessionTokens
from app.db.database import Database
from app.db.secrets import shared_secret
from app.policies import access_rules, configured_access, configured_secret, guard_policy
from app.services.access import AccessService
from app.services.access_directory import AccessDirectory
from app.services.admin_changes import AdminChanges
from app.services.admin_keys import KeyAdmin
from app.services.admin_origins import OriginAdmin
from app.services.admin_projects import ProjectAdmin
from app.services.chat_sessions import ChatSessions
from app.services.user_token_secrets import UserTokenSecrets


@dataclass(frozen=True)
class Access:
    directory: AccessDirectory
    guard: Guard
    service: AccessService
    chat_sessions: ChatSessions
    user_token_secrets: UserTokenSecrets
    admin_projects: ProjectAdmin
    admin_keys: KeyAdmin
    admin_origins: OriginAdmin


async def open_access(
    lifetimes: Lifetimes,
    settings: Settings,
    database: Database,
    counter: RequestCounter,
    sealer: Sealer,
) -> Access:
    directory = AccessDirectory(database)
    lifetimes.closes("keys", directory.close)
    await directory.open()
    tokens = await _session_tokens(settings, database)
    service = AccessService(
        tokens,
        directory,
        access_rules(settings),
        default_assistant_id=settings.assistant_id,
    )
    secrets = UserTokenSecrets(database, sealer, configured_secret(settings))
    changes, configured = AdminChanges(database, directory), configured_access(settings)
    return Access(
        directory=directory,
        guard=Guard(service, counter, guard_policy(settings)),
        service=service,
        chat_sessions=ChatSessions(
            database,
            tokens,
            service,
            secrets,
            default_assistant_id=settings.assistant_id,
        ),
        user_token_secrets=secrets,
        admin_projects=ProjectAdmin(database, changes, configured),
        admin_keys=KeyAdmin(database, changes, configured),
        admin_origins=OriginAdmin(database, changes, configured),
    )


async def _session_tokens(settings: Settings, database: Database) -> SessionTokens:
    secret = await database.transaction(shared_secret, "session tokens")
    return SessionTokens(secret, lifetime_seconds=settings.session_minutes * 60)
