"""The Python code that the demo model writes.

Pure functions. Which files there are is read from the description of the function that runs code
(`engine/tools/code_interpreter/texts.py`).
"""

import json
import re
from pathlib import PurePosixPath
from string import Template
from typing import Any

from app.core.demo_arithmetic import expression_in
from app.domain.language import is_korean

_FOLDER = "/mnt/data/"
_LIST = re.compile(r"Files that are there: (?P<files>.*)\.\Z")
# Files that people gave have an id; those that code has made have none.
_GIVEN = re.compile(r"(?:^|, )(?P<name>.+?) \([\w-]+\)(?=, |$| and \d+ more$)")
_READERS = {
    ".csv": 'pd.read_csv(path, thousands=",")',
    ".tsv": 'pd.read_csv(path, sep="\\t", thousands=",")',
    ".xlsx": "pd.read_excel(path)",
    ".json": "pd.read_json(path)",
    ".jsonl": "pd.read_json(path, lines=True)",
}
# The end of the name of the demo's own table.
_SUMMARY = {True: "_요약.csv", False: "_summary.csv"}
ABOUT_DATA = re.compile(
    r"그래프|차트|도표|그려|그림|시각화|표로|데이터|자료|파일|통계|평균|합계|분포|추이|분석|엑셀"
    r"|\b(?:charts?|plots?|graphs?|draw|visuali[sz]e|data|tables?|files?|csv|xlsx|excel"
    r"|spreadsheets?|statistics|average|mean|median|sum|totals?|trends?|analy[sz]e|analysis"
    r"|describe|columns?|rows?)\b",
    re.IGNORECASE,
)
_FENCED = re.compile(r"```(?:python|py)?[ \t]*\n(?P<code>.*?)```", re.DOTALL | re.IGNORECASE)

_TABLE_CODE = Template(
    """\
import matplotlib.pyplot as plt
import pandas as pd

path = $path
$read
print(f"- $rows: {len(table):,}")
print("- $columns:", ", ".join(" ".join(str(name).split()) for name in table.columns))
numbers = table.select_dtypes("number").dropna(axis="columns", how="all")
if numbers.empty:
    print("- $none")
else:
    print(numbers.describe().round(2).to_string())
    column, label = numbers.columns[0], table.columns[0]
    values = numbers[column]
    print(f"- {column}: $figures")
    title = f"{column}"
    if label != column and table[label].notna().all():
        values = values.groupby(table[label], sort=False).sum()
        title = f"$by"
    kind = "bar" if len(values) <= 60 else "line"
    values.plot(kind=kind, title=title, ylabel=str(column), figsize=(9, 5))
    plt.tight_layout()
    plt.show()
    numbers.describe().to_csv($summary, encoding="utf-8-sig")
    print(f"- $chart: {title}")
"""
)
_LIST_CODE = """\
import os

for name in sorted(os.listdir("/mnt/data")):
    print(name)
"""
_WORDS = {
    False: {
        "rows": "Rows",
        "columns": "Columns",
        "none": "No column has numbers, so there is no chart.",
        "figures": "mean {values.mean():,.2f}, min {values.min():,.2f}, max {values.max():,.2f}",
        "by": "{column} by {label}",
        "chart": "Chart",
    },
    True: {
        "rows": "행 수",
        "columns": "열",
        "none": "숫자로 된 열이 없어 그래프는 그리지 않았습니다.",
        "figures": "평균 {values.mean():,.2f}, 최소 {values.min():,.2f}, 최대 {values.max():,.2f}",
        "by": "{label}별 {column}",
        "chart": "그래프",
    },
}


def wants_code(tool: dict[str, Any], question: str, *, may_search: bool) -> bool:
    """Return whether the demo answers a question by running code.

    If it may search documents too, only questions about data are answered with code.
    """
    if _FENCED.search(question) or expression_in(question):
        return True
    tables = _tables(tool)
    if not tables:
        return False
    return not may_search or _is_about_data(tables, question)


def code_for(tool: dict[str, Any], question: str) -> str:
    """Return the code that answers a question, for the function `tool`."""
    if fenced := _FENCED.search(question):
        return fenced["code"]
    if expression := expression_in(question):
        return f"print({expression})"
    tables = _tables(tool)
    if not tables:
        return _LIST_CODE
    # Without a name, the newest one is meant.
    named = [name for name in tables if _is_named(name, question)]
    return _table_code((named or tables)[-1], korean=is_korean(question))


def _table_code(name: str, *, korean: bool) -> str:
    path = PurePosixPath(name)
    reader = _READERS[path.suffix.lower()]
    read = f"table = {reader}"
    if "read_csv" in reader:
        # Spreadsheet programs in Korea still save CSV files in this encoding.
        old = f'{reader.removesuffix(")")}, encoding="cp949")'
        read = f"try:\n    table = {reader}\nexcept UnicodeDecodeError:\n    table = {old}"
    plain = re.sub(r"[^\w.-]+", "_", path.stem)
    summary = f"{_FOLDER}{plain}{_SUMMARY[korean]}"
    return _TABLE_CODE.substitute(
        _WORDS[korean], path=_quoted(_FOLDER + name), read=read, summary=_quoted(summary)
    )


def _tables(tool: dict[str, Any]) -> list[str]:
    """Return the names of the tables that people put into /mnt/data, oldest first."""
    listed = _LIST.search(str(tool.get("description") or ""))
    names = [found["name"] for found in _GIVEN.finditer(listed["files"])] if listed else []
    return [name for name in names if PurePosixPath(name).suffix.lower() in _READERS]


def _is_about_data(tables: list[str], question: str) -> bool:
    return bool(ABOUT_DATA.search(question)) or any(_is_named(name, question) for name in tables)


def _is_named(name: str, question: str) -> bool:
    return PurePosixPath(name).stem.casefold() in question.casefold()


def _quoted(text: str) -> str:
    """Return a Python string literal, which is JSON too."""
    return json.dumps(text, ensure_ascii=False)
