"""A tool that runs on the server, in the code interpreter's place."""

from app.tools import TOOLS
from tests.support.function_calls import call
from tests.support.replies import Reply
from tests.support.terminal import succeed
from tests.support.toy_tool import TYPE, Toy

PATH = "sandbox:/mnt/data/drawing.png"
CODE = "first draw second"


def test_the_terminal_names_all_that_it_made(start, upstream):
    server = start(tools=[*TOOLS, Toy])
    body = {"model": "m", "tools": [{"type": TYPE}]}
    assistant_id = server.http.post("/assistants", json=body).json()["id"]
    upstream.reply(
        Reply.function_calls(call(TYPE, "call_1", code=CODE)).in_pieces(3),
        Reply.text(f"Here is [the drawing]({PATH})."),
    )
    said = succeed("chat", "-a", assistant_id, "-m", "Draw.", "--steps", url=server.base_url)
    assert said.startswith(f"Here is [the drawing]({PATH}).\n[image: file-")
    assert "[file: drawing.png (file-" in said
    assert f"> Ran code\n  Code\n    {CODE}\n  Output\n    first\n" in said
    assert said.count("python -m app files download file-") == 3
