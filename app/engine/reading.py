"""What the model reads in one run: its requests, and what is learned from their usage."""

from typing import Any

from app.core.token_rates import Size
from app.core.upstream import Target
from app.engine.claim import Claimed
from app.engine.images import Images
from app.engine.translation.history import message_tokens, text_tokens, within
from app.engine.translation.items import readable_by
from app.engine.translation.request import build_request, request_size
from app.engine.windows import Windows
from app.schemas.runs import Usage

# Fewer messages have nothing to summarise: the newest ones are always read whole.
_FEW_MESSAGES = 3


class Reading:
    """The history of a claimed run, as its rounds read it."""

    def __init__(self, windows: Windows, images: Images, claimed: Claimed) -> None:
        self._windows = windows
        self._images = images
        self._run = claimed.run
        self._history = claimed.history
        self._summary = claimed.summary
        self._cut = claimed.cut
        # Who got the last request, and its size, if it is known.
        self._target: Target | None = None
        self._size: Size | None = None

    async def request(
        self,
        target: Target,
        items: list[dict[str, Any]],
        spent: Usage,
        *,
        max_output_tokens: int | None,
        tools: list[dict[str, Any]],
    ) -> dict[str, Any]:
        """Return the request of the next round, after rounds that left `items` and `spent`."""
        items = readable_by(target, items)
        rate = self._windows.rates.of(target.model)
        budget = self._windows.input_budget(self._run, items, spent, target)
        if self._summary is not None:
            budget -= text_tokens(self._summary, rate)
        history = within(reversed(self._history), budget, rate)
        sendable = await self._images.of(self._run.project, history, items)
        request = build_request(
            self._run,
            sendable.messages,
            sendable.items,
            max_output_tokens=max_output_tokens,
            model=target.model,
            tools=tools,
            images=sendable.urls,
            summary=self._summary,
        )
        self._target, self._size = target, request_size(request)
        return request

    def answered(self, usage: Usage) -> None:
        """Learn from the usage of the last request how many tokens the model counts."""
        if self._target is not None and self._size is not None:
            self._windows.rates.learn(self._target.model, self._size, usage.prompt_tokens)

    def shorten(self) -> bool:
        """Learn that the last request was too long; False if the next one can't be shorter."""
        if self._target is None or len(self._history) < _FEW_MESSAGES:
            return False
        self._windows.rates.exceeded(self._target.model)
        return True

    def summary_due(self, spent: Usage) -> bool:
        """Return whether the thread is so long that its older messages are to be summarised."""
        if len(self._history) < _FEW_MESSAGES and not self._cut:
            return False
        limit = self._windows.summary_limit(self._run)
        if limit is None or self._cut:
            return limit is not None
        rate = self._windows.rate(self._run)
        tokens = sum(message_tokens(message, rate) for message in self._history)
        return tokens + spent.completion_tokens > limit
