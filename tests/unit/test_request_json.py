"""A request's body: as `json.dumps` writes it, without looking through the files in it."""

import json
import time
from collections.abc import Callable

import pytest

from app.core.request_json import DataUrl, request_json
from app.domain.errors import ModelError

URL = DataUrl("data:image/png;base64,AA+/==")
# To look through it takes a hundred times as long as to copy it.
LONG = DataUrl("data:image/png;base64," + "A" * 40_000_000)


def chat(*urls: str) -> dict[str, object]:
    images = [{"type": "image_url", "image_url": {"url": url, "detail": "low"}} for url in urls]
    document = {"type": "file", "file": {"filename": "a.pdf", "file_data": urls[-1]}}
    said = {"type": "text", "text": '안녕 "you"'}
    return {
        "model": "m",
        "messages": [
            {"role": "user", "content": [said, *images, document]},
            {"role": "assistant", "content": None},
        ],
    }


def question(*urls: str) -> dict[str, object]:
    images = [{"type": "input_image", "image_url": url, "detail": "auto"} for url in urls]
    said = {"type": "input_text", "text": '안녕 "you" \\ \n'}
    document = {"type": "input_file", "filename": "a.pdf", "file_data": urls[-1]}
    return {
        "model": "m",
        "input": [
            {"role": "user", "content": [said, *images]},
            {"role": "assistant", "content": "an answer"},
            {"type": "function_call_output", "call_id": "c", "output": [*images, document]},
            {"type": "function_call_output", "call_id": "d", "output": "text"},
        ],
        "stream": True,
    }


@pytest.mark.parametrize(
    "request_body",
    [
        question(URL),
        chat(URL, 'https://example.com/a?"b', URL),
        question(URL, 'https://example.com/a?"b', URL),
        {"model": "m", "input": "a question"},
        {"model": "m", "input": []},
    ],
)
def test_it_is_what_json_writes(request_body: dict[str, object]) -> None:
    assert request_json(request_body) == json.dumps(request_body, ensure_ascii=False).encode()


@pytest.mark.parametrize("value", [float("nan"), "\ud800", {1, 2}])
def test_what_json_has_no_form_for_is_refused(value: object) -> None:
    with pytest.raises(ModelError) as caught:
        request_json({**question(URL), "temperature": value})
    assert caught.value.code == "invalid_prompt"


@pytest.mark.parametrize("ask", [question, chat])
def test_files_are_copied_and_not_looked_through(ask: Callable[[str], dict[str, object]]) -> None:
    began = time.process_time()
    body = ask(LONG)
    whole = request_json(body)
    took = time.process_time() - began
    began = time.process_time()
    plain = json.dumps(body, ensure_ascii=False).encode()
    assert took < time.process_time() - began
    assert len(whole) == len(plain)
