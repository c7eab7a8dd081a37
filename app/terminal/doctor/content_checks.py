"""What the operator wrote: functions for the model, and assistants."""

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
    """Read the functions and the file of assistants as the start does."""
    try:
        functions = load_functions(settings.functions_dir)
    except FunctionsError as error:
        return [failure("functions", Said(str(error), str(error)), _MEND_FUNCTIONS)]
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
            failure("assistants", Said(line, line), _MEND_ASSISTANTS)
            for line in str(error).splitlines()
        ]
    if not written:
        return [ok("assistants", _NO_ASSISTANTS)]
    found = ok("assistants", _ASSISTANTS.filled(count=len(written), file=file))
    return [found, *asyncio.run(_knowledge(written))]


async def _knowledge(written: Sequence[WrittenAssistant]) -> list[Finding]:
    """Read every file of knowledge as the server would, once each."""
    users: dict[Path, tuple[KnowledgeFile, list[str]]] = {}
    for assistant in written:
        for file in assistant.knowledge:
            users.setdefault(file.path, (file, []))[1].append(assistant.id)
    if not users:
        return []
    # Each is read by a process of its own, which takes a core.
    room = asyncio.Semaphore(2)
    reasons = await asyncio.gather(*(_fault(file, room) for file, _ in users.values()))
    faults = [
        warning(
            "knowledge",
            _UNREAD.filled(file=file.name, assistants=", ".join(ids), reason=reason),
            _MEND_KNOWLEDGE,
        )
        for (file, ids), reason in zip(users.values(), reasons, strict=True)
        if reason
    ]
    return faults or [ok("knowledge", _KNOWLEDGE.filled(count=len(users)))]


async def _fault(file: KnowledgeFile, room: asyncio.Semaphore) -> str:
    """Return why the file can't be read; empty: it can."""
    async with room:
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
_MEND_FUNCTIONS = Said(
    "Mend the file, or leave FUNCTIONS_DIR empty.", "파일을 고치거나 FUNCTIONS_DIR을 비워 주세요."
)
_ASSISTANTS = Said("{count} assistant(s) in {file}.", "{file}에 어시스턴트가 {count}개 있습니다.")
_KNOWLEDGE = Said(
    "{count} file(s) of the assistants' knowledge can be read.",
    "어시스턴트의 지식 파일 {count}개를 모두 읽을 수 있습니다.",
)
_UNREAD = Said(
    "{file}, knowledge of {assistants}, can't be read: {reason}",
    "{assistants}의 지식 파일 {file}: 읽을 수 없습니다. 이유: {reason}",
)
_MEND_KNOWLEDGE = Said(
    "Save it in a format that is read (docs/files.md lists them), or take it out of the file.",
    "읽을 수 있는 형식(docs/ko/files.md 참고)으로 저장하거나, 어시스턴트 파일에서 빼 주세요.",
)
_NO_ASSISTANTS = Said(
    "There are no assistants but the default one.",
    "기본 어시스턴트 말고 다른 어시스턴트는 없습니다.",
)
_MEND_ASSISTANTS = Said(
    "Mend the file, or leave ASSISTANTS_FILE empty.",
    "파일을 고치거나 ASSISTANTS_FILE을 비워 주세요.",
)
