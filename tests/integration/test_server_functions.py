"""Functions of the server's own: described to the model, called here, answered to it."""

import logging

import pytest

from tests.support.function_calls import FOLDER, call, function_tools, outputs
from tests.support.replies import Reply
from tests.support.talk import finished, texts

BOTH_APIS = True


@pytest.fixture
def server(start):
    return start(functions_dir=FOLDER, function_timeout=0.3, max_rounds=3)


@pytest.fixture
def client(server):
    return server.client


@pytest.fixture
def http(server):
    return server.http


@pytest.fixture
def run(client):
    """Run a thread with these function tools."""

    def begin(*tools, **options):
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "go"}])
        return finished(client, thread.id, "asst_default", tools=function_tools(*tools), **options)

    return begin


@pytest.mark.parametrize(
    ("calls", "output"),
    [
        (call("double", number=21), "42"),
        (call("double", number=3, times=3), "24"),
        (call("weekday", day="2026-11-20"), '{"day":"2026-11-20","weekday":4}'),
        (call("weekday", day="2026-11-16", language="ko"), '{"day":"2026-11-16","weekday":"월"}'),
        (call("greet", name="세계"), "안녕, 세계"),
        (call("scanned"), "a\ufffdb \ufffd"),
        (call("scanned", nested=True), '{"text":["a\ufffdb \ufffd"]}'),
    ],
)
def test_it_is_called_and_its_output_goes_to_the_model(run, http, upstream, calls, output):
    upstream.reply(Reply.function_calls(calls), Reply.text("Done."))
    ran = run("double", "weekday", "greet", "scanned")
    assert (ran.status, ran.required_action) == ("completed", None)
    assert outputs(upstream) == [output]
    assert texts(http, ran.thread_id)[1:] == [("assistant", "Done.")]


def test_an_error_with_half_a_character_reaches_the_model(run, upstream, caplog):
    # pytest could not send the log, which quotes it, from one of its processes to another.
    caplog.set_level(logging.CRITICAL, logger="app")
    upstream.reply(Reply.function_calls(call("scanned", fails=True)), Reply.text("Done."))
    assert run("scanned").status == "completed"
    assert outputs(upstream) == ["Error: ValueError: a\ufffdb \ufffd"]


def test_its_signature_is_its_schema(run, upstream):
    run("double", "weekday", "greet")
    double, weekday, greet = upstream.requests[0].asked["tools"]
    assert double == {
        "type": "function",
        "name": "double",
        "description": "Double a number, again and again.",
        "parameters": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "number": {
                    "description": "Any number.",
                    "minimum": 0,
                    "title": "Number",
                    "type": "integer",
                },
                "times": {"default": 1, "title": "Times", "type": "integer"},
            },
            "required": ["number"],
        },
        "strict": False,
    }
    assert weekday["parameters"]["properties"]["language"]["enum"] == ["en", "ko"]
    assert "description" not in greet


def test_what_the_assistant_says_of_it_comes_first(run, upstream):
    own = {"type": "object", "properties": {"number": {"type": "integer", "maximum": 9}}}
    run({"name": "double", "description": "Mine.", "parameters": own})
    (told_tool,) = upstream.requests[0].asked["tools"]
    assert (told_tool["parameters"], told_tool["description"]) == (own, "Mine.")


def test_only_what_the_assistant_lists_is_offered(run, upstream):
    run()
    assert "tools" not in upstream.requests[0].asked
    upstream.reply(Reply.function_calls(call("_private")))
    assert run("_private").status == "requires_action", "private functions are not the model's"


@pytest.mark.parametrize(
    ("calls", "error"),
    [
        (call("broken"), "Error: LookupError: no such screen: SCR-9"),
        (call("slow"), "Error: slow did not answer within 0.3 seconds."),
        (call("blocking"), "Error: blocking did not answer within 0.3 seconds."),
        (
            call("double"),
            "Error: the arguments of double are invalid. number: Missing required argument",
        ),
        (
            call("double", number=-1),
            "Error: the arguments of double are invalid. "
            "number: Input should be greater than or equal to 0",
        ),
        (
            call("double", number=1, size=2),
            "Error: the arguments of double are invalid. size: Unexpected keyword argument",
        ),
    ],
    ids=["raises", "too slow", "blocks", "missing", "out of range", "unknown"],
)
def test_the_model_reads_what_went_wrong(run, upstream, calls, error):
    upstream.reply(Reply.function_calls(calls))
    assert run("double", "broken", "slow", "blocking").status == "completed"
    assert outputs(upstream) == [error]


def test_arguments_that_are_no_json(run, upstream):
    upstream.reply(Reply.function_calls(("call_1", "double", '{"number": ')))
    assert run("double").status == "completed"
    (error,) = outputs(upstream)
    assert error.startswith("Error: the arguments of double are invalid.")
