"""OpenAI's stream helpers, sync and async: what their handlers receive about code."""

import pytest

from tests.integration.test_stream_helpers import Caller
from tests.support.code_interpreter import CODE, coding
from tests.support.interpreters import require_interpreter
from tests.support.replies import Reply

SOURCE = "from PIL import Image\nprint('하나')\ndisplay(Image.new('RGB', (8, 8)))"


@pytest.fixture(scope="module")
def code_server(start_shared):
    require_interpreter()
    return start_shared(code_interpreter="auto")


@pytest.fixture(params=["sync", "async"])
def caller(request, code_server):
    return Caller(code_server.client, code_server.base_url, request.param)


async def test_input_grows_and_then_outputs_come(caller, upstream):
    assistant = caller.client.beta.assistants.create(model="m", instructions="x", tools=[CODE])
    upstream.reply(coding(SOURCE).in_pieces(9), Reply.text("Here."))
    final = await caller.stream("create_and_run_stream", assistant_id=assistant.id)
    inputs = [delta.input for delta in final.handler.code if delta.input]
    outputs = [output for delta in final.handler.code for output in delta.outputs or []]
    assert ("".join(inputs), len(inputs) > 1) == (SOURCE, True)
    assert [(output.index, output.type) for output in outputs] == [(0, "logs"), (1, "image")]
    assert final.handler.calls[:3] == ["run_step_created", "tool_call_created", "tool_call_done"]
    assert "exception" not in final.handler.calls
    step, said = final.steps
    (call,) = step.step_details.tool_calls
    assert call.code_interpreter.input == SOURCE
    assert [output.type for output in call.code_interpreter.outputs] == ["logs", "image"]
    assert call.code_interpreter.outputs[0].logs == "하나\n"
    assert said.type == "message_creation"
    (message,) = final.messages
    assert [part.type for part in message.content] == ["image_file", "text"]
