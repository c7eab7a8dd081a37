"""The terminal command: its languages, its options, and how it fails."""

import json
import os
import subprocess
import sys

import pytest
import typer
from rich.cells import cell_len

from app import __version__
from app.terminal.command_line import app
from app.terminal.wrong_usage import usage_said
from tests.support.server import ThreadServer
from tests.support.terminal import ROOT, at_terminal, fail, other_server, run, succeed

# Nothing listens on it: it is the one that no program can be given.
NOWHERE = "http://127.0.0.1:1"

COMMANDS = [
    ["chat"],
    ["usage"],
    ["doctor"],
    ["backup"],
    ["export"],
    ["import"],
    *(
        ["rescue", layout]
        for layout in (
            *("azure", "chatgpt", "conversations", "gpt", "objects", "openai", "savestate"),
            "table",
        )
    ),
    ["serve"],
    ["assistants", "list"],
    ["assistants", "show"],
    ["threads", "list"],
    ["threads", "show"],
    ["threads", "rate"],
    ["threads", "export"],
    ["threads", "delete"],
    ["files", "list"],
    ["files", "upload"],
    ["files", "download"],
    ["files", "delete"],
    ["person", "export"],
    ["person", "delete"],
    ["projects", "list"],
    ["projects", "create"],
    ["projects", "archive"],
    ["keys", "list"],
    ["keys", "create"],
    ["keys", "revoke"],
]


def is_korean(text: str) -> bool:
    return any("가" <= character <= "힣" for character in text)


def test_version():
    assert succeed("--version") == f"Threadkeeper {__version__}\n"


@pytest.mark.parametrize("command", [[], *COMMANDS], ids=" ".join)
def test_help_speaks_both_languages(command):
    english = succeed(*command, "--help", COLUMNS="100")
    assert "Usage: python -m app" in english
    assert not is_korean(english)
    korean = succeed(*command, "--help", "--language", "ko", COLUMNS="100")
    assert "사용법: python -m app" in korean
    assert "옵션" in korean
    # Every description of an option or a command is there in Korean.
    for line in korean.splitlines():
        cells = line.strip("│ ").split("  ")
        assert not line.startswith("│ --") or is_korean(line) or len(cells) < 2, line


def test_every_command_is_listed_in_the_help():
    assert {*_names(app)} == {" ".join(command) for command in COMMANDS}


def _names(group: typer.Typer, before: str = "") -> list[str]:
    own = [f"{before}{command.name}" for command in group.registered_commands]
    for below in group.registered_groups:
        assert below.typer_instance
        own += _names(below.typer_instance, f"{before}{below.name} ")
    return own


@pytest.mark.parametrize(
    ("environment", "korean"),
    [
        ({"LC_ALL": "ko_KR.UTF-8"}, True),
        ({"LC_ALL": "", "LANG": "ko_KR.UTF-8"}, True),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "ko_KR.UTF-8"}, False),
        ({"LC_ALL": "de_DE.UTF-8"}, False),
    ],
)
def test_the_language_is_the_systems(environment, korean):
    assert is_korean(succeed("--help", **environment)) is korean
    assert not is_korean(succeed("--help", "--language=en", **environment))


@pytest.mark.parametrize(
    ("arguments", "english", "korean"),
    [
        (["--nope"], "No such option: --nope", "--nope 옵션은 없습니다."),
        (
            ["thread"],
            "No such command 'thread'. Did you mean 'threads'?",
            "혹시 'threads' 명령을 찾으시나요?",
        ),
        (["qqq"], "No such command 'qqq'.", "'qqq' 명령은 없습니다."),
        (["threads", "show"], "Missing argument 'ID'.", "필요한 인자가 빠졌습니다: 'ID'"),
        (["usage", "--from"], "'--from' requires an argument.", "'--from'에는 값이 있어야 합니다."),
        (["usage", "x"], "Got unexpected extra argument(s) (x)", "필요 없는 인자가 있습니다: x"),
        (
            ["usage", "--json=1"],
            "'--json' does not take a value.",
            "'--json'에는 값을 줄 수 없습니다.",
        ),
        (
            ["usage", "--from", "x"],
            "Invalid value for '--from'",
            "%Y-%m-%d 꼴이어야 합니다: 'x'",
        ),
        (["files", "list", "--limit", "0"], "equal to 1", "'--limit'의 값은 1 이상이어야 합니다."),
        (["files", "list", "--limit", "x"], "valid integer", "'--limit'의 값은 정수여야 합니다."),
        (
            ["chat", "--language", "fr"],
            "Invalid value for '--language': 'fr' is not one of",
            "쓸 수 있는 값: 'en', 'ko'",
        ),
        (["threads", "list", "--metadata", "x"], "must be KEY=VALUE", "KEY=VALUE 꼴이어야"),
        (["threads", "show", ""], "An id is empty.", "ID가 비어 있습니다."),
        (["threads", "show", ".."], "An id is empty.", "ID가 비어 있습니다."),
        (["usage", "--url", "ftp://x"], "must be an http://", "주소여야 합니다"),
        (["usage", "--key", "열쇠"], "a key can't have", "키로 쓸 수 없는 문자"),
    ],
)
def test_wrong_usage_is_reported_in_one_line(arguments, english, korean):
    assert english in fail(*arguments, status=2)
    assert korean in fail(*arguments, status=2, LC_ALL="ko_KR.UTF-8")


def test_an_unknown_complaint_stays_as_it_is():
    assert usage_said("Something new.") == ("Something new.", "Something new.")


def test_no_server_says_how_to_start_one():
    english = fail("assistants", "list", url=NOWHERE)
    assert english == (
        f"Error: No server answers at {NOWHERE}/api/v1. "
        "Start it with ./run.sh, or give another address with --url."
    )
    assert "./run.sh" in fail("assistants", "list", "--language", "ko", url=NOWHERE)


def test_credentials_in_the_address_are_not_shown():
    assert "secret" not in fail("usage", url="http://me:secret@127.0.0.1:1")


def test_a_refusal_is_the_servers_own_words(server: ThreadServer):
    said = fail("threads", "show", "thread_nope", url=server.base_url)
    assert said == "Error: The server says: No thread found with id 'thread_nope'."
    korean = fail("threads", "show", "thread_nope", "--language", "ko", url=server.base_url)
    assert korean == "오류: 서버 메시지: No thread found with id 'thread_nope'."


@pytest.mark.parametrize(
    ("status", "body", "headers", "said"),
    [
        (401, {"error": {"message": "No."}}, {}, "No. Set THREADKEEPER_API_KEY, or use --key."),
        (429, {"error": {"message": "No."}}, {"retry-after": "7"}, "No. Try again in 7 seconds."),
        (500, {"error": {"message": "No."}}, {"x-request-id": "req_1"}, "No. (request req_1)"),
        (502, "<h1>Bad gateway</h1>", {}, "(HTTP 502) is not from Threadkeeper."),
        (404, {"detail": "Not Found"}, {}, "(HTTP 404) is not from Threadkeeper."),
        (200, "<html>", {}, "(HTTP 200) is not from Threadkeeper."),
        (200, "[1]", {}, "(HTTP 200) is not from Threadkeeper."),
        (307, "", {"location": "/login"}, "(HTTP 307) is not from Threadkeeper."),
    ],
)
def test_other_answers_are_reported_too(status, body, headers, said):
    with other_server(status, body, headers) as url:
        for command in (["assistants", "list"], ["chat", "-m", "hi"]):
            # A stream that is none ends without an answer.
            if status == 200 and command[0] == "chat":
                assert "was interrupted" in fail(*command, url=url)
            else:
                assert said in fail(*command, "--key", "sk-own-secret", url=url)
                assert "sk-own-secret" not in fail(*command, "--key", "sk-own-secret", url=url)


def test_lists_are_json_for_programs(start):
    url = start().base_url
    listed = json.loads(succeed("assistants", "list", "--json", url=url))
    assert [one["id"] for one in listed] == ["asst_default"]
    shown = json.loads(succeed("assistants", "show", "asst_default", "--json", url=url))
    assert shown["object"] == "assistant"


def test_assistants_are_shown_to_people(server: ThreadServer, client):
    made = client.beta.assistants.create(
        model="gpt-5.4-mini",
        name="도우미 \x1b[31m붉은",
        instructions="짧게 답하세요.",
        tools=[{"type": "file_search"}],
    )
    listed = succeed("assistants", "list", url=server.base_url)
    (line,) = [line for line in listed.splitlines() if line.startswith(made.id)]
    # What steers a terminal is taken out of names.
    assert line.split() == [
        made.id,
        "도우미",
        "[31m붉은",
        "gpt-5.4-mini",
        "file_search",
        *line.split()[-2:],
    ]
    shown = succeed("assistants", "show", made.id, "--language", "ko", url=server.base_url)
    assert f"ID: {made.id}\n" in shown
    assert "도구: file_search" in shown
    assert shown.endswith("\n짧게 답하세요.\n")


def test_a_longer_list_says_that_there_is_more(server: ThreadServer, client):
    for _ in range(3):
        client.beta.assistants.create(model="m")
    result = run("assistants", "list", "--limit", "2", url=server.base_url)
    assert len(result.stdout.splitlines()) == 3
    assert result.stderr == "There are more: --limit 10\n"


def test_pages_are_put_together(server: ThreadServer, client):
    made = {client.beta.assistants.create(model="m").id for _ in range(105)}
    listed = json.loads(
        succeed("assistants", "list", "--json", "--limit", "1000", url=server.base_url)
    )
    ids = [one["id"] for one in listed]
    assert made <= {*ids}
    assert len(ids) == len({*ids})


USAGE = {
    "object": "list",
    "data": [
        {
            "object": "usage",
            "date": "2026-11-21",
            "project": "default",
            "assistant_id": "asst_default",
            "model": "gpt-5.4-mini",
            "runs": 2,
            "prompt_tokens": 12345,
            "completion_tokens": 55,
            "total_tokens": 12400,
        }
    ],
    "total": {"runs": 2, "prompt_tokens": 12345, "completion_tokens": 55, "total_tokens": 12400},
}


def test_usage_is_a_table_with_its_total():
    asked: list[str] = []
    with other_server(200, USAGE, asked=asked) as url:
        days = ["--from", "2026-11-01", "--to", "2026-11-30"]
        table = succeed("usage", *days, "--language", "ko", url=url)
        assert json.loads(succeed("usage", "--json", url=url)) == USAGE
    assert asked == ["/api/v1/usage?start_date=2026-11-01&end_date=2026-11-30", "/api/v1/usage"]
    head, row, total = table.splitlines()
    assert head.split()[:4] == ["날짜", "프로젝트", "어시스턴트", "모델"]
    assert row.split()[-4:] == ["2", "12,345", "55", "12,400"]
    assert total.split() == ["합계", "2", "12,345", "55", "12,400"]


def test_usage_is_what_runs_have_cost(server: ThreadServer, upstream):
    succeed("chat", "-m", "hi", url=server.base_url)
    reported = json.loads(succeed("usage", "--json", url=server.base_url))
    assert reported["total"]["runs"] >= 1
    assert str(reported["total"]["total_tokens"]) in succeed("usage", url=server.base_url).replace(
        ",", ""
    )


def test_a_key_opens_a_server_with_keys(start):
    keyed = start(api_keys=["default:tk-own-secret-of-a-test"])
    refused = fail("assistants", "list", url=keyed.base_url)
    assert refused.endswith("Set THREADKEEPER_API_KEY, or use --key.")
    key = {"THREADKEEPER_API_KEY": "tk-own-secret-of-a-test"}
    assert "asst_default" in succeed("assistants", "list", url=keyed.base_url, **key)
    assert "Answer to: hi" in succeed("chat", "-m", "hi", url=keyed.base_url, **key)


def test_colours_are_for_terminals_that_want_them():
    for wanted, no_color in ((True, ""), (False, "1")):
        with at_terminal("usage", url=NOWHERE, NO_COLOR=no_color) as terminal:
            assert terminal.wait() == 1
            assert ("31m" in terminal.raw) is wanted
    assert "\x1b" not in run("usage", url=NOWHERE, NO_COLOR="").output


@pytest.mark.parametrize("columns", [30, 100])
def test_tables_fit_the_terminal(server: ThreadServer, client, columns):
    made = client.beta.assistants.create(model="gpt-5.4-mini", name="매장 입구 화면 도우미")
    arguments = ["assistants", "list", "--limit", "5", "--language", "ko"]
    with at_terminal(*arguments, url=server.base_url, columns=columns) as terminal:
        assert terminal.wait() == 0
    assert {cell_len(line) for line in terminal.seen.splitlines()} <= {*range(columns + 1)}
    # An id can be copied wherever there is room for it.
    assert (made.id in terminal.seen) is (columns == 100)


def test_serve_is_the_server(tmp_path):
    command = [sys.executable, "-m", "app", "serve"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PORT": "0", "LOG_FILE": ""}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE)
    assert process.stderr
    try:
        for line in process.stderr:
            if b"Uvicorn running on" in line:
                break
        process.terminate()
        assert b"Finished server process" in process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
