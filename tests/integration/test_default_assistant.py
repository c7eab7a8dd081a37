"""The assistant that is there from the start: the settings make it, and only they change it."""

import pytest

from tests.support.talk import error_of


def test_it_is_what_the_settings_say(start):
    http = start(openai_model="gpt-x", assistant_name="실", assistant_instructions="Be kind.").http
    assistant = http.get("/assistants/asst_default").json()
    assert (assistant["model"], assistant["name"]) == ("gpt-x", "실")
    assert assistant["instructions"] == "Be kind."
    assert http.get("/assistants").json()["data"] == [assistant]


def test_it_follows_the_settings_after_a_restart(start):
    first = start(openai_model="gpt-x")
    before = first.http.get("/assistants/asst_default").json()
    first.stop()
    second = start(openai_model="gpt-y", assistant_name="N", assistant_instructions="I")
    changed = {"model": "gpt-y", "name": "N", "instructions": "I"}
    assert second.http.get("/assistants/asst_default").json() == {**before, **changed}


def test_it_can_not_be_changed_over_the_api(start):
    http = start().http
    before = http.get("/assistants/asst_default").json()
    for response in (
        http.post("/assistants/asst_default", json={"name": "Mine"}),
        http.delete("/assistants/asst_default"),
    ):
        error = error_of(response)
        assert error["code"] == "assistant_is_configured"
        assert "'asst_default'" in error["message"]
    assert http.get("/assistants/asst_default").json() == before


def test_an_assistant_of_the_api_is_used_as_it_is(start, upstream):
    first = start()
    body = {"model": "own", "name": "Own", "instructions": "Mine.", "metadata": {"k": "v"}}
    made = first.http.post("/assistants", json=body).json()
    first.stop()
    http = start(assistant_id=made["id"], assistant_name="Other", openai_model="other").http
    assert http.get(f"/assistants/{made['id']}").json() == made
    assert http.post("/chat", json={"message": "x"}).is_success
    asked = upstream.requests[0].body
    assert (asked["model"], asked["instructions"]) == ("own", "Mine.")
    changed = http.post(f"/assistants/{made['id']}", json={"name": "New"}).json()
    assert changed == {**made, "name": "New"}


@pytest.mark.parametrize("back", [False, True])
def test_one_that_the_settings_left_is_an_ordinary_one(start, back):
    start().stop()
    http = start(assistant_id="asst_second").http
    assert http.post("/assistants/asst_default", json={"name": "Mine"}).json()["name"] == "Mine"
    ids = [assistant["id"] for assistant in http.get("/assistants").json()["data"]]
    assert ids == ["asst_second", "asst_default"]
    if back:
        # What a user has changed meanwhile is not taken away.
        http = start().http
        assert http.get("/assistants/asst_default").json()["name"] == "Mine"


def test_runs_without_a_body_use_the_one_of_the_settings(start):
    http = start(assistant_id="asst_second", openai_model="second").http
    thread_id = http.post("/threads").json()["id"]
    run = http.post(f"/threads/{thread_id}/runs").json()
    assert (run["assistant_id"], run["model"]) == ("asst_second", "second")
