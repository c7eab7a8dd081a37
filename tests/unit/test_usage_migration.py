"""Usage that was counted before it said who answered stays, on both databases."""

from sqlalchemy import Connection

from app.db import usage
from app.db.rows import Answered
from app.db.usage import Share
from app.schemas.runs import Usage
from tests.support.rows import connected
from tests.unit.test_uses_migration import insert, migrate


class Counted:
    assistant_id = "asst_a"
    model = "m"
    by_visitor = False
    key_id = None


def report(connection: Connection) -> list[tuple[str, str, str, int, int, int]]:
    rows = usage.of_days(connection, "shop", "0001-01-01", "9999-12-31")
    return [
        (one.answered_by, one.answered_model, one.currency, one.runs, one.prompt_tokens, one.cost)
        for one in rows
    ]


def test_older_usage_stays_and_newer_is_added_beside_it(empty_database_url):
    with connected(empty_database_url) as connection:
        migrate(connection, "0010")
        for part in (0, 1, 9):
            insert(
                connection,
                "usage",
                project="shop",
                day=usage.today(),
                assistant_id="asst_a",
                model="m",
                part=part,
                runs=2,
                prompt_tokens=3_000_000_000,
                completion_tokens=7,
            )
        migrate(connection, "head")
        assert report(connection) == [("", "", "", 6, 9_000_000_000, 0)]
        spent = Usage(prompt_tokens=10, completion_tokens=1, total_tokens=11)
        shares = [
            Share(Answered("first", "m"), spent),
            Share(Answered("second", "n", 5_000_000_000, "KRW"), spent),
        ]
        for _ in range(3):
            usage.add(connection, "shop", Counted(), spent + spent, shares)
        assert report(connection) == [
            ("", "", "", 6, 9_000_000_000, 0),
            ("first", "m", "", 0, 30, 0),
            ("second", "n", "KRW", 3, 30, 15_000_000_000),
        ]
