"""Finds the output item that an event is about, even if the upstream sends incomplete events."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.core.model import Event

Item = Mapping[str, Any]


class ItemPlaces:
    """The items that a response has opened, by place.

    OpenAI sends each item's number (`output_index`) and id (`item_id`). Other upstreams leave out
    either or both, send one number for all items, or a new id with each event. So the number
    counts until it is missing or used for a second item; from then on the id counts, and if that
    fails, the order.
    """

    def __init__(self) -> None:
        self._kinds: dict[int, str] = {}
        self._by_id: dict[str, int] = {}
        self._done: set[int] = set()
        self._numbered = True

    def open(self, event: Event, item: Item) -> int:
        """Return the place of an item that begins."""
        place = self._number(event)
        if place is None or place in self._kinds:
            self._numbered = False
            place = max(self._kinds, default=-1) + 1
        self._kinds[place] = str(item.get("type"))
        self._name(place, item.get("id") or event.get("item_id"))
        return place

    def find(self, event: Event, kind: str) -> int | None:
        """Return the place of the item that an event is about; None if there is none."""
        number = self._number(event)
        if number is not None:
            return number if self._kinds.get(number) == kind else None
        self._numbered = False
        item = event.get("item")
        item_id = event.get("item_id") or (item.get("id") if isinstance(item, dict) else None)
        place = self._by_id.get(str(item_id))
        if place is not None and self._kinds[place] == kind:
            return place
        return self._first_open(kind)

    def finish(self, place: int) -> None:
        self._done.add(place)

    def is_done(self, place: int) -> bool:
        return place in self._done

    def unfinished(self) -> list[tuple[int, str]]:
        """Return the places and kinds of the messages and calls that are not finished."""
        kinds = ("message", "function_call")
        return [
            (p, k) for p, k in sorted(self._kinds.items()) if k in kinds and p not in self._done
        ]

    def of_output(self, output: Sequence[Item]) -> list[int | None]:
        """Return the place of each item of a complete response; None for items not seen before."""
        free = dict(sorted(self._kinds.items()))
        places: list[int | None] = []
        for item in output:
            place = self._by_id.get(str(item.get("id")))
            if place is not None and free.get(place) == item.get("type"):
                del free[place]
            else:
                place = None
            places.append(place)
        for at, item in enumerate(output):
            if places[at] is None:
                same = (place for place, kind in free.items() if kind == item.get("type"))
                if (place := next(same, None)) is not None:
                    del free[place]
                places[at] = place
        return places

    def _number(self, event: Event) -> int | None:
        number = event.get("output_index") if self._numbered else None
        return number if isinstance(number, int) and number >= 0 else None

    def _name(self, place: int, item_id: object) -> None:
        if isinstance(item_id, str) and item_id:
            self._by_id.setdefault(item_id, place)

    def _first_open(self, kind: str) -> int | None:
        places = (p for p, k in self._kinds.items() if k == kind and p not in self._done)
        return next(places, None)
