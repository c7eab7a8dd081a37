"""The dependencies that FastAPI injects into the routes."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, cast

from fastapi import Depends, Query, Request

from app.api.attempts import attempt_of
from app.api.guard import Guard
from app.core.model import Mode
from app.db.database import Database
from app.db.paging import Order, Page
from app.domain.access import Caller
from app.domain.errors import InvalidRequest
from app.schemas.steps import INCLUDABLE
from app.services.access import AccessService
from app.services.actions import ActionService
from app.services.admin_keys import KeyAdmin
from app.services.admin_origins import OriginAdmin
from app.services.admin_projects import ProjectAdmin
from app.services.adoption import AdoptionService
from app.services.answers import AnswerService
from app.services.assistants import AssistantService
from app.services.chat import ChatService
from app.services.chat_sessions import ChatSessions
from app.services.conversations import ConversationService
from app.services.drafts import DraftService
from app.services.exporting import ExportService
from app.services.feedback import FeedbackService
from app.services.files import FileService
from app.services.functions import FunctionService
from app.services.handovers import HandoverService
from app.services.importing import ImportService
from app.services.insights import InsightService
from app.services.models import ModelService
from app.services.notifications import NotificationService
from app.services.readiness import Readiness
from app.services.run_reads import RunReader
from app.services.runs import RunService
from app.services.thread_lists import ThreadListService
from app.services.threads import MessageService, ThreadService
from app.services.usage import UsageService
from app.services.user_token_secrets import UserTokenSecrets
from app.services.vector_store_files import FileBatchService, VectorStoreFileService
from app.services.vector_stores import VectorStoreService


@dataclass(frozen=True)
class Services:
    """Everything that the routes call; created at startup and replaced by a reload."""

    database: Database
    guard: Guard
    access: AccessService
    chat_sessions: ChatSessions
    user_token_secrets: UserTokenSecrets
    admin_projects: ProjectAdmin
    admin_keys: KeyAdmin
    admin_origins: OriginAdmin
    usage: UsageService
    model_mode: Mode
    models: ModelService
    functions: FunctionService
    readiness: Readiness
    assistants: AssistantService
    drafts: DraftService
    actions: ActionService
    adoption: AdoptionService
    threads: ThreadService
    thread_lists: ThreadListService
    messages: MessageService
    feedback: FeedbackService
    conversations: ConversationService
    insights: InsightService
    answers: AnswerService
    runs: RunService
    run_reads: RunReader
    chat: ChatService
    files: FileService
    vector_stores: VectorStoreService
    vector_store_files: VectorStoreFileService
    file_batches: FileBatchService
    handovers: HandoverService
    notifications: NotificationService
    exports: ExportService
    imports: ImportService
    poll_after_ms: int


async def _services(request: Request) -> Services:
    return cast(Services, request.app.state.services)


async def _caller(request: Request) -> Caller:
    return cast(Caller, request.state.caller)


async def creator_of(request: Request) -> Caller:
    """Return the caller of a request that creates something, with its attempt."""
    return _with_attempt(request, await request.body())


async def _uploader(request: Request) -> Caller:
    """Return the same for an upload, whose body is read later; see `FileService.create`."""
    return _with_attempt(request, b"")


def _with_attempt(request: Request, body: bytes) -> Caller:
    caller: Caller = request.state.caller
    attempt = attempt_of(request, caller, body)
    return caller if attempt is None else replace(caller, attempt=attempt)


async def _page(
    limit: Annotated[int, Query(ge=1, le=100, description="The maximum number of objects.")] = 20,
    order: Annotated[Order, Query(description="By `created_at`.")] = "desc",
    after: Annotated[str | None, Query(description="Only objects after this id.")] = None,
    before: Annotated[str | None, Query(description="Only objects before this id.")] = None,
) -> Page:
    return Page(limit, order, after, before)


async def _file_page(
    limit: Annotated[
        int, Query(ge=1, le=10_000, description="The maximum number of files.")
    ] = 10_000,
    order: Annotated[Order, Query(description="By `created_at`.")] = "desc",
    after: Annotated[str | None, Query(description="Only files after this id.")] = None,
) -> Page:
    return Page(limit, order, after)


# Only for the OpenAPI document: `_include` checks the values, to refuse others in OpenAI's words.
_INCLUDABLE_TEXT = f"Any of {', '.join(f'`{one}`' for one in INCLUDABLE)}."
_INCLUDABLE_ONLY: dict[str, Any] = {
    "anyOf": [{"type": "array", "items": {"enum": [*INCLUDABLE]}}, {"type": "null"}]
}


async def _include(
    bracketed: Annotated[
        list[str] | None,
        Query(
            alias="include[]",
            description=_INCLUDABLE_TEXT,
            json_schema_extra=_INCLUDABLE_ONLY,
        ),
    ] = None,
    plain: Annotated[
        list[str] | None,
        Query(
            alias="include",
            description="The same as `include[]`, for clients that send it without brackets.",
            json_schema_extra=_INCLUDABLE_ONLY,
        ),
    ] = None,
) -> list[str]:
    """Return the optional parts of steps that the client asks for. Raises `InvalidRequest`."""
    supported = ", ".join(f"'{one}'" for one in INCLUDABLE)
    wanted = [*(bracketed or []), *(plain or [])]
    for value in wanted:
        if value not in INCLUDABLE:
            raise InvalidRequest(
                f"Invalid value: '{value}'. Supported values are: {supported}.",
                param="include",
                code="invalid_value",
            )
    return wanted


IncludeDep = Annotated[list[str], Depends(_include)]
CallerDep = Annotated[Caller, Depends(_caller)]
CreatorDep = Annotated[Caller, Depends(creator_of)]
UploaderDep = Annotated[Caller, Depends(_uploader)]
ServicesDep = Annotated[Services, Depends(_services)]
PageDep = Annotated[Page, Depends(_page)]
FilePageDep = Annotated[Page, Depends(_file_page)]
