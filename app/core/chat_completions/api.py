"""OpenAI's Chat Completions API on the wire."""

from typing import Any

from app.core.chat_completions.answer import Answer
from app.core.chat_completions.reasoning import without_reasoning
from app.core.chat_completions.request import LIMIT, OLDER_LIMIT, chat_request
from app.core.model import Api, Event
from app.core.refusals import Refusals
from app.core.request_json import request_json
from app.core.response_stream import read_object
from app.core.sse_reader import RawEvent
from app.core.upstream import PATHS
from app.core.wire_api import AnswerFailed, Batch, BrokenAnswer

# Without these an answer may differ slightly, but is never wrong. A server that refuses `store`
# knows no storing.
_DISPENSABLE = frozenset(
    {
        "temperature",
        "top_p",
        "reasoning_effort",
        "parallel_tool_calls",
        "stream_options",
        "store",
        "prompt_cache_key",
    }
)
# By how many tokens an answer may exceed its limit: servers count the last ones differently.
_MORE_TOKENS = 16


class ChatCompletionsApi:
    """`POST /chat/completions`. A `WireApi`."""

    name: Api = "chat_completions"
    path = PATHS["chat_completions"]

    def __init__(self) -> None:
        self.refusals = Refusals(
            _DISPENSABLE, older_names={LIMIT: OLDER_LIMIT}, without_reasoning=without_reasoning
        )

    def body(self, request: dict[str, Any], *, stream: bool) -> dict[str, Any]:
        return chat_request(request, stream=stream)

    def content(self, body: dict[str, Any]) -> bytes:
        return request_json(body)

    def whole(self, content: bytes, body: dict[str, Any]) -> Event:
        answer = Answer(body["model"])
        answer.take_whole(read_object(content))
        answer.finish()
        self.check_limit(body, answer)
        return answer.events[-1]

    def stream(self, body: dict[str, Any]) -> "_ChatStream":
        return _ChatStream(self, body)

    def check_limit(self, body: dict[str, Any], answer: Answer) -> None:
        """Use the limit's older name from now on if the server has ignored the newer one."""
        limit, used = body.get(LIMIT), (answer.usage or {}).get("completion_tokens")
        if limit is not None and isinstance(used, int) and used > limit + _MORE_TOKENS:
            self.refusals.learn(body, {LIMIT})


class _ChatStream:
    """An `AnswerStream`. It ends with `[DONE]`, which some servers leave out."""

    def __init__(self, api: ChatCompletionsApi, body: dict[str, Any]) -> None:
        self._api = api
        self._body = body
        self._answer = Answer(body["model"])
        self.complete = False

    def read(self, raw_events: list[RawEvent]) -> Batch:
        answer, batch = self._answer, Batch()
        try:
            for name, data in raw_events:
                if data == b"[DONE]":
                    self._end(batch)
                    break
                chunk = read_object(data)
                if name == "error":
                    raise AnswerFailed(chunk.get("error") or chunk)
                answer.take_chunk(chunk)
            self.complete = bool(answer.reason)
        except (AnswerFailed, BrokenAnswer) as failure:
            # Kept rather than raised: the events before it are yielded first.
            batch.failure = failure
        batch.events, answer.events = answer.events, []
        return batch

    def finish(self) -> Batch:
        batch = Batch()
        try:
            if not self.complete:
                raise BrokenAnswer
            self._end(batch)
        except (AnswerFailed, BrokenAnswer) as failure:
            batch.failure = failure
        batch.events, self._answer.events = self._answer.events, []
        return batch

    def _end(self, batch: Batch) -> None:
        if not self._answer.began:
            raise BrokenAnswer
        self._answer.finish()
        self._api.check_limit(self._body, self._answer)
        batch.ended = True
