"""Turns the `input` of a Responses request into the messages of Chat Completions."""

from collections.abc import Callable, Iterable
from typing import Any

from app.core.chat_completions.reasoning import NOTHING, replay_of

# A message of the role `tool` can only contain text: what else a call returned follows as a user's.
_FOLLOWS = "(The output follows in the next message.)"
_FOLLOWED = "Output of the call {call_id}:"


def messages_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the messages of a Responses request, the instructions first."""
    writer = _Writer(request.get("model"))
    if instructions := request.get("instructions"):
        writer.messages.append({"role": "system", "content": instructions})
    items = request["input"]
    if isinstance(items, str):
        items = [{"role": "user", "content": items}]
    writer.write(items)
    return writer.messages


class _Writer:
    """Writes messages item by item.

    The items of one answer become one message: its text, its calls, and the reasoning before them.
    The outputs of the calls follow directly, as the API requires.
    """

    def __init__(self, model: object) -> None:
        self.messages: list[dict[str, Any]] = []
        self._model = model
        self._answer: dict[str, Any] | None = None
        self._replay = NOTHING
        self._attached: list[dict[str, Any]] = []

    def write(self, items: Iterable[dict[str, Any]]) -> None:
        for item in items:
            kind = item.get("type") or "message"
            if self._attached and kind != "function_call_output":
                self._attach()
            _HANDLERS[kind](self, item)
        self._attach()

    def _message(self, item: dict[str, Any]) -> None:
        if item["role"] == "assistant":
            self._said(_text(item["content"]))
            return
        self._answer = None
        role = "system" if item["role"] == "developer" else item["role"]
        self.messages.append({"role": role, "content": _content(item["content"])})

    def _said(self, text: str) -> None:
        answer = self._answer
        if answer is not None and "tool_calls" in answer:
            # Between the calls and their outputs no message may come.
            answer["content"] = (answer["content"] or "") + text
        else:
            self._begin_answer(text)

    def _reasoning(self, item: dict[str, Any]) -> None:
        self._answer = None
        self._replay = replay_of(item, self._model)

    def _call(self, item: dict[str, Any]) -> None:
        answer = self._answer or self._begin_answer(None)
        call = {
            "id": item["call_id"],
            "type": "function",
            "function": {"name": item["name"], "arguments": item["arguments"] or "{}"},
        }
        if item["call_id"] in self._replay.calls:
            call["extra_content"] = self._replay.calls[item["call_id"]]
        answer.setdefault("tool_calls", []).append(call)

    def _begin_answer(self, text: str | None) -> dict[str, Any]:
        self._answer = {"role": "assistant", "content": text, **self._replay.message}
        self._replay = self._replay._replace(message={})
        self.messages.append(self._answer)
        return self._answer

    def _output(self, item: dict[str, Any]) -> None:
        self._answer = None
        output, call_id = item["output"], item["call_id"]
        if not isinstance(output, str):
            others = [_part(part) for part in output if part["type"] not in _TEXTS]
            if others:
                named = {"type": "text", "text": _FOLLOWED.format(call_id=call_id)}
                self._attached += [named, *others]
            output = _text(output) or _FOLLOWS
        self.messages.append({"role": "tool", "tool_call_id": call_id, "content": output})

    def _attach(self) -> None:
        if self._attached:
            self.messages.append({"role": "user", "content": self._attached})
            self._attached = []


# Of the class: a table of an object's own methods would be a cycle, left to the garbage collector.
_HANDLERS: dict[str, Callable[[_Writer, dict[str, Any]], None]] = {
    "message": _Writer._message,
    "reasoning": _Writer._reasoning,
    "function_call": _Writer._call,
    "function_call_output": _Writer._output,
}

_TEXTS = {"input_text": "text", "output_text": "text", "refusal": "refusal"}


def _text(content: str | list[dict[str, Any]]) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part[_TEXTS[part["type"]]] for part in content if part["type"] in _TEXTS)


def _content(content: str | list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """Return a user's content; text alone as a string, because some servers know no parts."""
    if isinstance(content, str) or all(part["type"] in _TEXTS for part in content):
        return _text(content)
    return [_part(part) for part in content]


def _part(part: dict[str, Any]) -> dict[str, Any]:
    match part["type"]:
        case "input_image":
            image = {"url": part["image_url"]}
            if part.get("detail", "auto") != "auto":
                image["detail"] = part["detail"]
            return {"type": "image_url", "image_url": image}
        case "input_file":
            file = {"filename": part["filename"], "file_data": part["file_data"]}
            return {"type": "file", "file": file}
    return {"type": "text", "text": part[_TEXTS[part["type"]]]}
