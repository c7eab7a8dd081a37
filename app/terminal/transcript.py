"""A thread's messages on the screen, as Markdown, and as an object."""

import json
from urllib.parse import unquote

from rich.text import Text

from app.terminal.calls.registry import INCLUDES, call_text
from app.terminal.client import Client, Object, path_of
from app.terminal.downloads import how_to_download
from app.terminal.language import Language, Said
from app.terminal.screen import Screen, markdown, moment, one_line

# More messages than any thread has.
_ALL = 1_000_000

_ROLES = {
    "user": Said("User", "사용자"),
    "assistant": Said("Assistant", "어시스턴트"),
}
_UNTITLED = Said("Thread", "대화")
_IMAGE = Said("[image: {source}]", "[이미지: {source}]")
_FILE = Said("[file: {source}]", "[파일: {source}]")


def read_transcript(client: Client, thread_id: str, *, with_steps: bool = False) -> Object:
    """Return a thread and all its messages, oldest first. Raises `Failure`.

    `with_steps` adds the tool steps of the runs that answered, by run id.
    """
    thread = client.get(path_of("threads", thread_id))
    messages = client.list(path_of("threads", thread_id, "messages"), _ALL, {"order": "asc"})
    transcript = {"thread": thread, "messages": messages.items}
    if with_steps:
        runs = dict.fromkeys(one["run_id"] for one in messages.items if one.get("run_id"))
        transcript["steps"] = {run: read_steps(client, thread_id, run) for run in runs}
    return transcript


def read_steps(client: Client, thread_id: str, run_id: str) -> list[Object]:
    """Return a run's tool steps, oldest first. Raises `Failure`."""
    path = path_of("threads", thread_id, "runs", run_id, "steps")
    steps = client.list(path, _ALL, {"order": "asc", "include[]": INCLUDES}).items
    return [step for step in steps if step.get("type") == "tool_calls"]


def as_markdown(transcript: Object, language: Language) -> str:
    """Return a transcript as Markdown: its title, then each message under its author's name."""
    thread = transcript["thread"]
    parts = [f"# {_title(thread) or _UNTITLED.in_language(language)}"]
    parts.append(f"`{thread.get('id')}` · {moment(thread.get('created_at'))}")
    for message in transcript["messages"]:
        parts.append(f"## {_heading(message, language)}")
        parts.append(_content(message, language))
    return "\n\n".join(parts) + "\n"


def show_messages(
    screen: Screen, messages: list[Object], steps: dict[str, list[Object]] | None = None
) -> None:
    """Show messages: the user's as typed, the assistant's rendered as Markdown.

    `steps` are tool steps by run id, shown before the run's messages.
    """
    waiting = dict(steps or {})
    for message in messages:
        show_steps(screen, waiting.pop(str(message.get("run_id")), []))
        screen.out.print(Text(_heading(message, screen.language), style="bold"))
        content = _content(message, screen.language)
        if message.get("role") == "user" or not screen.out.is_terminal:
            screen.write(content)
        else:
            screen.out.print(markdown(content))
        screen.out.print()


def show_steps(screen: Screen, steps: list[Object]) -> None:
    """Show the tool calls of steps."""
    for step in steps:
        for call in step["step_details"].get("tool_calls", []):
            screen.write(call_text(call, str(step.get("status")), screen.language))
            screen.out.print()


def show_attached(screen: Screen, messages: list[Object]) -> None:
    """Show the parts of messages that are not text: pictures, and files to download."""
    for message in messages:
        for part in message.get("content", []):
            if part.get("type") == "text":
                shown = _offered_files(part, screen.language)
            else:
                shown = [_part(part, screen.language)] if part.get("type") != "refusal" else []
            for text in shown:
                screen.write(text)


def _title(thread: Object) -> str:
    metadata = thread.get("metadata") or {}
    return one_line(str(metadata.get("title") or ""))


def _heading(message: Object, language: Language) -> str:
    role = str(message.get("role"))
    said = _ROLES.get(role, Said(role, role)).in_language(language)
    return f"{said} · {moment(message.get('created_at'))}"


def _content(message: Object, language: Language) -> str:
    parts = [_part(part, language) for part in message.get("content", [])]
    files = [str(one.get("file_id")) for one in message.get("attachments") or []]
    parts += [_FILE.filled(source=file).in_language(language) for file in files]
    return "\n\n".join(parts)


def _part(part: Object, language: Language) -> str:
    match part.get("type"):
        case "text":
            return "\n\n".join([str(part["text"]["value"]), *_offered_files(part, language)])
        case "refusal":
            return str(part["refusal"])
        case "image_url":
            source = part["image_url"]["url"]
        case "image_file":
            file_id = part["image_file"]["file_id"]
            return how_to_download("image", file_id).in_language(language)
        case other:
            content = json.dumps(part, ensure_ascii=False, indent=2)
            return f"[{other}]\n\n```json\n{content}\n```"
    return _IMAGE.filled(source=source).in_language(language)


def _offered_files(part: Object, language: Language) -> list[str]:
    """Return how to get each file that a text links to with a `sandbox:` path."""
    files: dict[str, str] = {}
    for annotation in part["text"].get("annotations") or []:
        if annotation.get("type") == "file_path":
            # Models may percent-encode the path.
            name = unquote(str(annotation.get("text", "")).rpartition("/")[2])
            files[annotation["file_path"]["file_id"]] = name
    return [
        how_to_download("file", file_id, name).in_language(language)
        for file_id, name in files.items()
    ]
