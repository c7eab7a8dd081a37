"""A server to attack, with objects to refer to, and a check of what it has stored."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app.db.tables import metadata
from tests.support.action_documents import weather
from tests.support.callers import Caller
from tests.support.databases import fresh_database
from tests.support.fake_upstream import FakeUpstream
from tests.support.function_calls import call, function_tools
from tests.support.operations import Operation
from tests.support.replies import Reply
from tests.support.rows import connected
from tests.support.server import ThreadServer, thread_server
from tests.support.waiting import wait_until

# A stream that is silent for longer hangs: the server's own pings come later.
ANSWER_SECONDS = 20
_PING_SECONDS = 60
# Tables that change with time, or keep what deletions leave.
_RESTLESS = ("workers", "alembic_version", "past_ids")
_HELLO = {"messages": [{"role": "user", "content": "hello there"}]}


@dataclass
class Target:
    """A server with its own database, files and model, so that other tests are not disturbed."""

    server: ThreadServer
    caller: Caller
    upstream: FakeUpstream
    database_url: str
    files: Path
    ids: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    # Empty if the server has none.
    admin_key: str = ""

    def build_threads(self) -> None:
        """Create an assistant, a thread, and a run that waits for its client's tool outputs."""
        tools = function_tools("look_up")
        self.ids["assistant_id"] = self._made("/assistants", model="m", tools=tools)
        self.ids["version"] = "1"
        name = f"weather-{secrets.token_hex(4)}"
        self.ids["action_id"] = self._made("/actions", name=name, document=weather())
        self.ids["thread_id"] = self._made("/threads", **_HELLO)
        thread = f"/threads/{self.ids['thread_id']}"
        self.ids["message_id"] = self.caller.http.get(f"{thread}/messages").json()["first_id"]
        self.waiting = self._waiting_run()

    def build_stores(self) -> None:
        """Create a vector store with a file that has been read."""
        http = self.caller.http
        form: dict[str, Any] = {"files": {"file": ("a.txt", b"hello")}}
        answer = http.post("/files", data={"purpose": "assistants"}, **form)
        self.ids["file_id"] = answer.json()["id"]
        self.ids["vector_store_id"] = self._made("/vector_stores", name="x")
        batches = f"/vector_stores/{self.ids['vector_store_id']}/file_batches"
        self.ids["batch_id"] = self._made(batches, file_ids=[self.ids["file_id"]])
        batch = f"{batches}/{self.ids['batch_id']}"
        wait_until(lambda: http.get(batch).json()["status"] == "completed")

    def named(self, names: Any) -> dict[str, str]:
        """Return ids that belong together, for a path with parameters of these names.

        A run that waits for its client keeps its thread busy, so other paths get another thread.
        """
        return self.ids | (self.waiting if "run_id" in names else {})

    def path(self, operation: Operation, **instead: str) -> str:
        """Return the operation's path with existing ids, except for those that are given."""
        return operation.at({**self.named(operation.parameters), **instead})

    def shown(self, operation: Operation) -> tuple[str, ...]:
        """Return the header by which the caller may call the operation, if it needs one."""
        key = self.admin_key if operation.is_administrative else self.caller.credential
        return (f"Authorization: Bearer {key}",) if key else ()

    def kept(self) -> dict[str, Any]:
        """Return the number of rows by table, the files, and the number of calls to the model."""
        with connected(self.database_url) as connection:
            rows = {
                table.name: connection.scalar(select(func.count()).select_from(table))
                for table in metadata.sorted_tables
                if table.name not in _RESTLESS
            }
        files = sorted(path.name for path in self.files.rglob("*") if path.is_file())
        return {**rows, "files": files, "asked": len(self.upstream.requests)}

    @contextmanager
    def unmoved(self) -> Iterator[None]:
        """Fail if the block changes what is stored, or the server no longer answers."""
        before = self.kept()
        yield
        assert self.caller.http.get("/health").json()["status"] == "ok"
        wait_until(lambda: self.kept() == before, 5)

    def _waiting_run(self) -> dict[str, str]:
        thread_id = self._made("/threads", **_HELLO)
        self.upstream.reply(Reply.function_calls(call("look_up")))
        runs = f"/threads/{thread_id}/runs"
        run_id = self._made(runs, assistant_id=self.ids["assistant_id"])
        http = self.caller.http
        wait_until(lambda: http.get(f"{runs}/{run_id}").json()["status"] == "requires_action")
        step_id = http.get(f"{runs}/{run_id}/steps").json()["first_id"]
        return {"thread_id": thread_id, "run_id": run_id, "step_id": step_id}

    def _made(self, path: str, **body: Any) -> str:
        made: str = self.caller.http.post(path, json=body).json()["id"]
        return made


@contextmanager
def target_server(
    database_kind: str,
    folder: Path,
    *,
    key: str | None = None,
    admin_key: str = "",
    **settings: Any,
) -> Iterator[Target]:
    """`key`: the key of the server's only project; without it and `admin_key`, it is open."""
    with (
        FakeUpstream.serve() as upstream,
        fresh_database(database_kind, folder) as url,
        thread_server(
            **{
                "database_url": url,
                "database_pool_size": 4,
                "files_url": str(folder / "files"),
                "openai_base_url": upstream.base_url,
                "openai_api_key": "sk-of-the-upstream",
                "openai_max_retries": 0,
                "stream_keepalive_seconds": _PING_SECONDS,
                "shutdown_seconds": 1,
                "api_keys": [f"default:{key}"] if key else [],
                "admin_key": admin_key,
                **settings,
            }
        ) as server,
        closing(Caller(server.base_url, key)) as caller,
    ):
        target = Target(server, caller, upstream, url, folder / "files", admin_key=admin_key)
        target.build_threads()
        target.build_stores()
        yield target
