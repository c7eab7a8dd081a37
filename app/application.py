"""The composition root: settings into objects, objects into an application."""

import asyncio
import gc
import logging
import secrets
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from app import __version__
from app.api import root
from app.api.deps import Services
from app.api.errors import register_error_handlers
from app.api.middleware import RequestContext
from app.api.openapi import complete_openapi
from app.api.v1 import api
from app.core.assistants_file import load_assistants
from app.core.config import Settings
from app.core.demo_client import DemoClient
from app.core.embeddings import OpenAIEmbedder
from app.core.model import ModelClient
from app.core.object_store import ObjectStore
from app.core.openai_client import OpenAIResponsesClient
from app.core.signals import on_stop_signal
from app.db.database import Database
from app.engine.executor import Shared
from app.engine.follower import Follower
from app.engine.hub import Hub
from app.engine.images import Images
from app.engine.supervisor import RunSupervisor
from app.engine.tools.file_search import FileSearch
from app.engine.tools.registry import FunctionRegistry, load_functions
from app.engine.tools.toolbox import Toolbox
from app.knowledge.search import Search
from app.knowledge.store_search import StoreSearch
from app.schemas.assistants import Assistant, AssistantCreate
from app.services.assistants import AssistantService
from app.services.chat import ChatService
from app.services.files import FileService
from app.services.ingestion import Ingestor
from app.services.run_policy import RunPolicy
from app.services.run_reads import RunReader
from app.services.runs import RunService
from app.services.threads import MessageService, ThreadService
from app.services.vector_store_files import FileBatchService, VectorStoreFileService
from app.services.vector_stores import VectorStoreService
from app.services.written_assistants import (
    Configured,
    configure_assistants,
    knowledge_is_read,
)

logger = logging.getLogger(__name__)

_DESCRIPTION = """
A self-hosted server for programs written for OpenAI's Assistants API: point `base_url` at
`/api/v1`. For a web page, `POST /api/v1/chat` is the one call it needs.
"""


def create_app(settings: Settings) -> FastAPI:
    """Return the application. Nothing is opened or contacted before it starts.

    Raises `FunctionsError` for a file of functions that can't be used, and `StartError` for one of
    assistants.
    """
    loaded = load_functions(settings.functions_dir)
    functions = FunctionRegistry(loaded, timeout=settings.function_timeout)
    wanted = _configured(settings, loaded)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(settings.database_url, pool_size=settings.database_pool_size)
        await database.start()
        store = ObjectStore(settings.files_url)
        model = _model_client(settings)
        knowledge = _knowledge(settings, database, store)
        tools = Toolbox(functions, [FileSearch(database, knowledge.search)])
        supervisor = _supervisor(settings, database, store, model, tools)
        configured = await configure_assistants(database, store, wanted)
        app.state.services = services = _services(
            settings, database, store, model, supervisor, knowledge, configured
        )
        await supervisor.open()
        services.files.open()
        knowledge.ingestor.open()
        await knowledge_is_read(database, wanted)
        # What is here now stays: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        logger.info("ready: the %s model answers", model.mode)
        loop = asyncio.get_running_loop()
        # The server waits for open streams, and these for their runs: so runs hear of it first.
        with on_stop_signal(lambda: loop.call_soon_threadsafe(supervisor.drain)):
            yield
        await knowledge.close()
        await services.files.close()
        await supervisor.close()
        await model.close()
        database.close()

    app = _Application(
        title="Threadkeeper",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
        max_body_size=settings.max_body_bytes,
    )
    register_error_handlers(app)
    app.include_router(root.routes)
    app.include_router(api)
    complete_openapi(app)
    if settings.cors_origins:
        _let_in(app, settings.cors_origins)
    return app


class _Application(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        # Added as a middleware it would stand inside the framework's own, and miss their answers.
        return RequestContext(super().build_middleware_stack())


def _let_in(app: FastAPI, origins: list[str]) -> None:
    app.add_middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["x-request-id", "x-thread-id", "x-run-id", "openai-poll-after-ms"],
    )


def _operation_id(route: APIRoute) -> str:
    return route.name


def _model_client(settings: Settings) -> ModelClient:
    key = settings.openai_api_key.get_secret_value()
    if not key and not settings.openai_base_url:
        return DemoClient()
    return OpenAIResponsesClient(
        key, settings.openai_base_url, settings.openai_timeout, settings.openai_max_retries
    )


@dataclass(frozen=True)
class _Knowledge:
    """What reads the files of vector stores, and searches in them."""

    embedder: OpenAIEmbedder | None
    ingestor: Ingestor
    search: StoreSearch

    async def close(self) -> None:
        await self.ingestor.close()
        if self.embedder is not None:
            await self.embedder.close()


def _knowledge(settings: Settings, database: Database, store: ObjectStore) -> _Knowledge:
    embedder = _embedder(settings)
    return _Knowledge(
        embedder,
        Ingestor(database, store, embedder, lease_seconds=settings.lease_seconds),
        StoreSearch(database, Search(database, embedder)),
    )


def _embedder(settings: Settings) -> OpenAIEmbedder | None:
    key = settings.openai_api_key.get_secret_value()
    if not settings.embedding_model or not (key or settings.openai_base_url):
        return None
    return OpenAIEmbedder(
        key,
        settings.openai_base_url,
        settings.embedding_model,
        settings.openai_timeout,
        settings.openai_max_retries,
    )


def _supervisor(
    settings: Settings,
    database: Database,
    store: ObjectStore,
    model: ModelClient,
    tools: Toolbox,
) -> RunSupervisor:
    shared = Shared(
        database=database,
        hub=Hub(),
        model=model,
        worker_id=f"worker_{secrets.token_hex(12)}",
        context_window=settings.context_window,
        aliases=settings.model_aliases,
        tools=tools,
        images=Images(database, store),
        max_rounds=settings.max_rounds,
    )
    return RunSupervisor(
        shared,
        lease_seconds=settings.lease_seconds,
        journal_seconds=settings.journal_minutes * 60,
        drain_seconds=settings.shutdown_seconds,
    )


def _services(
    settings: Settings,
    database: Database,
    store: ObjectStore,
    model: ModelClient,
    supervisor: RunSupervisor,
    knowledge: _Knowledge,
    configured: Assistant | None,
) -> Services:
    policy = RunPolicy(
        worker_id=supervisor.worker_id,
        default_assistant_id=settings.assistant_id,
        configured=configured,
        expires_seconds=settings.run_expires_seconds,
        context_window=settings.context_window,
        busy_thread=settings.busy_thread,
    )
    wake = knowledge.ingestor.wake
    follower = Follower(database, supervisor, silence_seconds=settings.stream_keepalive_seconds)
    return Services(
        database=database,
        model_mode=model.mode,
        assistants=AssistantService(database, wake),
        threads=ThreadService(database, supervisor, wake),
        messages=MessageService(database, settings.busy_thread, wake),
        runs=RunService(database, supervisor, follower, policy, wake),
        run_reads=RunReader(
            database, supervisor, follower, poll_wait_seconds=settings.poll_wait_seconds
        ),
        chat=ChatService(database, supervisor, follower, policy),
        files=FileService(database, store, max_bytes=settings.max_file_bytes),
        vector_stores=VectorStoreService(database, knowledge.search, wake),
        vector_store_files=VectorStoreFileService(database, wake),
        file_batches=FileBatchService(database, wake),
        poll_after_ms=settings.poll_after_ms,
    )


def _configured(settings: Settings, functions: Collection[str]) -> Configured:
    file = settings.assistants_file
    default = AssistantCreate(
        model=settings.openai_model,
        name=settings.assistant_name,
        instructions=settings.assistant_instructions,
    )
    written = load_assistants(
        file,
        # By its name, not by whether it was set: a copied `.env.example` sets every default.
        may_be_missing=file == Settings.model_fields["assistants_file"].default,
        model=settings.openai_model,
        functions=functions,
        max_bytes=settings.max_file_bytes,
    )
    return Configured(settings.assistant_id, default, written)
