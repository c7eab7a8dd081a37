"""A column is the table's, a migration's and its row's: none is forgotten, nothing is lost."""

from dataclasses import dataclass, fields, replace

import pytest
from pydantic import BaseModel
from sqlalchemy import JSON, Column, Integer, MetaData, String, Table, create_engine, select

from app.db import (
    access_rows,
    action_rows,
    feedback_rows,
    file_rows,
    handover_rows,
    knowledge_rows,
    notification_rows,
    visitor_rows,
)
from app.db import rows as row_module
from app.db.row_map import RowMap
from app.db.tables import metadata
from tests.support.sample_rows import defaults_in, sample_row

MAPS = {
    rows.table.name: rows
    for module in (
        *(row_module, access_rows, action_rows, feedback_rows, file_rows),
        *(handover_rows, knowledge_rows, notification_rows),
        visitor_rows,
    )
    for rows in vars(module).values()
    if isinstance(rows, RowMap)
}

# Never written from values that the code holds as a whole: their statements name each column, and
# none may be left out of an insert.
WITHOUT_ROW = (
    *("access_state", "insight_days", "key_usage", "past_ids", "resource_uses", "thread_pairs"),
    "usage",
    "workers",
)


def insert_with_parents(connection, table: Table):
    """Insert the table's sample row, and before it those that it refers to; return it."""
    for parent in {key.column.table.name for key in table.foreign_keys}:
        found = connection.execute(select(MAPS[parent].table)).first()
        if found is None:
            insert_with_parents(connection, MAPS[parent].table)
    row = sample_row(MAPS[table.name])
    MAPS[table.name].insert(connection, row)
    return row


@pytest.mark.parametrize("table", MAPS)
def test_each_column_has_its_field_and_each_field_its_column(table):
    rows = MAPS[table]
    assert rows.columns - rows.fields == set(), "columns without a field"
    assert rows.fields - rows.columns == set(), "fields without a column"


@pytest.mark.parametrize("table", MAPS)
def test_a_sample_has_a_value_of_its_own_in_every_field(table):
    row = sample_row(MAPS[table])
    assert defaults_in(row) == []
    values = [repr(getattr(row, field.name)) for field in fields(row)]
    assert all(values.count(value) == 1 or value == "True" for value in values)


@pytest.mark.parametrize("table", MAPS)
def test_a_row_is_read_as_it_was_written(rows, table):
    written = insert_with_parents(rows, MAPS[table].table)
    found = rows.execute(select(MAPS[table].table)).one()
    assert MAPS[table].read(found) == written
    assert {name for name, value in found._mapping.items() if value is None} == set()


@pytest.mark.parametrize("table", MAPS)
def test_a_row_is_frozen(table):
    row = sample_row(MAPS[table])
    name = fields(row)[0].name
    with pytest.raises(AttributeError):
        setattr(row, name, None)
    assert not hasattr(row, "__dict__")


# How columns and fields meet, on a table of the test's own


class Kept(BaseModel):
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    old: str
    new: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Toy(Inside):
    id: str
    kept: Kept | None = None


TABLE = Table(
    "toys",
    MetaData(),
    Column("sequence", Integer, primary_key=True),
    Column("id", String),
    Column("settings", JSON),
    Column("kept", JSON(none_as_null=True)),
)
TOYS = RowMap(TABLE, Toy, packed={"settings": Inside})
TOY = Toy(id="a", old="b", new=1, kept=Kept(number=2))


@pytest.fixture
def toys():
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        TABLE.create(connection)
        yield connection
    engine.dispose()


def test_packed_fields_are_members_of_one_column(toys):
    TOYS.insert(toys, TOY)
    found = toys.execute(select(TABLE)).one()
    assert found.settings == {"old": "b", "new": 1}
    assert found.kept == {"number": 2}
    assert TOYS.read(found) == TOY


def test_a_packed_member_that_older_rows_lack_has_its_default(toys):
    toys.execute(TABLE.insert(), {"id": "a", "settings": {"old": "b"}})
    assert TOYS.read_first(toys.execute(select(TABLE)).first()) == Toy(id="a", old="b", new=7)


def test_a_packed_member_of_a_newer_version_is_left_alone(toys):
    toys.execute(TABLE.insert(), {"id": "a", "settings": {"old": "b", "newer": 1}})
    assert TOYS.read_all(toys.execute(select(TABLE))) == [Toy(id="a", old="b", new=7)]


def test_rows_are_inserted_in_their_order(toys):
    several = [replace(TOY, id=str(number)) for number in range(3)]
    TOYS.insert(toys, *several)
    TOYS.insert(toys)
    assert TOYS.read_all(toys.execute(select(TABLE).order_by(TABLE.c.sequence))) == several


def test_some_values_are_encoded_as_a_whole_row_is():
    assert TOYS.encoded({"kept": Kept(number=3), "id": "x"}) == {"kept": {"number": 3}, "id": "x"}
    assert TOYS.encoded({"kept": None}) == {"kept": None}
    assert TOYS.values(TOY, without=("id", "settings")) == {"kept": {"number": 2}}


def test_a_select_of_something_else_is_refused(toys):
    TOYS.insert(toys, TOY)
    with pytest.raises(ValueError, match="shorter"):
        TOYS.read(toys.execute(select(TABLE.c.id)).one())


@pytest.mark.parametrize("table", WITHOUT_ROW)
def test_a_table_without_a_row_lets_no_column_be_left_out(table):
    columns = metadata.tables[table].c
    assert [column.name for column in columns if column.nullable or column.server_default] == []


def test_every_table_has_its_row():
    assert set(metadata.tables) == {*MAPS, *WITHOUT_ROW}
