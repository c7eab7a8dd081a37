"""The protocol's tools that run here, and what they are made from."""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.object_store import ObjectStore
from app.db.database import Database
from app.engine.tools.code_interpreter.tool import CodeInterpreter
from app.engine.tools.file_search.tool import FileSearch
from app.engine.tools.tool import Tool
from app.interpreter.interpreter import Interpreter
from app.knowledge.store_search import StoreSearch
from app.storage.file_writer import FileWriter


@dataclass(frozen=True)
class ToolResources:
    """What tools are built from."""

    database: Database
    store: ObjectStore
    search: StoreSearch
    writer: FileWriter
    interpreter: Interpreter


MakeTool = Callable[[ToolResources], Tool]

# In addition to functions.
TOOLS: tuple[MakeTool, ...] = (
    lambda given: FileSearch(given.database, given.search),
    lambda given: CodeInterpreter(given.database, given.store, given.writer, given.interpreter),
)
