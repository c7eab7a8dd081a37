"""The demo model runs code, without a key: it describes tables of all kinds and draws them."""

import io
import json
import zipfile
from typing import Any

import pytest

from tests.support.interpreters import require_interpreter
from tests.support.stream_reader import events_of

DRAW = "표를 그래프로 그려 주세요."
CODE = {"type": "code_interpreter"}


@pytest.fixture
def http(start):
    require_interpreter()
    return start(openai_base_url="", openai_api_key="", code_interpreter="auto").http


def sheet(*rows: tuple[str | int, ...]) -> bytes:
    """Return an XLSX file with these rows."""

    def cell(value: str | int) -> str:
        if isinstance(value, int):
            return f"<c><v>{value}</v></c>"
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'

    lines = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
        f'PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/><Override '
        f'PartName="/xl/s.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="a" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="s" '
        'sheetId="1" r:id="a"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="a" Type="{office}/worksheet" Target="s.xml"/></Relationships>',
        "xl/s.xml": f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>',
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def upload(http, name: str, content: bytes) -> str:
    file = {"file": (name, content)}
    response = http.post("/files", files=file, data={"purpose": "assistants"})
    file_id: str = response.json()["id"]
    return file_id


def asking(question: str, *file_ids: str) -> dict[str, Any]:
    attachments = [{"file_id": file_id, "tools": [CODE]} for file_id in file_ids]
    message = {"role": "user", "content": question, "attachments": attachments}
    run = {"assistant_id": "asst_default", "tools": [CODE]}
    return {**run, "thread": {"messages": [message]}}


def answer(http, question: str, *file_ids: str) -> list[dict[str, Any]]:
    """Ask about the files, and return the answer's content."""
    events = events_of(http, "/threads/runs", asking(question, *file_ids))
    *_, message = [event.data for event in events if event.name == "thread.message.completed"]
    assert "Traceback" not in json.dumps(message)
    content: list[dict[str, Any]] = message["content"]
    return content


TABLES = {
    "매출.csv": ("도시,매출\n서울,120\n부산,80\n".encode(), "그래프: 도시별 매출"),
    "excel.csv": ("도시,매출\n서울,120\n".encode("cp949"), "그래프: 도시별 매출"),
    "thousands.csv": (b'a,b\nx,"1,200"\ny,800\n', "b: 평균 1,000.00"),
    "a.tsv": ("도시\t매출\n서울\t120\n".encode(), "그래프: 도시별 매출"),
    "a.xlsx": (sheet(("도시", "매출"), ("서울", 120), ("부산", 80)), "그래프: 도시별 매출"),
    "a.json": (b'[{"a": "x", "b": 1}, {"a": "y", "b": 2}]', "그래프: a별 b"),
    "long.csv": (b"n\n" + b"".join(b"%d\n" % n for n in range(5000)), "행 수: 5,000"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_described_and_drawn(http, name):
    content, said = TABLES[name]
    picture, text = answer(http, DRAW, upload(http, name, content))
    assert picture["type"] == "image_file"
    value = text["text"]["value"]
    assert value.startswith(f"[데모 모드] `{name}` 파일")
    assert said in value
    (annotation,) = text["text"]["annotations"]
    made = http.get(f"/files/{annotation['file_path']['file_id']}/content").content
    assert made.decode("utf-8-sig").startswith(",")


FAULTS = {
    "empty.csv": (b"\n", "코드가 끝까지 실행되지 않았습니다: pandas.errors.EmptyDataError"),
    "text.csv": (b"a,b\nx,y\n", "숫자로 된 열이 없어"),
    "header.csv": (b"a,b\n", "숫자로 된 열이 없어"),
    "broken.xlsx": (b"no workbook", "코드가 끝까지 실행되지 않았습니다: "),
    "note.txt": (b"only text", "설명할 표가 없습니다."),
}


@pytest.mark.parametrize("name", FAULTS)
def test_it_says_what_can_not_be_drawn(http, name):
    content, said = FAULTS[name]
    (text,) = answer(http, DRAW, upload(http, name, content))
    assert said in text["text"]["value"]


def test_a_chat_about_the_assistants_data(http):
    file_id = upload(http, "sales.csv", b"city,sales\nSeoul,120\n")
    resources = {"code_interpreter": {"file_ids": [file_id]}}
    body = {"model": "demo", "tools": [CODE], "tool_resources": resources}
    assistant_id = http.post("/assistants", json=body).json()["id"]
    asked = {"assistant_id": assistant_id, "message": "Draw the sales."}
    said = http.post("/chat", json=asked).json()
    assert "Chart: sales by city" in said["message"]
    (message, _) = http.get(f"/threads/{said['thread_id']}/messages").json()["data"]
    assert [part["type"] for part in message["content"]] == ["image_file", "text"]
    # The variables last; a question without a table in it is answered as well.
    again = {**asked, "thread_id": said["thread_id"], "message": "What is 3 × (4 + 5)?"}
    told_again = http.post("/chat", json=again).json()
    assert told_again["message"] == "[Demo model] Python says: `3 * (4 + 5) = 27`"
