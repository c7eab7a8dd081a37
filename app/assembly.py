"""Builds the application's objects from the settings, opens them together and closes them."""

import logging
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from app.access import open_access
from app.api.deps import Services
from app.core.assistants_file import load_assistants
from app.core.config import Settings
from app.core.instrumentation import Instrumentation
from app.core.lifetimes import Lifetimes
from app.core.membership import Membership
from app.core.object_store import ObjectStore
from app.core.rate_limits import RequestCounter
from app.core.retirements import Retirements
from app.core.shared_counts import FirstProcess
from app.core.upstream import Upstream
from app.core.upstreams import Upstreams
from app.db import past_ids
from app.engine.follower import Follower
from app.engine.poller import Poller
from app.engine.supervisor import RunSupervisor
from app.engine.tools.functions.registry import FunctionRegistry
from app.engine.tools.functions.tool import Functions
from app.engine.tools.toolbox import Toolbox
from app.knowledge.extraction import log_missing_fence
from app.knowledge.search import Search
from app.knowledge.store_search import StoreSearch
from app.parts import (
    new_delivery,
    new_supervisor,
    open_database,
    open_first_process,
    open_gauges,
    open_interpreter,
    open_sweepers,
)
from app.policies import run_policy, usage_service
from app.providers import (
    embedder,
    ignored_settings,
    model_names,
    most_model_calls,
    sent_names,
)
from app.schemas.assistants import AssistantCreate
from app.services.access_directory import AccessDirectory
from app.services.actions import ActionService
from app.services.adoption import AdoptionService
from app.services.answers import AnswerService
from app.services.assistants import AssistantService
from app.services.chat import ChatService
from app.services.conversations import ConversationService
from app.services.drafts import DraftService
from app.services.exporting import ExportService
from app.services.feedback import FeedbackService
from app.services.files import FileService
from app.services.functions import FunctionService
from app.services.handovers import HandoverService
from app.services.importing import ImportService
from app.services.ingestion import Ingestor
from app.services.insights import InsightService
from app.services.model_lists import ModelLists
from app.services.models import ModelService
from app.services.notifications import NotificationService
from app.services.readiness import Readiness
from app.services.run_reads import RunReader
from app.services.runs import RunService
from app.services.secrets_key import check_secrets_key
from app.services.thread_lists import ThreadListService
from app.services.threads import MessageService, ThreadService
from app.services.vector_store_files import FileBatchService, VectorStoreFileService
from app.services.vector_stores import VectorStoreService
from app.services.written_actions import with_actions
from app.services.written_assistants import (
    Configured,
    configure_assistants,
    knowledge_is_read,
)
from app.storage.file_contents import ContentWriter
from app.storage.file_writer import FileWriter
from app.tools import ActionParts, MakeTool, ToolResources, action_parts

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Running:
    """The running parts: the routes' services, and what reloads and shutdown need."""

    services: Services
    supervisor: RunSupervisor
    writer: FileWriter
    lists: ModelLists
    actions: ActionParts
    # Called when vector stores may have new files to process.
    wake: Callable[[], None]
    directory: AccessDirectory
    # Closes what a reload opens.
    lifetimes: Lifetimes
    # Only in a group of workers.
    first_process: FirstProcess | None


@asynccontextmanager
async def running(
    settings: Settings,
    functions: FunctionRegistry,
    wanted: Configured,
    providers: Sequence[Upstream],
    instruments: Instrumentation,
    tools: Sequence[MakeTool],
    group: Membership,
) -> AsyncIterator[Running]:
    """Open everything in the order of dependencies, and close it in the reverse order.

    Everything that was opened gets closed, even if opening or closing something else fails.
    Raises `StartError`.
    """
    async with Lifetimes() as lifetimes:
        lifetimes.closes("traces", instruments.telemetry.close)
        first_process = await open_first_process(lifetimes, group)
        yield await _opened(
            *(lifetimes, settings, functions, wanted, providers, instruments, tools, first_process)
        )


async def _opened(
    lifetimes: Lifetimes,
    settings: Settings,
    functions: FunctionRegistry,
    wanted: Configured,
    providers: Sequence[Upstream],
    instruments: Instrumentation,
    tools: Sequence[MakeTool],
    first_process: FirstProcess | None,
) -> Running:
    database = await open_database(lifetimes, settings)
    store = ObjectStore(settings.files_url)
    counter = RequestCounter(settings.redis_url, first_process)
    lifetimes.closes("request counter", counter.close)
    retirements = Retirements.load(settings.retired_models)
    upstreams = Upstreams(
        providers, instruments, retirements=retirements, most_calls=most_model_calls(settings)
    )
    close_clients(lifetimes, upstreams)
    embeds = embedder(settings, upstreams)
    if embeds is not None:
        lifetimes.closes("embedding model", embeds.close)
    search = StoreSearch(
        database,
        Search(
            database,
            embeds,
            seconds=settings.search_timeout,
            index_mebibytes=settings.search_index_mib,
        ),
    )
    ingestor = Ingestor(database, store, embeds, lease_seconds=settings.lease_seconds)
    writer = FileWriter(database, store)
    interpreter = await open_interpreter(lifetimes, settings, database)
    resources = ToolResources(database, store, search, writer, interpreter)
    actions = action_parts(
        database,
        allow=settings.actions_allow,
        key=settings.secrets_key.get_secret_value(),
    )
    await check_secrets_key(database, actions.sealer, lost=settings.secrets_key_lost)
    delivery = new_delivery(settings, database, actions, instruments)
    own = Functions(functions, actions.functions)
    toolbox = Toolbox([own, *(make(resources) for make in tools)])
    supervisor = new_supervisor(settings, database, store, upstreams, toolbox, instruments)
    tasks, hub = supervisor.tasks, supervisor.tasks.shared.hub
    neighbours = tasks.shared.neighbours
    poller = Poller(database, hub, neighbours)
    wanted = replace(wanted, written=await with_actions(database, actions.maker, wanted.written))
    if settings.adopt_ids:
        await database.transaction(past_ids.keep_from_now_on)
    configured = await configure_assistants(database, writer, wanted)
    access = await open_access(lifetimes, settings, database, counter, actions.sealer)
    directory = access.directory
    names = name_models(settings, upstreams, wanted, instruments)
    lists = ModelLists(database, upstreams)
    shared = tasks.shared
    policy = run_policy(settings, shared.windows, shared.worker_id, configured, directory)
    tasks.shared.summaries.may_spend = policy.may_spend
    wake = ingestor.wake
    follower = Follower(database, hub, poller, silence_seconds=settings.stream_keepalive_seconds)
    files = FileService(database, store, writer, max_bytes=settings.max_file_bytes)
    lists_threads = ThreadListService(
        database, tasks, files.sweep_soon, search_seconds=settings.search_timeout
    )
    services = Services(
        database=database,
        guard=access.guard,
        access=access.service,
        chat_sessions=access.chat_sessions,
        user_token_secrets=access.user_token_secrets,
        admin_projects=access.admin_projects,
        admin_keys=access.admin_keys,
        admin_origins=access.admin_origins,
        usage=usage_service(settings, database),
        model_mode=upstreams.default.mode,
        models=ModelService(names, upstreams, lists),
        functions=FunctionService(functions),
        readiness=Readiness(
            database, store, upstreams, supervisor, interpreter, instruments.metrics
        ),
        assistants=AssistantService(database, wake),
        drafts=DraftService(database),
        actions=ActionService(database, actions.maker, actions.caller),
        adoption=AdoptionService(
            database,
            enabled=settings.adopt_ids,
            default_assistant_id=settings.assistant_id,
            aliases=settings.assistant_aliases,
        ),
        threads=ThreadService(database, tasks, wake, files.sweep_soon),
        thread_lists=lists_threads,
        messages=MessageService(database, settings.busy_thread, wake),
        feedback=FeedbackService(database),
        conversations=ConversationService(
            database, lists_threads.index_newest, search_seconds=settings.search_timeout
        ),
        insights=InsightService(database, search_seconds=settings.search_timeout),
        answers=AnswerService(database, store, writer, wake),
        runs=RunService(database, tasks, follower, policy, wake),
        run_reads=RunReader(
            database, hub, poller, follower, poll_wait_seconds=settings.poll_wait_seconds
        ),
        chat=ChatService(database, tasks, follower, policy),
        files=files,
        vector_stores=VectorStoreService(database, search, wake),
        vector_store_files=VectorStoreFileService(database, wake),
        file_batches=FileBatchService(database, wake),
        handovers=HandoverService(database, tasks, delivery.wake),
        notifications=NotificationService(
            *(database, actions.client, delivery.mailer, actions.sealer, counter, delivery.wake)
        ),
        exports=ExportService(database, store),
        imports=ImportService(
            database,
            ContentWriter(database, store, writer),
            wake,
            max_file_bytes=settings.max_file_bytes,
        ),
        poll_after_ms=settings.poll_after_ms,
    )
    lifetimes.opens("notices", neighbours)
    lifetimes.closes("runs", supervisor.close)
    await supervisor.open()
    lifetimes.opens("summaries", tasks.shared.summaries)
    open_sweepers(lifetimes, services, retention_days=settings.retention_days)
    lifetimes.opens("model lists", lists)
    log_missing_fence()
    lifetimes.opens("file reader", ingestor)
    lifetimes.opens("notifications", delivery)
    await knowledge_is_read(database, wanted)
    if ignored := ignored_settings(settings, providers):
        logger.warning("PROVIDERS_FILE replaces these settings: %s", ", ".join(ignored))
    logger.info("ready; upstreams: %s", ", ".join(one.place for one in upstreams))
    if first_process is not None:
        open_gauges(lifetimes, database, instruments)
    return Running(
        *(services, supervisor, writer, lists, actions, wake, directory, lifetimes, first_process)
    )


def close_clients(lifetimes: Lifetimes, upstreams: Upstreams) -> None:
    """Close the clients that are new at the shutdown."""
    for upstream in upstreams.new:
        lifetimes.closes(f"upstream {upstream.name}", partial(upstreams.close, upstream))


def name_models(
    settings: Settings, upstreams: Upstreams, wanted: Configured, instruments: Instrumentation
) -> list[str]:
    """Return the configured models, and count tokens by their names."""
    names = model_names(settings, upstreams, wanted)
    instruments.metrics.runs.name_models(sent_names(upstreams, names))
    return names


def configured_assistants(settings: Settings, functions: Collection[str]) -> Configured:
    default = AssistantCreate(
        model=settings.openai_model,
        name=settings.assistant_name,
        instructions=settings.assistant_instructions,
    )
    written = load_assistants(
        settings.assistants_file,
        may_be_missing=settings.may_lack_assistants,
        model=settings.openai_model,
        functions=functions,
        max_bytes=settings.max_file_bytes,
    )
    return Configured(settings.assistant_id, default, written)
