"""`rescue`: what other layouts hold becomes threads, assistants and files of a server."""

import base64
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.moving import exported, objects_in
from tests.support.pictures import PIXEL
from tests.support.stores import settled
from tests.support.talk import texts
from tests.support.terminal import fail, run, succeed

TIME = 1700000000


@pytest.fixture
def server(start):
    return start()


@pytest.fixture
def rescue(server):
    """Run a reader twice: the second time, nothing may be new. Return the first report."""

    def call(*arguments: str, **options: Any) -> dict[str, Any]:
        first = run("rescue", *arguments, "--json", url=server.base_url, **options)
        report: dict[str, Any] = json.loads(first.stdout)
        assert first.exit_code == (3 if report["refused"] else 0), first.output
        for store in server.client.vector_stores.list():
            settled(server.client, store.id)
        before = exported(server.http)
        second = json.loads(
            run("rescue", *arguments, "--json", url=server.base_url, **options).stdout
        )
        assert (second["created"], second["updated"]) == ({}, {})
        assert exported(server.http) == before
        return report

    return call


def write(path: Path, *values: Any, lines: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(json.dumps(value, ensure_ascii=False) for value in values)
    path.write_text(text if lines else json.dumps(values[0], ensure_ascii=False), "utf-8")
    return path


def of_kind(http, kind: str) -> list[dict[str, Any]]:
    return [one for one in objects_in(exported(http)) if one["object"] == kind]


def left_out(report: dict[str, Any]) -> dict[str, int]:
    return {one["why"]: one["count"] for one in report["left_out"]}


def said(number: int, role: str = "user", **values: Any) -> dict[str, Any]:
    return {
        "id": f"msg_{number}",
        "object": "thread.message",
        "created_at": TIME + number,
        "thread_id": "thread_a",
        "role": role,
        "content": [{"type": "text", "text": {"value": f"말 {number}", "annotations": []}}],
        **values,
    }


# Objects of the API


def test_pages_of_objects_in_any_order(server, rescue, tmp_path):
    newest_first = {"object": "list", "data": [said(2, "assistant"), said(1)], "has_more": False}
    write(tmp_path / "in" / "a_messages.json", newest_first)
    write(tmp_path / "in" / "b.json", [{"id": "thread_a", "object": "thread", "created_at": TIME}])
    run_object = {
        "id": "run_a",
        "object": "thread.run",
        "created_at": TIME,
        "thread_id": "thread_a",
        "assistant_id": "asst_a",
        "status": "completed",
        "model": "gpt-4o",
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
        "tools": [{"type": "bing_grounding", "bing_grounding": {}}],
    }
    assistant = {"id": "asst_a", "object": "assistant", "created_at": TIME, "model": "gpt-4o"}
    write(tmp_path / "in" / "c.jsonl", run_object, assistant, lines=True)
    (tmp_path / "in" / "d.json").write_text("{broken")
    report = rescue("objects", str(tmp_path / "in"))
    assert report["created"] == {
        "assistant": 1,
        "thread": 1,
        "thread.message": 2,
        "thread.run": 1,
    }
    assert left_out(report) == {
        "files or lines that are not JSON": 1,
        "tools that this server does not have": 1,
    }
    assert texts(server.http, "thread_a") == [("user", "말 1"), ("assistant", "말 2")]


def test_a_dump_of_a_script_with_threads_inside(server, rescue, tmp_path):
    old = {"id": "msg_9", "role": "user", "content": "plain", "created_at": "2023-11-14T22:13:20Z"}
    dump = {
        "exported": "yesterday",
        "threads": [
            {
                "thread": {"id": "thread_x", "object": "thread", "created_at": TIME},
                "messages": [old],
            }
        ],
        "thread_y": [{**old, "id": "msg_8", "role": "assistant"}],
    }
    rescue("objects", str(write(tmp_path / "dump.json", dump)))
    assert texts(server.http, "thread_x") == [("user", "plain")]
    assert texts(server.http, "thread_y") == [("assistant", "plain")]
    assert server.http.get("/threads/thread_y").json()["created_at"] == TIME


def test_files_beside_their_objects(server, rescue, tmp_path):
    file = {
        "id": "file-abc",
        "object": "file",
        "created_at": TIME,
        "filename": "notes.txt",
        "purpose": "assistants",
        "bytes": 5,
    }
    write(tmp_path / "in" / "files.json", [file])
    (tmp_path / "in" / "file-abc-notes.md").write_bytes(b"hello")
    assert rescue("objects", str(tmp_path / "in"))["created"] == {"file": 1, "file.content": 1}
    assert server.http.get("/files/file-abc/content").content == b"hello"


# savestate


def test_a_snapshot_of_savestate(server, rescue, tmp_path):
    folder = tmp_path / "snapshot"
    config = {
        "assistant_id": "asst_s",
        "name": "Helper",
        "model": "gpt-4o",
        "created_at": TIME,
        "metadata": {"a": "b"},
        "tools_raw": [{"type": "file_search"}],
        "tool_resources": {"file_search": {"vector_store_ids": ["vs_s"]}},
        "vector_stores": [{"id": "vs_s", "name": "Docs", "metadata": {}, "file_ids": ["file-s"]}],
        "_file_contents": {"file-s": base64.b64encode("환불은 사흘".encode()).decode()},
    }
    write(folder / "identity" / "config.json", config)
    (folder / "identity" / "personality.md").write_text("Be kind.")
    knowledge = [{"id": "openai-file:file-s", "filename": "refund.txt"}]
    write(folder / "memory" / "knowledge" / "index.json", knowledge)
    message = {"id": "msg_s", "role": "user", "content": "hi", "timestamp": "2023-11-14T22:13:20Z"}
    conversation = {"id": "thread_s", "createdAt": "2023-11-14T22:13:20Z", "messages": [message]}
    write(folder / "conversations" / "threads" / "thread_s.json", conversation)
    write(folder / "conversations" / "index.json", [{"id": "thread_s"}])
    report = rescue("savestate", str(folder))
    assert report["refused"] == 0 and report["left_out"] == []
    assistant = server.http.get("/assistants/asst_s").json()
    assert (assistant["instructions"], assistant["name"]) == ("Be kind.", "Helper")
    assert server.http.get("/files/file-s").json()["filename"] == "refund.txt"
    assert settled(server.client, "vs_s") == {"completed": 1, "total": 1}
    assert texts(server.http, "thread_s") == [("user", "hi")]


# Conversations


def test_conversations_and_their_items(server, rescue, tmp_path):
    conversation = {
        "id": "conv_1",
        "object": "conversation",
        "created_at": TIME,
        "metadata": {"user": "minji"},
    }
    items = {
        "object": "list",
        "data": [
            {
                "type": "message",
                "id": "msg_c2",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "네", "annotations": []}],
            },
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {
                "type": "message",
                "id": "msg_c1",
                "role": "user",
                "content": [{"type": "input_text", "text": "여나요?"}],
            },
        ],
    }
    path = write(tmp_path / "c.jsonl", {"conversation": conversation, "items": items}, lines=True)
    report = rescue("conversations", str(path))
    assert left_out(report) == {"items that are no messages": 1}
    (thread,) = of_kind(server.http, "thread")
    assert thread["metadata"] == {"conversation_id": "conv_1", "user": "minji"}
    assert texts(server.http, thread["id"]) == [("user", "여나요?"), ("assistant", "네")]


# Tables


@pytest.mark.parametrize(
    ("name", "table"),
    [
        (
            "table.csv",
            "id,thread_id,role,message,created_at,plan\n"
            '2,thread_old,assistant,"Yes, ""from"" 8",2023-11-14 22:14,gold\n'
            "1,thread_old,user,Open?,2023-11-14T22:13:20Z,gold\n"
            "3,thread_old,system,hidden,2023-11-14T22:13:00Z,\n",
        ),
        (
            "table.tsv",
            "Conversation ID\tSender\tText\tTimestamp\n"
            "thread_old\thuman\tOpen?\t1700000000\n"
            'thread_old\tAI\t"Yes, ""from"" 8"\t1700000040000\n'
            "thread_old\tadmin\thidden\t1\n",
        ),
        (
            "table.jsonl",
            '{"session": "thread_old", "is_user": true, "content": "Open?", '
            '"created_at": 1700000000.5}\n'
            '{"session": "thread_old", "is_user": false, "content": "Yes, \\"from\\" 8", '
            '"created_at": "Tue, 14 Nov 2023 22:14:00 GMT"}\n'
            '{"session": "thread_old", "is_user": "?", "content": "x", "created_at": null}\n',
        ),
    ],
)
def test_tables_of_ones_own(server, rescue, tmp_path, name, table):
    (tmp_path / name).write_text(table, "utf-8-sig")
    report = rescue("table", str(tmp_path / name))
    assert report["created"] == {"thread": 1, "thread.message": 2}
    assert left_out(report) == {"messages of other roles": 1}
    assert texts(server.http, "thread_old") == [("user", "Open?"), ("assistant", 'Yes, "from" 8')]
    messages = of_kind(server.http, "thread.message")
    assert [one["created_at"] for one in messages] == [TIME, TIME + 40]


def test_a_korean_table_of_questions_and_answers(server, rescue, tmp_path):
    table = "대화,질문,답변,작성일시\n손님 7,여나요?,8시부터요,2023년 11월 15일 오전 7:13\n"
    (tmp_path / "표.csv").write_bytes(table.encode("cp949"))
    rescue("table", str(tmp_path / "표.csv"), "--timezone", "Asia/Seoul")
    (thread,) = of_kind(server.http, "thread")
    assert thread["metadata"] == {"source_id": "손님 7"}
    assert thread["created_at"] == TIME - 20
    assert texts(server.http, thread["id"]) == [("user", "여나요?"), ("assistant", "8시부터요")]


def test_columns_that_cant_be_guessed_must_be_named(server, rescue, tmp_path):
    (tmp_path / "t.csv").write_text("k,w,v\nx,user,hello\n")
    line = fail("rescue", "table", str(tmp_path / "t.csv"), status=2, url=server.base_url)
    assert "--thread-id-column" in line and "k, w, v" in line
    options = ("--thread-id-column", "k", "--role-column", "w", "--content-column", "v")
    assert rescue("table", str(tmp_path / "t.csv"), *options)["created"]["thread.message"] == 1


# ChatGPT


def node(node_id: str, parent: str | None, role: str, *parts: Any, **values: Any) -> dict[str, Any]:
    content = {"content_type": values.pop("content_type", "text"), "parts": [*parts]}
    message = {
        "id": node_id,
        "author": {"role": role},
        "create_time": TIME + 0.25,
        "content": content,
        "metadata": values.pop("metadata", {}),
        "recipient": "all",
        **values,
    }
    return {"id": node_id, "message": message, "parent": parent, "children": []}


def conversation(conversation_id: str, **values: Any) -> dict[str, Any]:
    hidden = {"is_visually_hidden_from_conversation": True}
    asset = {
        "content_type": "image_asset_pointer",
        "asset_pointer": "file-service://file-PIC",
        "width": 1,
    }
    lost = {**asset, "asset_pointer": "sediment://file_0000lost"}
    nodes = [
        {"id": "root", "message": None, "parent": None, "children": ["s"]},
        node("s", "root", "system", "", metadata=hidden),
        node("c", "s", "user", "my profile", metadata=hidden),
        node("u", "c", "user", "What is this?", asset, lost, content_type="multimodal_text"),
        node("th", "u", "assistant", content_type="thoughts"),
        node("t", "th", "assistant", "search()", recipient="web", content_type="code"),
        node("r", "t", "tool", "results"),
        node("a", "r", "assistant", "A sign.\ue200cite\ue202turn0search1\ue201", create_time=None),
        node("b", "r", "assistant", "An abandoned answer."),
        node("rr", "a", "assistant", "Thought for 3s", content_type="reasoning_recap"),
    ]
    return {
        "conversation_id": conversation_id,
        "title": None,
        "create_time": TIME,
        "current_node": "rr",
        "default_model_slug": "gpt-5",
        "mapping": {one["id"]: one for one in nodes},
        **values,
    }


@pytest.fixture
def chatgpt_zip(tmp_path):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        first = [conversation("one", title="표지판"), {"mapping": 5, "title": "broken"}]
        archive.writestr("conversations-000.json", json.dumps(first, ensure_ascii=False))
        archive.writestr("conversations-001.json", json.dumps([conversation("two")]))
        archive.writestr("file-PIC-sign.png", PIXEL)
        archive.writestr("user.json", "{}")
    return path


def test_chatgpts_export(server, rescue, chatgpt_zip):
    report = rescue("chatgpt", str(chatgpt_zip))
    assert report["created"] == {
        "file": 1,
        "file.content": 1,
        "thread": 2,
        "thread.message": 4,
    }
    assert left_out(report) == {
        "calls and results of ChatGPT's tools": 4,
        "images and files that the export lacks": 2,
        "conversations in an unknown form": 1,
    }
    first, second = of_kind(server.http, "thread")
    assert first["metadata"] == {"title": "표지판", "chatgpt_id": "one", "model": "gpt-5"}
    assert "title" not in second["metadata"]
    assert texts(server.http, first["id"]) == [("user", "What is this?"), ("assistant", "A sign.")]
    question, answer = (
        one for one in of_kind(server.http, "thread.message") if one["thread_id"] == first["id"]
    )
    assert [part["type"] for part in question["content"]] == ["text", "image_file"]
    assert answer["created_at"] == question["created_at"] == TIME
    file_id = question["content"][1]["image_file"]["file_id"]
    assert server.http.get(f"/files/{file_id}/content").content == PIXEL


def test_a_zip_bomb_is_not_unpacked(server, tmp_path):
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("conversations.json", "w", force_zip64=True) as member,
    ):
        member.write(b"[")
        for _ in range(400):
            member.write(b" " * (1024 * 1024))
        member.write(b"]")
    line = fail("rescue", "chatgpt", str(path), url=server.base_url)
    assert "expands to far more than its size" in line


def test_lines_can_be_written_to_a_file(server, chatgpt_zip, tmp_path):
    lines = tmp_path / "lines.ndjson"
    shown = succeed("rescue", "chatgpt", str(chatgpt_zip), "-o", str(lines), url=server.base_url)
    assert f"Written to {lines}" in shown
    assert exported(server.http) == b""
    succeed("import", str(lines), url=server.base_url)
    assert len(of_kind(server.http, "thread")) == 2


# GPTs


def test_a_gpt_becomes_an_assistant(server, rescue, tmp_path):
    gpt = {
        "name": "매장 도우미",
        "description": "Signs",
        "instructions": "Write signs.",
        "conversation_starters": ["오늘 여나요?", "할인 안내문"],
        "knowledge_files": [{"name": "hours.txt"}, {"name": "lost.pdf"}],
        "capabilities": {"web_search": True, "code_interpreter": True, "canvas": False},
    }
    write(tmp_path / "gpt" / "gpt.json", gpt)
    (tmp_path / "gpt" / "hours.txt").write_text("영업 시간은 8시부터")
    report = rescue("gpt", str(tmp_path / "gpt"), "--model", "gpt-4o")
    assert left_out(report) == {
        "knowledge files that are not next to the JSON file": 1,
        "capabilities that this server does not have": 1,
    }
    (assistant,) = of_kind(server.http, "assistant")
    assert (assistant["name"], assistant["model"]) == ("매장 도우미", "gpt-4o")
    assert json.loads(assistant["metadata"]["suggestions"]) == ["오늘 여나요?", "할인 안내문"]
    assert [tool["type"] for tool in assistant["tools"]] == ["file_search", "code_interpreter"]
    (store_id,) = assistant["tool_resources"]["file_search"]["vector_store_ids"]
    assert settled(server.client, store_id) == {"completed": 1, "total": 1}


def test_a_gizmo_becomes_an_assistant(server, rescue, tmp_path):
    gizmo = {
        "gizmo": {
            "id": "g-abc",
            "instructions": "Write signs.",
            "display": {
                "name": "Signs",
                "description": "",
                "welcome_message": "Hello!",
                "prompt_starters": ["One", "Two"],
            },
        },
        "tools": [{"type": "browser"}, {"type": "python"}],
        "files": [],
    }
    rescue("gpt", str(write(tmp_path / "gizmo.json", {"gizmo": gizmo})))
    (assistant,) = of_kind(server.http, "assistant")
    assert (assistant["name"], assistant["description"]) == ("Signs", None)
    assert assistant["metadata"] == {
        "greeting": "Hello!",
        "suggestions": '["One", "Two"]',
        "gpt_id": "g-abc",
    }


def test_what_can_not_be_read_is_reported(server, tmp_path):
    assert "can't be read" in fail("rescue", "objects", str(tmp_path / "none"), url=server.base_url)
    (tmp_path / "x.json").write_text("nonsense")
    shown = run("rescue", "objects", str(tmp_path / "x.json"), url=server.base_url)
    assert "Left out: 1, files or lines that are not JSON" in shown.stderr
    assert "Can't be brought back: " in shown.stderr
