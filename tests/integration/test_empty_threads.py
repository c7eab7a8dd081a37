"""A run needs something to answer: a question, or instructions that say what to do without one."""

import pytest

from tests.support.stream_reader import NotStreamed, events_of
from tests.support.talk import ended, error_of

SAID = {
    "message": "Run creation requires a Thread with a user message or an assistant with "
    "instructions.",
    "type": "invalid_request_error",
    "param": None,
    "code": "invalid_thread",
}
USER = {"role": "user", "content": "hi"}
ASSISTANT = {"role": "assistant", "content": "hi"}


@pytest.fixture
def silent(client):
    """The id of an assistant without instructions."""
    return client.beta.assistants.create(model="m").id


@pytest.mark.parametrize("given", [{}, {"instructions": ""}, {"additional_messages": [ASSISTANT]}])
def test_nothing_to_answer(http, silent, given):
    thread = http.post("/threads").json()
    path = f"/threads/{thread['id']}"
    body = {"assistant_id": silent, **given}
    assert error_of(http.post(f"{path}/runs", json=body)) == SAID
    with pytest.raises(NotStreamed) as refused:
        events_of(http, f"{path}/runs", body)
    assert error_of(refused.value.response) == SAID
    # Nothing of the refused runs is left, their messages included.
    assert http.get(f"{path}/runs").json()["data"] == []
    assert http.get(f"{path}/messages").json()["data"] == []


@pytest.mark.parametrize("thread", [None, {}, {"messages": [ASSISTANT]}])
def test_nothing_to_answer_on_a_new_thread(http, silent, thread):
    before = http.get("/threads").json()["first_id"]
    answer = http.post("/threads/runs", json={"assistant_id": silent, "thread": thread})
    assert error_of(answer) == SAID
    assert http.get("/threads").json()["first_id"] == before


@pytest.mark.parametrize(
    "given",
    [
        {"instructions": "Say hello."},
        {"additional_instructions": "Say hello."},
        {"additional_messages": [USER]},
    ],
)
def test_one_of_them_is_enough(http, upstream, silent, given):
    thread = http.post("/threads").json()
    path = f"/threads/{thread['id']}/runs"
    run = http.post(path, json={"assistant_id": silent, **given}).json()
    assert ended(http, f"{path}/{run['id']}")["status"] == "completed"


def test_an_earlier_question_is_enough(http, upstream, silent):
    body = {"assistant_id": silent, "thread": {"messages": [USER, ASSISTANT]}}
    run = http.post("/threads/runs", json=body).json()
    path = f"/threads/{run['thread_id']}/runs"
    assert ended(http, f"{path}/{run['id']}")["status"] == "completed"
    again = http.post(path, json={"assistant_id": silent}).json()
    assert ended(http, f"{path}/{again['id']}")["status"] == "completed"


def test_the_default_assistant_has_instructions(http, upstream):
    run = http.post("/threads/runs", json={"assistant_id": "asst_default"}).json()
    assert ended(http, f"/threads/{run['thread_id']}/runs/{run['id']}")["status"] == "completed"
