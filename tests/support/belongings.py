"""One object of every kind, owned by a caller; and all rows, to check that none changed."""

from sqlalchemy import text

from app.db.tables import metadata
from tests.support.action_documents import weather
from tests.support.callers import Caller
from tests.support.fake_upstream import FakeUpstream
from tests.support.replies import Reply
from tests.support.rows import connected
from tests.support.searches import SEARCH, stores
from tests.support.stores import filled
from tests.support.waiting import wait_until

FUNCTION = {"type": "function", "function": {"name": "f"}}
SECRET = "금고의 비밀번호는 사과나무입니다. The vault opens with appletree."
# Tables that change by themselves.
_RESTLESS = {"workers", "message_index_queue", "notifications"}


def belongings(caller: Caller, upstream: FakeUpstream) -> dict[str, str]:
    """Create one object of each kind and return the ids, by their names in paths.

    The run waits for its client, so that anyone with access could answer or cancel it.
    """
    client, http = caller.client, caller.http
    store_id = client.vector_stores.create(name="own").id
    (file_id,) = filled(client, store_id, vault=SECRET).values()
    assistant = client.beta.assistants.create(model="m", tools=[SEARCH], **stores(store_id))
    upstream.reply(Reply.function_calls(("call_1", "f", "{}")))
    answer = {"question": "What opens the vault?", "answer": SECRET}
    right = http.post(f"/assistants/{assistant.id}/answers", json=answer).json()
    path = f"/assistants/{assistant.id}/answers/{right['id']}"
    wait_until(lambda: http.get(path).json()["status"] == "completed")
    said = [{"role": role, "content": SECRET} for role in ("user", "assistant")]
    body = {"assistant_id": assistant.id, "thread": {"messages": said}, "tools": [FUNCTION]}
    run = http.post("/threads/runs", json=body).json()
    (version,) = http.get(f"/assistants/{assistant.id}/versions").json()["data"]
    path = f"/threads/{run['thread_id']}"
    wait_until(lambda: http.get(f"{path}/runs/{run['id']}").json()["status"] == "requires_action")
    (message, _question) = http.get(f"{path}/messages").json()["data"]
    http.post(f"{path}/messages/{message['id']}/feedback", json={"rating": "down"})
    http.post(f"{path}/handover", json={"contact": "the bank"})
    (step,) = http.get(f"{path}/runs/{run['id']}/steps").json()["data"]
    batch = client.vector_stores.file_batches.create_and_poll(store_id, file_ids=[file_id])
    action = http.post("/actions", json={"name": "weather", "document": weather()}).json()
    hook = {"type": "webhook", "address": "https://127.0.0.1/hook"}
    target = http.post("/notification_targets", json=hook).json()
    told = http.post(f"/notification_targets/{target['id']}/test").json()
    secret = http.post("/user_token_secrets").json()
    return {
        "secret_id": secret["id"],
        "target_id": target["id"],
        "notification_id": told["id"],
        "action_id": action["id"],
        "answer_id": right["id"],
        "assistant_id": assistant.id,
        "version": version["id"],
        "thread_id": run["thread_id"],
        "message_id": message["id"],
        "run_id": run["id"],
        "step_id": step["id"],
        "file_id": file_id,
        "vector_store_id": store_id,
        "batch_id": batch.id,
    }


def unknown(object_id: str) -> str:
    """Return an id that looks like this one, but belongs to no object."""
    return object_id[:-4] + ("0000" if not object_id.endswith("0000") else "1111")


def all_rows(database_url: str) -> dict[str, list[str]]:
    """Return every row of every table, except tables that change by themselves."""
    with connected(database_url) as connection:
        return {
            name: sorted(map(repr, map(tuple, connection.execute(text(f"SELECT * FROM {name}")))))
            for name in metadata.tables
            if name not in _RESTLESS
        }
