"""Finds everything that belongs to threads with certain metadata: API objects and files."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.terminal.client import Client, Object, path_of
from app.terminal.failures import Refused

# More threads than anybody has.
_ALL = 1_000_000


@dataclass
class Counts:
    """Numbers of objects by kind; `files` are the ids of files attached or created in threads."""

    visitors: int = 0
    threads: int = 0
    messages: int = 0
    runs: int = 0
    steps: int = 0
    files: set[str] = field(default_factory=set)

    def add(self, one: Object) -> None:
        match one.get("object"):
            case "thread.visitor":
                # With every thread of his, too.
                self.visitors = 1
            case "thread":
                self.threads += 1
            case "thread.message":
                self.messages += 1
            case "thread.run":
                self.runs += 1
            case "thread.run.step":
                self.steps += 1
        self.files |= set(_files_of(one))


def objects_of(client: Client, query: Object, *, steps: bool) -> Iterator[Object]:
    """Yield each thread, followed by its messages, its runs and, if `steps`, their steps.

    With the steps come the ratings of the answers, the summary that models read of a long thread,
    the request for a person, and who the visitor is, if there are any. Before the threads of a
    signed-in visitor, whom `query` names as `user`, comes who he is: he may have none.

    A thread that is deleted in the meantime is skipped. Raises `Failure`.
    """
    user = query.get("user")
    known = visitor(client, user) if user else None
    if known is not None:
        yield known
    for listed in client.list("/threads", _ALL, query).items:
        thread_id = str(listed["id"])
        try:
            yield from _of_thread(client, thread_id, steps=steps)
        except Refused as refusal:
            if refusal.http_status != 404:
                raise


def visitor(client: Client, user: str) -> Object | None:
    """Return who the signed-in visitor is, None if the server knows of none. Raises `Failure`."""
    try:
        found = client.get("/visitors", {"user": user})["data"]
    except Refused as refusal:
        # Older servers don't know of visitors without a thread.
        if refusal.http_status != 404:
            raise
        return None
    return found[0] if found else None


def find_file(client: Client, file_id: str) -> Object | None:
    """Return the file, or None if it was deleted or has expired. Raises `Failure`."""
    return _or_none(client, "files", file_id)


def _of_thread(client: Client, thread_id: str, *, steps: bool) -> Iterator[Object]:
    oldest_first = {"order": "asc"}
    thread = client.get(path_of("threads", thread_id))
    messages = client.list(path_of("threads", thread_id, "messages"), _ALL, oldest_first).items
    runs = client.list(path_of("threads", thread_id, "runs"), _ALL, oldest_first).items
    yield thread
    yield from messages
    if steps:
        yield from _feedback(client, thread_id)
    if steps:
        yield from _more_of(client, thread_id)
    for run in runs:
        yield run
        if steps:
            path = path_of("threads", thread_id, "runs", str(run["id"]), "steps")
            yield from client.list(path, _ALL, oldest_first).items


def _feedback(client: Client, thread_id: str) -> list[Object]:
    try:
        return client.list(path_of("threads", thread_id, "feedback"), _ALL, {"order": "asc"}).items
    except Refused as refusal:
        # Older servers have no ratings.
        if refusal.http_status != 404:
            raise
        return []


def _more_of(client: Client, thread_id: str) -> Iterator[Object]:
    """Yield what a thread has once, or not at all."""
    for name in ("summary", "handover", "visitor"):
        # Older servers answer 404 too, to what they don't know.
        found = _or_none(client, "threads", thread_id, name)
        # A handover of a thread for which nobody ever asked for a person says nothing.
        if found and (name != "handover" or found["requested_at"] or found["taken_at"]):
            yield found


def _or_none(client: Client, *path: str) -> Object | None:
    try:
        return client.get(path_of(*path))
    except Refused as refusal:
        if refusal.http_status != 404:
            raise
        return None


def _files_of(one: Object) -> Iterator[str]:
    """Yield the ids of the files that a thread or message refers to."""
    resources = one.get("tool_resources") if one.get("object") == "thread" else None
    yield from ((resources or {}).get("code_interpreter") or {}).get("file_ids") or []
    if one.get("object") != "thread.message":
        return
    for attachment in one.get("attachments") or []:
        if attachment.get("file_id"):
            yield attachment["file_id"]
    for part in one.get("content") or []:
        if part.get("type") == "image_file":
            yield part["image_file"]["file_id"]
        for annotation in (part.get("text") or {}).get("annotations") or []:
            if annotation.get("type") == "file_path":
                yield annotation["file_path"]["file_id"]
