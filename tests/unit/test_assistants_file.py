"""The file of assistants: what it may say, and every fault by its line."""

import json
import re
from pathlib import Path

import pytest

from app.core.assistants_file import WrittenAssistant, load_assistants
from app.core.yaml_lines import Document
from app.domain.errors import StartError
from tests.support.assistants_files import ANALYST, SHIPPED, written

FUNCTIONS = ("list_screens",)


def load(path: str, **options) -> list[WrittenAssistant]:
    around = {"may_be_missing": False, "model": "default", "functions": FUNCTIONS, "max_bytes": 99}
    return load_assistants(path, **{**around, **options})


@pytest.fixture
def loaded(tmp_path):
    def read(text: str, **knowledge: str) -> list[WrittenAssistant]:
        return load(written(tmp_path, text, **knowledge))

    return read


@pytest.fixture
def refusal(tmp_path, monkeypatch):
    """Return what is said about a file that stands in the working directory."""
    monkeypatch.chdir(tmp_path)

    def read(text: str, **knowledge: str) -> list[str]:
        written(tmp_path, text, **knowledge)
        with pytest.raises(StartError) as caught:
            load("assistants.yaml")
        lines = str(caught.value).splitlines()
        assert all(line.startswith("assistants.yaml, line ") for line in lines)
        return [line.removeprefix("assistants.yaml, line ") for line in lines]

    return read


def test_all_that_it_may_say(loaded):
    one, other = loaded(
        """
        assistants:
          - id: asst_all
            name: 전부
            model: own
            description: d
            instructions: |
              첫 줄
              둘째 줄
            temperature: 1
            top_p: 0.5
            reasoning_effort: low
            metadata: {"version": "2"}
            response_format:
              type: json_schema
              json_schema: {name: answer, schema: {type: object, default: null}}
            tool_resources: {code_interpreter: {file_ids: [file-1]}}
            tools:
              - file_search
              - list_screens
              - type: code_interpreter
              - type: function
                function: {name: own, parameters: {type: object, properties: {}}}
            knowledge: [knowledge/a.md]
            chunking_strategy:
              {type: static, static: {max_chunk_size_tokens: 100, chunk_overlap_tokens: 0}}
          - id: asst_data
            tools: [code_interpreter, file_search]
            knowledge: [knowledge/a.md]
            data: [knowledge/b.md, knowledge/a.md]
        """,
        a="하나",
        b="둘",
    )
    assert (one.id, one.body.model, one.body.name) == ("asst_all", "own", "전부")
    assert one.body.instructions == "첫 줄\n둘째 줄\n"
    assert one.body.tools is not None
    assert [tool.given() for tool in one.body.tools] == [
        {"type": "file_search"},
        {"type": "function", "function": {"name": "list_screens"}},
        {"type": "code_interpreter"},
        {
            "type": "function",
            "function": {"name": "own", "parameters": {"type": "object", "properties": {}}},
        },
    ]
    said = one.body.given()
    assert said["response_format"]["json_schema"]["schema"] == {"type": "object", "default": None}
    assert said["tool_resources"] == {"code_interpreter": {"file_ids": ["file-1"]}}
    assert (said["temperature"], said["metadata"]) == (1.0, {"version": "2"})
    assert [(file.name, file.size) for file in one.knowledge] == [("knowledge/a.md", 6)]
    assert one.chunking["static"] == {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 0}
    assert one.data == ()
    assert [file.name for file in other.data] == ["knowledge/b.md", "knowledge/a.md"]
    assert {*other.files} == {"knowledge/a.md", "knowledge/b.md"}


def test_one_that_names_no_model_has_the_default(loaded):
    (one,) = loaded("assistants: [{id: asst_a}]")
    assert one.body.model == "default"


@pytest.mark.parametrize("text", ["", "# nothing", "assistants:", "assistants: []", "{}"])
def test_no_assistants(loaded, text):
    assert loaded(text) == []


def test_no_file(tmp_path):
    path = str(tmp_path / "assistants.yaml")
    assert load("") == []
    assert load(path, may_be_missing=True) == []
    with pytest.raises(StartError, match=f"^ASSISTANTS_FILE: there is no file {re.escape(path)}$"):
        load(path)
    with pytest.raises(StartError, match=f"^ASSISTANTS_FILE: {re.escape(str(tmp_path))} can't be"):
        load(str(tmp_path))


CHANGES = [
    ("name: n", "name: m"),
    ("c: text", "c: texts"),
    ("knowledge: [a.md]", "knowledge: [b.md]"),
    ("data: [a.md]", "data: [b.md]"),
    (", data: [a.md]", ""),
    ("max_chunk_size_tokens: 100", "max_chunk_size_tokens: 101"),
]


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_the_hash_changes_with_what_it_says(tmp_path, before, after):
    text = """
    assistants:
      - {id: asst_a, name: n, metadata: {c: text}, tools: [file_search, code_interpreter],
         knowledge: [a.md], data: [a.md],
         chunking_strategy: {type: static,
           static: {max_chunk_size_tokens: 100, chunk_overlap_tokens: 0}}}
    """
    assert before in text
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text("same")
    hashes = [load(written(tmp_path, text))[0].content_hash for _ in range(2)]
    hashes.append(load(written(tmp_path, f"# other words\n{text}"))[0].content_hash)
    assert len({*hashes}) == 1
    assert load(written(tmp_path, text.replace(before, after)))[0].content_hash != hashes[0]
    assert load(written(tmp_path, text), model="other")[0].content_hash != hashes[0]
    path = written(tmp_path, text)
    (tmp_path / "a.md").write_text("new")
    assert load(path)[0].content_hash != hashes[0]


# What stands in an assistant's third line and below, and what is said of it.
FAULTS = {
    "temprature: 1": "3: assistants[0].temprature: unknown key",
    "name: 5": "3: assistants[0].name: should be a valid string, got 5",
    "temperature: 3": "3: assistants[0].temperature: should be less than or equal to 2, got 3",
    "model: ''": "3: assistants[0].model: string should have at least 1 character, got ''",
    "metadata: {version: 1}": (
        "3: assistants[0].metadata.version: should be a valid string, got 1"
    ),
    "metadata:\n      k: v\n      n: true": (
        "5: assistants[0].metadata.n: should be a valid string, got True"
    ),
    "tools: file_search": ("3: assistants[0].tools: should be a valid list, got 'file_search'"),
    "tools:\n    - file_search\n    - type: web": (
        "5: assistants[0].tools[1].type: should be one of 'code_interpreter', 'file_search', "
        "'function', got 'web'"
    ),
    "tools:\n    - function: {name: f}": "4: assistants[0].tools[0].type: is missing",
    "tools:\n    - list_screen": (
        "4: assistants[0].tools[0]: there is no tool and no function in FUNCTIONS_DIR with "
        "this name, got 'list_screen'"
    ),
    "tools:\n    - type: function": "4: assistants[0].tools[0].function: is missing",
    "tools:\n    - type: function\n      function:\n        name: a b": (
        "6: assistants[0].tools[0].function.name: string should match pattern "
        "'^[A-Za-z0-9_-]{1,64}$', got 'a b'"
    ),
    "response_format: json": "3: assistants[0].response_format: should be 'auto', got 'json'",
    "response_format:\n      type: json_schema\n      json_schema: {strict: true}": (
        "5: assistants[0].response_format.json_schema.name: is missing"
    ),
    "tools: [file_search]\n    knowledge:\n    - knowledge/a.md\n    - knowledge/b.md": (
        "6: assistants[0].knowledge[1]: there is no such file next to the assistants file, "
        "got 'knowledge/b.md'"
    ),
    "tools: [file_search]\n    knowledge: [knowledge]": (
        "4: assistants[0].knowledge[0]: there is no such file next to the assistants file, "
        "got 'knowledge'"
    ),
    "tools: [file_search]\n    knowledge: [7]": (
        "4: assistants[0].knowledge[0]: should be a path, got 7"
    ),
    "tools: [file_search]\n    knowledge: [knowledge/empty.md]": (
        "4: assistants[0].knowledge[0]: the file is empty, got 'knowledge/empty.md'"
    ),
    "tools: [file_search]\n    knowledge: [knowledge/long.md]": (
        "4: assistants[0].knowledge[0]: the file is larger than MAX_FILE_BYTES, "
        "got 'knowledge/long.md'"
    ),
    "tools: [file_search]\n    knowledge:\n    - knowledge/a.md\n    - knowledge/a.md": (
        "6: assistants[0].knowledge[1]: repeats line 5, got 'knowledge/a.md'"
    ),
    "knowledge: [knowledge/a.md]": "3: assistants[0].knowledge: needs the tool file_search",
    "tools: [file_search]\n    data: [knowledge/a.md]": (
        "4: assistants[0].data: needs the tool code_interpreter"
    ),
    "tools: [code_interpreter]\n    data:\n    - knowledge/a.md\n    - knowledge/a.md": (
        "6: assistants[0].data[1]: repeats line 5, got 'knowledge/a.md'"
    ),
    "tools: [code_interpreter]\n    data: [knowledge/b.md]": (
        "4: assistants[0].data[0]: there is no such file next to the assistants file, "
        "got 'knowledge/b.md'"
    ),
    "tools: [code_interpreter]\n    data: [knowledge/a.md]\n"
    "    tool_resources: {code_interpreter: {file_ids: [file-1]}}": (
        "4: assistants[0].data: can't be combined with the ids of files"
    ),
    "tools: [file_search]\n    knowledge: [knowledge/a.md]\n"
    "    tool_resources: {file_search: {vector_store_ids: [vs_1]}}": (
        "4: assistants[0].knowledge: can't be combined with a vector store's id"
    ),
    "tool_resources: {file_search: {vector_stores: []}}": (
        "3: assistants[0].tool_resources.file_search.vector_stores: unknown key"
    ),
    "- id: asst_a": "3: assistants[1].id: repeats line 2, got 'asst_a'",
    "- name: b": "3: assistants[1].id: is missing",
    "- just a word": "3: assistants[1]: should be a mapping of keys to values, got 'just a word'",
}


@pytest.mark.parametrize(("said", "line"), FAULTS.items())
def test_a_fault_has_its_line(refusal, said, line):
    indent = "  " if said.startswith("-") else "    "
    text = f"assistants:\n  - id: asst_a\n{indent}{said}\n"
    (reported,) = refusal(text, a="text", empty="", long="x" * 100)
    assert reported.startswith(line)


SYNTAX = {
    "assistants:\n  - id: [": "2: not YAML: while parsing a flow node expected the node content",
    "assistants:\n  - id: a\n   name: b": "3: not YAML: while parsing a block",
    "assistants: []\n---\n{}": "2: not YAML: expected a single document in the stream",
    "assistants: []\nassistants: []": "2: the key 'assistants' is repeated",
    "assistants:\n  - id: !!int 5": "2: tags, such as !!int, can't be used",
    "assistants: &a\n  - *a": "1: a part can't contain itself",
    "assistants:\n  - [a]: b": "2: a key must be a word",
    "assistants: []\n# \x07": "2: the text contains a control character",
    "- a": "1: should be a mapping of keys to values",
    "assistants: {id: a}": "1: assistants: should be a valid list",
}


@pytest.mark.parametrize(("text", "line"), SYNTAX.items())
def test_what_is_no_such_file_has_its_line(refusal, text, line):
    (reported,) = refusal(text)
    assert reported.startswith(line)


def test_other_bytes_have_their_line(tmp_path):
    path = tmp_path / "assistants.yaml"
    path.write_bytes(b"assistants:\n  - id: \xff\n")
    with pytest.raises(StartError, match=r"assistants\.yaml, line 2: not UTF-8 text$"):
        load(str(path))


def test_every_error_is_listed_in_the_files_order(refusal):
    lines = refusal(
        """\
        other: 1
        assistants:
          - id: one
            knowledge: [x.md]
          - name: 2
            tools:
              - type: nothing
          - id: one
        """
    )
    assert [line.partition(" ")[0] for line in lines] == ["1:", "3:", "4:", "5:", "5:", "7:"] + [
        "8:"
    ] * 2


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("on", "on"),
        ("no", "no"),
        ("12:30", "12:30"),
        ("2026-01-01", "2026-01-01"),
        ("010", "010"),
        ("1_000", "1_000"),
        ("'5'", "5"),
        ("5", 5),
        ("-0.5e1", -5.0),
        ("true", True),
        ("~", None),
        ("", None),
        ("[a, {b: 1}]", ["a", {"b": 1}]),
        ('"\\uac00"', "가"),
    ],
)
def test_words_are_what_json_would_make_of_them(word, value):
    read = Document(f"key: {word}").value
    assert json.dumps(read) == json.dumps({"key": value})


def test_the_shipped_example_is_sound():
    (analyst,) = load(str(SHIPPED), functions=(), max_bytes=10_000)
    assert analyst.id == ANALYST
    for file in analyst.files.values():
        Path(SHIPPED.parent, file.name).read_text("utf-8")
    assert [Path(file.name).suffix for file in analyst.data] == [".csv"]
