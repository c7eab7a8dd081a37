"""Code over each model server. This model is too small to write useful code: it is forced to call
the function, and whatever it writes there is run."""

import pytest

from tests.support.code_interpreter import CODE
from tests.support.interpreters import require_interpreter
from tests.support.model_server_commands import FREE
from tests.support.talk import ended

ASKED = "Call code_interpreter with code that prints 6 * 7."


@pytest.mark.parametrize("streamed", [False, True])
def test_code_is_run(target, begin, slots, streamed):
    require_interpreter()
    server = begin(**target.settings(), code_interpreter="auto")
    runs = server.client.beta.threads.runs
    assistant = server.client.beta.assistants.create(model=target.model(FREE), tools=[CODE])
    thread = server.client.beta.threads.create(messages=[{"role": "user", "content": ASKED}])
    asked = {
        **{"thread_id": thread.id, "assistant_id": assistant.id, "tool_choice": CODE},
        "max_completion_tokens": 400,
    }
    if streamed:
        with runs.stream(**asked) as events:
            events.until_done()
            run = events.current_run
    else:
        run = runs.create_and_poll(**asked)
    path = f"/threads/{thread.id}/runs/{run.id}"
    # Its answer may be cut off.
    assert ended(server.http, path)["status"] in ("completed", "incomplete")
    steps = server.http.get(f"{path}/steps", params={"order": "asc"}).json()["data"]
    assert [step["status"] for step in steps[:2]] == ["completed"] * 2
    (call,) = steps[0]["step_details"]["tool_calls"]
    code = call["code_interpreter"]
    assert (call["type"], bool(code["input"])) == ("code_interpreter", True)
    printed = "".join(output.get("logs", "") for output in code["outputs"])
    # The model has read what its code has printed.
    assert (printed.strip() or "(no output)") in slots(FREE).last()["prompt"]
