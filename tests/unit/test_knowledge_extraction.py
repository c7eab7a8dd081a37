"""Files into text, format by format."""

import datetime
import json
import os
from pathlib import Path

import pytest

from app.knowledge.extraction import ExtractionError, Limits, extract_text
from tests.support.documents import docx_file, pdf_file, pptx_file, xlsx_file


async def test_docx():
    lines = (await extract_text(docx_file(), "a.docx")).splitlines()
    assert lines == [
        "# 설치 안내",
        "디바이스를 벽에 답니다.",
        "모델: SCR-101 | 무게: 3kg",
        "",
        "끝.",
    ]


async def test_pptx():
    text = await extract_text(pptx_file(), "a.pptx")
    lines = [line for line in text.splitlines() if line]
    assert lines[:5] == ["# 1", "교육 자료", "첫 줄", "둘째 줄", "발표자만 보는 말"]
    assert lines[5:] == ["# 2", "가격표", "요금제: 프로 | 가격: 19,900원"]


async def test_xlsx():
    rows: list[list[object]] = [
        ["요금제", "화면 수", "시작", "비고"],
        ["기본", 10, datetime.date(2026, 1, 2), None],
        [None, None, None, None],
        ["프로", 10.5, datetime.datetime.fromisoformat("2026-01-02 03:04"), "할인\n중"],
    ]
    assert (await extract_text(xlsx_file(rows), "a.xlsx")).splitlines() == [
        "# 요금",
        "",
        "요금제: 기본 | 화면 수: 10 | 시작: 2026-01-02",
        "요금제: 프로 | 화면 수: 10.5 | 시작: 2026-01-02 03:04:00 | 비고: 할인 중",
    ]


async def test_a_table_without_headers():
    rows = [["1", "2"], ["3", "4"]]
    assert (await extract_text(xlsx_file(rows), "a.xlsx")).splitlines()[2:] == ["1 | 2", "3 | 4"]


async def test_pdf():
    text = await extract_text(pdf_file(["디바이스를 등록합니다.", "SCR-101"]), "a.pdf")
    assert text.split() == ["디바이스를", "등록합니다.", "SCR-101"]


async def test_html():
    page = """<!doctype html><meta charset="euc-kr"><title>도움말</title><style>p {}</style>
    <h1>화면  설정</h1><p>밝기를 <b>조절</b>합니다.<br>다음 줄<script>alert(1)</script>
    <ul><li>하나<li>둘</ul><table><tr><th>모델<th>무게<tr><td>A<td>3kg</table>&copy;<!-- 말 -->"""
    text = await extract_text(page.encode("cp949", "xmlcharrefreplace"), "a.html")
    assert [line.strip() for line in text.splitlines() if line.strip()] == [
        "도움말",
        "# 화면 설정",
        "밝기를 조절합니다.",
        "다음 줄",
        "- 하나",
        "- 둘",
        "모델 | 무게",
        "A | 3kg",
        "©",
    ]


@pytest.mark.parametrize("sign", [",", ";", "\t"])
async def test_csv(sign):
    table = f'이름{sign}요금제\r\n"김{sign} 이"{sign}프로\r\n박{sign}\r\n'.encode("cp949")
    first, second = (await extract_text(table, "a.csv")).splitlines()
    assert first == f"이름: {' '.join(f'김{sign} 이'.split())} | 요금제: 프로"
    assert second == "이름: 박"


async def test_json():
    data = {"화면": ["밝기", 1], "b": None}
    text = await extract_text(json.dumps(data).encode(), "a.json")
    assert "화면" in text and "밝기" in text
    assert json.loads(text) == data


async def test_json_lines_and_broken_json():
    text = await extract_text(b'{"a": "\\ud654\\uba74"}\n{broken', "a.json")
    assert text.splitlines() == ["{", ' "a": "화면"', "}", "{broken"]


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.py", "README", "a.unknown"])
async def test_plain_text_of_any_name(name):
    text = "# 제목\n\n    code  \n\n\n\n끝"
    assert await extract_text(text.encode(), name) == "# 제목\n\n    code\n\n끝"


async def test_hangul_in_letters_is_put_together():
    assert await extract_text("화면".encode(), "a.txt") == "화면"


async def test_a_file_on_disk(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_bytes("화면".encode())
    assert await extract_text(path, "a.txt") == "화면"


async def test_the_bytes_say_more_than_the_name():
    assert (await extract_text(pdf_file(["real"]), "a.txt")).strip() == "real"
    assert "설치 안내" in await extract_text(docx_file(), "a.pptx")


async def test_the_reader_gets_no_secrets(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    started = []

    async def start(*arguments, **options):
        started.append(options["env"])
        raise OSError("no process")

    monkeypatch.setattr("asyncio.create_subprocess_exec", start)
    with pytest.raises(ExtractionError) as caught:
        await extract_text(b"a", "a.txt")
    assert caught.value.code == "server_error"
    assert "OPENAI_API_KEY" in os.environ and "OPENAI_API_KEY" not in started[0]


async def test_limits_of_a_text():
    with pytest.raises(ExtractionError) as caught:
        await extract_text("가나다 ".encode() * 1000, "a.txt", Limits(text_bytes=5000))
    assert caught.value.code == "invalid_file"
