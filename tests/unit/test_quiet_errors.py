"""Statements that fail: neither the log nor the answer quotes what a user wrote."""

import logging
from typing import Any

import httpx
import pytest
from sqlalchemy import JSON, Executable, bindparam, text

from app.db.database import Database
from app.db.tables import metadata, threads
from tests.support.talk import error_of
from tests.support.waiting import wait_until

SECRET = "hunter2"
WORDS = f'내 비밀은 "{SECRET}": it\'s (one) & \\u0000 {SECRET}'
ROW: dict[str, Any] = {"created_at": 1, "metadata": {"said": WORDS}, "tool_resources": {}}
NO_TABLE = metadata.tables["steps"].insert().values(id=WORDS, run_id=WORDS, thread_id=WORDS)

EVERYWHERE: dict[str, Executable] = {
    "a key twice": threads.insert().values([{**ROW, "id": WORDS}, {**ROW, "id": WORDS}]),
    "a null": threads.insert().values(id=WORDS, metadata={"said": WORDS}, tool_resources={}),
    "no such owner": NO_TABLE.values(
        assistant_id="a", created_at=1, type="t", status="s", step_details={}, metadata={}
    ),
    "no such table": text("INSERT INTO nowhere VALUES (:words)").bindparams(words=WORDS),
    "no JSON": text("INSERT INTO secrets VALUES ('n', :words)").bindparams(
        bindparam("words", {WORDS: float("inf")}, type_=JSON)
    ),
    "nothing bound": text("SELECT :words, :other").bindparams(words=WORDS),
    "a type that nobody knows": text("SELECT :words").bindparams(words={WORDS}),
}
SQLITE: dict[str, Executable] = {
    "FTS5": text("SELECT 1 FROM message_index WHERE text MATCH :words").bindparams(words=WORDS),
    "FTS5 column": text("SELECT 1 FROM message_index WHERE text MATCH :words").bindparams(
        words=f"{SECRET}: x"
    ),
    "JSON": text("SELECT json_extract(:words, '$.a')").bindparams(words=WORDS),
    "a path": text("SELECT json_extract('{}', :words)").bindparams(words=WORDS),
}
POSTGRESQL: dict[str, Executable] = {
    "JSON": text("SELECT CAST(:words AS json)").bindparams(words=WORDS),
    "a number": text("SELECT CAST(:words AS integer)").bindparams(words=WORDS),
    "a time": text("SELECT CAST(:words AS timestamp)").bindparams(words=WORDS),
    "a query": text("SELECT to_tsquery('simple', :words)").bindparams(words=f"{SECRET} {SECRET}"),
}


@pytest.fixture
async def database(database_url: str) -> Any:
    database = Database(database_url, pool_size=2)
    yield database
    database.close()


@pytest.mark.parametrize("why", [*EVERYWHERE, *SQLITE, *POSTGRESQL])
async def test_a_failing_statement(
    database: Database, database_kind: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    of_kind = SQLITE if database_kind == "sqlite" else POSTGRESQL
    statement = (of_kind | EVERYWHERE).get(why)
    if statement is None:
        pytest.skip("a fault of the other database")
    try:
        await database.transaction(lambda connection: connection.execute(statement).all())
    except Exception as error:
        logging.getLogger("app").exception("it failed: %s", error)
    else:
        pytest.fail("it did not fail")
    assert "Traceback" in caplog.text
    assert SECRET not in caplog.text
    assert "비밀" not in caplog.text


async def test_the_reason_is_still_logged(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)unique constraint") as caught:
        await database.transaction(lambda connection: connection.execute(EVERYWHERE["a key twice"]))
    assert "threads" in str(caught.value)
    assert "INSERT INTO threads" in str(caught.value)


def break_messages(rows: Any) -> None:
    """Let no message be written any more."""
    if rows.dialect.name == "postgresql":
        rows.execute(text("ALTER TABLE messages ADD CHECK (role <> 'user') NOT VALID"))
    else:
        rows.execute(text("ALTER TABLE messages RENAME COLUMN attachments TO attached"))
    rows.commit()


def test_a_message_that_can_not_be_written(start: Any, rows: Any, caplog: Any) -> None:
    server = start()
    thread_id = server.http.post("/threads", json={}).json()["id"]
    break_messages(rows)
    said = {"role": "user", "content": WORDS.replace("\\u0000", "")}
    # Not the checked client: that takes a 500 for a fault of the server.
    http = httpx.Client(base_url=f"{server.base_url}/api/v1", timeout=30)
    answers = [
        http.post(f"/threads/{thread_id}/messages", json=said),
        http.post("/threads", json={"messages": [said]}),
        http.post("/chat", json={"message": said["content"]}),
    ]
    http.close()
    for answer in answers:
        assert error_of(answer, 500)["type"] == "server_error"
        assert SECRET not in answer.text
    wait_until(lambda: caplog.text.count("request failed") == len(answers))
    assert SECRET not in caplog.text
    assert "비밀" not in caplog.text
