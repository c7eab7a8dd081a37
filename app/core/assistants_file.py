"""The assistants file: read and validated as a whole; every error has its line number."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from app.core.written_actions import (
    ActionEntry,
    WrittenAction,
    existing_document,
    written_action,
)
from app.core.yaml_faults import Fault, Named, get, items, second_ones
from app.core.yaml_file import read_document, validated
from app.core.yaml_lines import Document
from app.domain.errors import StartError
from app.schemas.assistants import AssistantCreate, AssistantFields
from app.schemas.code_interpreter import (
    CODE_INTERPRETER,
    MAX_CODE_FILES,
    code_files_in,
    runs_code,
)
from app.schemas.common import RequestBody
from app.schemas.file_search import FILE_SEARCH, searches, stores_in
from app.schemas.tools import BUILT_IN, Tool, ToolResources
from app.schemas.vector_stores import MAX_STORE_FILES, ChunkingStrategy, stored_strategy

# The actions of one assistant.
MAX_ACTIONS = 32


@dataclass(frozen=True)
class KnowledgeFile:
    """A file of an assistant. `name` is the path as written in the assistants file."""

    name: str
    path: Path
    size: int
    digest: str


@dataclass(frozen=True)
class WrittenAssistant:
    """An assistant of the file; `place` is its position there, for later errors about it.

    It may search the files of `knowledge` and run code on those of `data`; one may be both.
    `chunking` is how the former are split, in the form that vector stores save.
    """

    id: str
    body: AssistantCreate
    knowledge: tuple[KnowledgeFile, ...]
    data: tuple[KnowledgeFile, ...]
    chunking: dict[str, Any]
    place: str
    # They are offered in addition to the body's tools.
    actions: tuple[WrittenAction, ...] = ()

    @property
    def files(self) -> dict[str, KnowledgeFile]:
        """All of its files, by name."""
        return {file.name: file for file in (*self.knowledge, *self.data)}

    @property
    def content_hash(self) -> str:
        """Changes with anything written about the assistant, and with its files' bytes."""
        knowledge = [(file.name, file.digest) for file in self.knowledge]
        data = [(file.name, file.digest) for file in self.data]
        written = [self.body.model_dump(mode="json"), knowledge, self.chunking]
        # Without data it is what earlier versions have saved.
        written += [data] if data else []
        content = json.dumps(written, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True)
class _Surroundings:
    """What the file is validated against."""

    folder: Path
    functions: Collection[str]
    max_bytes: int


def load_assistants(
    path: str, *, may_be_missing: bool, model: str, functions: Collection[str], max_bytes: int
) -> list[WrittenAssistant]:
    """Return the assistants of the YAML file at `path`; none if the path is empty.

    `model` is the default for assistants that name none, `functions` are those that the server can
    call, and `max_bytes` is the maximum size of a knowledge file. Raises `StartError` with one
    line for each error.
    """
    document = read_document(path, "ASSISTANTS_FILE", may_be_missing=may_be_missing)
    if document is None:
        return []
    surroundings = _Surroundings(Path(path).parent, functions, max_bytes)
    file = validated(_File, path, document, surroundings, _repetitions(document))
    written = []
    for number, entry in enumerate(file.assistants or []):
        here: list[str | int] = ["assistants", number]
        actions = tuple(
            written_action(
                one,
                surroundings.folder,
                f"{path}, line {document.line([*here, 'actions', place])}: "
                f"assistants[{number}].actions[{place}]",
            )
            for place, one in enumerate(entry.actions or [])
        )
        place = f"{path}, line {document.line([*here, 'id'])}"
        written.append(entry.assistant(model, place, actions))
    return written


def named_variables(path: str) -> frozenset[str]:
    """Return the variables that the file names, without checking it; none if it can't be read."""
    try:
        document = read_document(path, "ASSISTANTS_FILE", may_be_missing=True)
    except StartError:
        return frozenset()
    names = (
        get(get(action, "auth"), "secret_env")
        for one in items(document and document.value, "assistants")
        for action in items(one, "actions")
    )
    return frozenset(name for name in names if isinstance(name, str))


def _repetitions(document: Document) -> list[Fault]:
    """Return an error for each repeated id, and for each repeated file of one assistant."""
    assistants = items(document.value, "assistants")
    ids: list[Named] = [
        (["assistants", place, "id"], get(one, "id")) for place, one in enumerate(assistants)
    ]
    faults = [*second_ones(document, ids)]
    actions: list[Named] = [
        (["assistants", place, "actions", number, "name"], get(action, "name"))
        for place, one in enumerate(assistants)
        for number, action in enumerate(items(one, "actions"))
    ]
    faults += second_ones(document, actions)
    for place, one in enumerate(assistants):
        for key in ("knowledge", "data"):
            names: list[Named] = [
                (["assistants", place, key, number], name)
                for number, name in enumerate(items(one, key))
            ]
            faults += second_ones(document, names)
    return faults


# The file's schema


def _surroundings(info: ValidationInfo) -> _Surroundings:
    assert isinstance(info.context, _Surroundings)
    return info.context


def _whole_tool(tool: object, info: ValidationInfo) -> object:
    """Return a tool in the API's form; a plain word names a built-in tool or a function."""
    if not isinstance(tool, str):
        return tool
    if tool in BUILT_IN:
        return {"type": tool}
    if tool in _surroundings(info).functions:
        return {"type": "function", "function": {"name": tool}}
    raise PydanticCustomError(
        "unknown_tool", "there is no tool and no function in FUNCTIONS_DIR with this name"
    )


def _knowledge_file(name: object, info: ValidationInfo) -> KnowledgeFile:
    if not isinstance(name, str) or not name:
        raise PydanticCustomError("path", "should be a path")
    surroundings = _surroundings(info)
    path = surroundings.folder / name
    if not path.is_file():
        raise PydanticCustomError("no_file", "there is no such file next to the assistants file")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PydanticCustomError("unreadable", "the file can't be read") from error
    if size == 0:
        raise PydanticCustomError("empty", "the file is empty")
    if size > surroundings.max_bytes:
        raise PydanticCustomError("too_large", "the file is larger than MAX_FILE_BYTES")
    return KnowledgeFile(name, path, size, digest)


class _Entry(AssistantFields):
    """The API's assistant with an id and files. `model` is optional."""

    tools: list[Annotated[Tool, BeforeValidator(_whole_tool)]] | None = Field(
        default=None, max_length=128
    )
    # As when an assistant is modified: only `knowledge` and `data` store files.
    tool_resources: ToolResources | None = None
    id: Annotated[str, StringConstraints(pattern=r"^asst_[A-Za-z0-9_-]{1,64}$")]
    model: str | None = Field(default=None, min_length=1, max_length=256)
    knowledge: list[Annotated[KnowledgeFile, BeforeValidator(_knowledge_file)]] | None = Field(
        default=None, max_length=MAX_STORE_FILES
    )
    data: list[Annotated[KnowledgeFile, BeforeValidator(_knowledge_file)]] | None = Field(
        default=None, max_length=MAX_CODE_FILES
    )
    # As for a vector store.
    chunking_strategy: ChunkingStrategy | None = None
    actions: list[Annotated[ActionEntry, AfterValidator(existing_document)]] | None = Field(
        default=None, max_length=MAX_ACTIONS
    )

    @field_validator("knowledge")
    @classmethod
    def _can_be_searched(
        cls, files: list[KnowledgeFile] | None, info: ValidationInfo
    ) -> list[KnowledgeFile] | None:
        # Invalid fields are missing from `info.data`; their own errors are reported anyway.
        if not files or "tools" not in info.data:
            return files
        if not searches(tool.type for tool in info.data["tools"] or []):
            raise PydanticCustomError("no_search", f"needs the tool {FILE_SEARCH}")
        resources = info.data.get("tool_resources")
        if resources and stores_in(resources.given()):
            raise PydanticCustomError("both_given", "can't be combined with a vector store's id")
        return files

    @field_validator("data")
    @classmethod
    def _can_be_computed(
        cls, files: list[KnowledgeFile] | None, info: ValidationInfo
    ) -> list[KnowledgeFile] | None:
        if not files or "tools" not in info.data:
            return files
        if not runs_code(tool.type for tool in info.data["tools"] or []):
            raise PydanticCustomError("no_code", f"needs the tool {CODE_INTERPRETER}")
        resources = info.data.get("tool_resources")
        if resources and code_files_in(resources.given()):
            raise PydanticCustomError("both_given", "can't be combined with the ids of files")
        return files

    def assistant(
        self, model: str, place: str, actions: tuple[WrittenAction, ...]
    ) -> WrittenAssistant:
        own = {"id", "knowledge", "data", "chunking_strategy", "actions"}
        fields = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=own)
        body = AssistantCreate.model_validate({"model": model, **fields})
        return WrittenAssistant(
            self.id,
            body,
            tuple(self.knowledge or []),
            tuple(self.data or []),
            stored_strategy(self.chunking_strategy),
            place,
            actions,
        )


class _File(RequestBody):
    assistants: list[_Entry] | None = None
