"""Opens single parts of the application: those that need more than their constructor."""

import secrets

from app.api.deps import Services
from app.core.config import Settings
from app.core.instrumentation import Instrumentation
from app.core.lifetimes import Lifetimes
from app.core.mail import Mailer, MailServer
from app.core.membership import Membership
from app.core.memory import regular_return
from app.core.object_store import ObjectStore
from app.core.periodic import Periodic
from app.core.shared_counts import FirstProcess
from app.core.upstreams import Upstreams
from app.db.database import Database
from app.engine.executor import Shared
from app.engine.heartbeat import Heartbeat
from app.engine.hub import Hub
from app.engine.images import Images
from app.engine.neighbours import Neighbours
from app.engine.summaries import Summaries
from app.engine.supervisor import RunSupervisor
from app.engine.tools.code_interpreter.deleted_threads import DeletedThreads
from app.engine.tools.toolbox import Toolbox
from app.engine.windows import Windows
from app.interpreter.interpreter import Interpreter
from app.interpreters import configured_interpreter
from app.services.delivery import Delivery, Senders
from app.services.insight_days import InsightDays
from app.services.retention import Retention
from app.services.trials import Trials
from app.tools import ActionParts

# How often a worker's gauges are written for the others, in seconds.
_GAUGES_EVERY = 5.0


async def open_first_process(lifetimes: Lifetimes, group: Membership) -> FirstProcess | None:
    if group.channel is None:
        return None
    first_process = FirstProcess(group.channel)
    lifetimes.closes("first process", first_process.close)
    await first_process.open()
    return first_process


async def open_database(lifetimes: Lifetimes, settings: Settings) -> Database:
    database = Database(
        settings.database_url,
        pool_size=settings.database_pool_size,
        timeout=settings.database_timeout,
        listen_url=settings.database_listen_url,
    )
    lifetimes.closes("database", database.close)
    await database.start()
    return database


async def open_interpreter(
    lifetimes: Lifetimes, settings: Settings, database: Database
) -> Interpreter:
    interpreter = configured_interpreter(settings)
    lifetimes.closes("code interpreter", interpreter.close)
    await interpreter.open()
    lifetimes.opens("code of deleted threads", DeletedThreads(database, interpreter))
    return interpreter


def new_delivery(
    settings: Settings, database: Database, actions: ActionParts, instruments: Instrumentation
) -> Delivery:
    server = MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
        sender=settings.smtp_from,
    )
    mailer = Mailer(server if settings.smtp_host else None)
    return Delivery(
        database,
        Senders(actions.client, mailer, actions.sealer),
        instruments.metrics.notifications,
        lease_seconds=settings.lease_seconds,
    )


def new_supervisor(
    settings: Settings,
    database: Database,
    store: ObjectStore,
    upstreams: Upstreams,
    tools: Toolbox,
    instruments: Instrumentation,
) -> RunSupervisor:
    worker_id = f"worker_{secrets.token_hex(12)}"
    windows = Windows(upstreams, settings.history_tokens, settings.summaries)
    summaries = Summaries(
        database,
        windows,
        worker_id,
        instruments,
        model=settings.summary_model,
        every=settings.lease_seconds,
    )
    hub = Hub()
    shared = Shared(
        database=database,
        hub=hub,
        upstreams=upstreams,
        worker_id=worker_id,
        tools=tools,
        images=Images(database, store),
        max_rounds=settings.max_rounds,
        instruments=instruments,
        windows=windows,
        summaries=summaries,
        neighbours=Neighbours(database, hub, worker_id),
    )
    heartbeat = Heartbeat(
        database,
        shared.worker_id,
        lease_seconds=settings.lease_seconds,
        journal_seconds=settings.journal_minutes * 60,
        expires_seconds=settings.run_expires_seconds,
    )
    return RunSupervisor(shared, heartbeat, drain_seconds=settings.shutdown_seconds)


def open_gauges(lifetimes: Lifetimes, database: Database, instruments: Instrumentation) -> None:
    """Show the other workers what only this process knows."""

    async def show() -> None:
        instruments.metrics.database_jobs_queued(database.waiting)

    lifetimes.opens("gauges", Periodic("gauges", show, every=_GAUGES_EVERY))


def open_sweepers(lifetimes: Lifetimes, services: Services, *, retention_days: int) -> None:
    database, sweep = services.database, services.files.sweep_soon
    lifetimes.opens("retention", Retention(database, sweep, days=retention_days))
    lifetimes.opens("files", services.files)
    lifetimes.opens("message index", services.thread_lists)
    lifetimes.opens("return of memory", regular_return())
    lifetimes.opens("trials of assistants", Trials(database, sweep))
    lifetimes.opens("counting of days", InsightDays(database))
