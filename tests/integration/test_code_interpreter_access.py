"""Whose files code may read, and who may read the files that it makes."""

from typing import Any

import pytest

from tests.support.assistants_files import written
from tests.support.callers import ORIGIN, session_of
from tests.support.code_interpreter import CODE, coding, newest
from tests.support.function_calls import outputs
from tests.support.interpreters import require_interpreter
from tests.support.replies import Reply
from tests.support.stores import uploaded
from tests.support.stream_reader import events_of
from tests.support.talk import error_of

SHOP, BAR = "key-of-the-shop-1234", "key-of-the-bar-12345"
OPEN: Any = {
    "api_keys": [f"shop:{SHOP}", f"bar:{BAR}"],
    "public_chat": True,
    "public_project": "shop",
    "public_assistants": ["asst_code"],
    "cors_origins": [ORIGIN],
    "code_interpreter": "auto",
}
ASSISTANT = """
assistants:
  - id: asst_code
    instructions: Compute.
    tools:
      - code_interpreter
    tool_resources:
      code_interpreter:
        file_ids: [{ids}]
"""
MAKES = """
from PIL import Image
display(Image.new("RGB", (8, 8)))
with open("/mnt/data/made.csv", "w") as file:
    print("a,b", file=file)
"""
LISTS = "import os\nprint(sorted(os.listdir('/mnt/data')))"
LINK = "See sandbox:/mnt/data/made.csv"


@pytest.fixture
def begin(start, tmp_path):
    """Start a server for visitors, whose assistant has these files."""
    require_interpreter()

    def on(*file_ids: str) -> Any:
        text = ASSISTANT.format(ids=", ".join(file_ids))
        return start(**OPEN, assistants_file=written(tmp_path, text))

    return on


def visitor_of(call_as: Any, server: Any) -> Any:
    return call_as(server, session_of(call_as(server)), origin=ORIGIN)


def chat(caller: Any, upstream: Any, code: str, text: str = "Done.", **more: Any) -> str:
    """Chat with a call of this code; return the thread."""
    upstream.reply(coding(code), Reply.text(text))
    said = caller.http.post("/chat", json={"message": "q", **more})
    assert said.is_success, said.text
    thread_id: str = said.json()["thread_id"]
    return thread_id


def test_a_visitor_may_read_just_what_was_made_for_their_thread(begin, call_as, upstream):
    server = begin()
    visitor, owner = visitor_of(call_as, server), call_as(server, SHOP)
    picture, text = newest(visitor.http, chat(visitor, upstream, MAKES, LINK))["content"]
    (link,) = text["text"]["annotations"]
    ids = [picture["image_file"]["file_id"], link["file_path"]["file_id"]]
    for file_id in ids:
        for caller in (visitor, owner):
            file = caller.http.get(f"/files/{file_id}").json()
            assert file["purpose"] == "assistants_output"
            assert len(caller.http.get(f"/files/{file_id}/content").content) == file["bytes"]
        for stranger in (visitor_of(call_as, server), call_as(server, BAR)):
            error_of(stranger.http.get(f"/files/{file_id}"), 404)
            error_of(stranger.http.get(f"/files/{file_id}/content"), 404)
    assert [file["id"] for file in owner.http.get("/files").json()["data"]] == ids[::-1]


def test_code_of_a_visitor_reads_the_assistants_files_and_no_others(begin, call_as, upstream):
    owner = call_as(begin(), SHOP)
    given = uploaded(owner.client, "of the assistant", "given.txt")
    server = begin(given)
    owner = call_as(server, SHOP)
    visitor = visitor_of(call_as, server)
    thread_id = chat(visitor, upstream, LISTS)
    # Its project's owner can name any file of theirs for the thread, but code can't read it there.
    secret = uploaded(owner.client, "of the project", "secret.txt")
    resources = {"tool_resources": {"code_interpreter": {"file_ids": [secret]}}}
    assert owner.http.post(f"/threads/{thread_id}", json=resources).is_success
    chat(visitor, upstream, LISTS, thread_id=thread_id)
    listed = f"{sorted([given, 'given.txt'])}"
    assert [outputs(upstream, 1), outputs(upstream, 3)] == [[listed], [listed]]
    offered = [request.body["tools"][0]["description"] for request in upstream.requests]
    assert all("given.txt" in one and "secret.txt" not in one for one in offered)


def test_another_projects_file_is_not_read_even_if_it_is_named(begin, call_as, upstream):
    """The assistants file may name any id: it is checked when it is used."""
    bar = call_as(begin(), BAR)
    theirs = uploaded(bar.client, "of the bar", "theirs.txt")
    server = begin(theirs)
    for credential in (SHOP, BAR):
        caller = call_as(server, credential)
        chat(caller, upstream, LISTS, assistant_id="asst_code")
    assert outputs(upstream, 1) == ["[]"]
    assert outputs(upstream, 3) == [f"{sorted([theirs, 'theirs.txt'])}"]


def test_what_was_made_goes_with_the_thread(begin, call_as, upstream):
    server = begin()
    visitor, owner = visitor_of(call_as, server), call_as(server, SHOP)
    thread_id = chat(visitor, upstream, MAKES, LINK)
    assert len(owner.http.get("/files").json()["data"]) == 2
    assert visitor.http.delete(f"/threads/{thread_id}").is_success
    assert owner.http.get("/files").json()["data"] == []


def test_sessions_of_two_threads_are_separate(begin, call_as, upstream):
    server = begin()
    first, second = visitor_of(call_as, server), visitor_of(call_as, server)
    chat(first, upstream, f"x = 'secret'\n{MAKES}", LINK)
    chat(second, upstream, f"print('x' in globals())\n{LISTS}")
    assert outputs(upstream, 3) == ["False\n[]"]


def test_a_file_attached_by_its_owner_is_read(begin, call_as, upstream):
    owner = call_as(begin(), SHOP)
    file_id = uploaded(owner.client, "mine", "mine.txt")
    attached = {"file_id": file_id, "tools": [CODE]}
    message = {"role": "user", "content": "q", "attachments": [attached]}
    upstream.reply(coding(LISTS), Reply.text("Done."))
    body = {"assistant_id": "asst_code", "thread": {"messages": [message]}}
    events_of(owner.http, "/threads/runs", body)
    assert outputs(upstream) == [f"{sorted([file_id, 'mine.txt'])}"]
