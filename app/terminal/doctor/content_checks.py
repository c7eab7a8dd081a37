"""Checks of what the operator wrote: functions and assistants."""

import asyncio
from collections.abc import Collection, Sequence
from pathlib import Path

from app.core.assistants_file import KnowledgeFile, WrittenAssistant, load_assistants
from app.core.config import Settings
from app.domain.errors import StartError
from app.engine.tools.functions.registry import FunctionsError, load_functions
from app.knowledge.extraction import ExtractionError, extract_text
from app.terminal.doctor.findings import Finding, failure, ok, warning
from app.terminal.language import Said


def content_findings(settings: Settings) -> list[Finding]:
    """Load the functions and the assistants file, as the server does at startup."""
    try:
        functions = load_functions(settings.functions_dir)
    except FunctionsError as error:
        return [failure("functions", Said(str(error), str(error)), _FIX_FUNCTIONS)]
    return [_functions(settings, functions), *_assistants(settings, functions)]


def _functions(settings: Settings, functions: Collection[str]) -> Finding:
    if not settings.functions_dir or not Path(settings.functions_dir).is_dir():
        return ok("functions", _NO_FUNCTIONS)
    said = _FUNCTIONS.filled(count=len(functions), folder=settings.functions_dir)
    return ok("functions", said)


def _assistants(settings: Settings, functions: Collection[str]) -> list[Finding]:
    file = settings.assistants_file
    try:
        written = load_assistants(
            file,
            may_be_missing=settings.may_lack_assistants,
            model=settings.openai_model,
            functions=functions,
            max_bytes=settings.max_file_bytes,
        )
    except StartError as error:
        return [
            failure("assistants", Said(line, line), _FIX_ASSISTANTS)
            for line in str(error).splitlines()
        ]
    if not written:
        return [ok("assistants", _NO_ASSISTANTS)]
    found = ok("assistants", _ASSISTANTS.filled(count=len(written), file=file))
    return [found, *asyncio.run(_knowledge(written))]


async def _knowledge(written: Sequence[WrittenAssistant]) -> list[Finding]:
    """Read each knowledge file once, as the server would."""
    users: dict[Path, tuple[KnowledgeFile, list[str]]] = {}
    for assistant in written:
        for file in assistant.knowledge:
            users.setdefault(file.path, (file, []))[1].append(assistant.id)
    if not users:
        return []
    # Each file is read in a separate process, which keeps a core busy.
    slots = asyncio.Semaphore(2)
    reasons = await asyncio.gather(*(_fault(file, slots) for file, _ in users.values()))
    faults = [
        warning(
            "knowledge",
            _UNREAD.filled(file=file.name, assistants=", ".join(ids), reason=reason),
            _FIX_KNOWLEDGE,
        )
        for (file, ids), reason in zip(users.values(), reasons, strict=True)
        if reason
    ]
    return faults or [ok("knowledge", _KNOWLEDGE.filled(count=len(users)))]


async def _fault(file: KnowledgeFile, slots: asyncio.Semaphore) -> str:
    """Return why the file can't be read; empty if it can."""
    async with slots:
        try:
            await extract_text(file.path, file.path.name)
        except ExtractionError as error:
            return error.message
        except OSError as error:
            return str(error)
    return ""


_FUNCTIONS = Said(
    "{count} function(s) for assistants in {folder}.",
    "{folder}에 어시스턴트가 쓸 함수가 {count}개 있습니다.",
)
_NO_FUNCTIONS = Said("There are no functions for assistants.", "어시스턴트가 쓸 함수가 없습니다.")
_FIX_FUNCTIONS = Said(
    "Fix the file, or leave FUNCTIONS_DIR empty.", "파일을 고치거나 FUNCTIONS_DIR을 비워 주세요."
)
_ASSISTANTS = Said("{count} assistant(s) in {file}.", "{file}에 어시스턴트가 {count}개 있습니다.")
_KNOWLEDGE = Said(
    "All {count} knowledge file(s) of the assistants can be read.",
    "어시스턴트의 지식 파일 {count}개를 모두 읽을 수 있습니다.",
)
_UNREAD = Said(
    "The knowledge file {file} of {assistants} can't be read: {reason}",
    "{assistants}의 지식 파일을 읽을 수 없습니다: {file}. 이유: {reason}",
)
_FIX_KNOWLEDGE = Said(
    "Save it in a supported format (see docs/files.md), or remove it from the assistants file.",
    "지원하는 형식(docs/ko/files.md 참고)으로 저장하거나, 어시스턴트 파일에서 빼 주세요.",
)
_NO_ASSISTANTS = Said(
    "There is only the default assistant.",
    "기본 어시스턴트만 있습니다.",
)
_FIX_ASSISTANTS = Said(
    "Fix the file, or leave ASSISTANTS_FILE empty.",
    "파일을 고치거나 ASSISTANTS_FILE을 비워 주세요.",
)
