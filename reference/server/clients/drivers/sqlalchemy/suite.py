"""SQLAlchemy on psycopg and on asyncpg: what it asks on connecting, its types, its inspector, its ORM."""

import asyncio
import datetime
import decimal
import os
import sys
import uuid

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from sqlalchemy import (ARRAY, CheckConstraint, Column, Date, DateTime, Enum, ForeignKey, Index, Integer, LargeBinary, MetaData, Numeric, Sequence, String, Table, Text,  # noqa: E402
                        UniqueConstraint, Uuid, create_engine, event, exc, func, insert, inspect, select, text)
from sqlalchemy.dialects.postgresql import INTERVAL, JSONB, insert as upsert  # noqa: E402
from sqlalchemy.engine import URL  # noqa: E402
from sqlalchemy.ext.asyncio import create_async_engine  # noqa: E402
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship  # noqa: E402
from tap import CA, DATABASE, HOST, PORT, USERS, check, equal, run  # noqa: E402


def url(driver, user="trust"):
    return URL.create(f"postgresql+{driver}", user, USERS[user], HOST, PORT, DATABASE)


engine = create_engine(url("psycopg"), connect_args={"sslmode": "disable"})
metadata = MetaData(schema="alchemy")
parents = Table(
    "parents", metadata, Column("id", Integer, primary_key=True), Column("name", String(40), nullable=False, comment="as written"), Column("price", Numeric(10, 2), server_default="1.5"),
    Column("made", DateTime(timezone=True), server_default=func.now()), Column("day", Date), Column("key", Uuid), Column("body", JSONB), Column("tags", ARRAY(Text)), Column("raw", LargeBinary),
    Column("mood", Enum("sad", "ok", name="mood", schema="alchemy")), Column("span", INTERVAL), UniqueConstraint("name", "price", name="name_and_price"), CheckConstraint("price > 0", name="positive"),
    comment="whose children there are")
children = Table(
    "children", metadata, Column("parent_id", ForeignKey(parents.c.id, ondelete="CASCADE", name="to_parent"), primary_key=True), Column("line", Integer, primary_key=True),
    Column("number", Integer, Sequence("numbers", schema="alchemy")), Index("by_line", "line", unique=True))


def each_way(user):
    for mode in ("disable", "require", "verify-full"):
        one = create_engine(url("psycopg", user), connect_args={"sslmode": mode, "sslrootcert": CA})
        with one.connect() as connection:
            equal(user, connection.scalar(text("SELECT current_user")))
            equal("public", one.dialect.default_schema_name)
        one.dispose()


for user in USERS:
    check(f"logs in with {user}, plain and encrypted")(lambda user=user: each_way(user))


@check("makes its tables, and finds that they are there")
def _():
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA alchemy"))
    metadata.create_all(engine)
    metadata.create_all(engine)


@check("the inspector: schemas, tables, views, sequences, enums")
def _():
    with engine.begin() as connection:
        connection.execute(text("CREATE VIEW alchemy.cheap AS SELECT id FROM alchemy.parents"))
    told = inspect(engine)
    equal(True, "alchemy" in told.get_schema_names())
    equal(["children", "parents"], sorted(told.get_table_names("alchemy")))
    equal(["cheap"], told.get_view_names("alchemy"))
    equal([], told.get_materialized_view_names("alchemy"))
    equal(["numbers", "parents_id_seq"], sorted(told.get_sequence_names("alchemy")))
    equal([{"name": "mood", "schema": "alchemy", "visible": False, "labels": ["sad", "ok"]}], told.get_enums("alchemy"))
    equal((True, False, True), (told.has_table("parents", "alchemy"), told.has_table("nosuch", "alchemy"), told.has_sequence("numbers", "alchemy")))
    equal([], told.get_domains("alchemy"))


@check("the inspector: columns with types, defaults and comments")
def _():
    columns = inspect(engine).get_columns("parents", "alchemy")
    equal([("id", "INTEGER", False), ("name", "VARCHAR(40)", False), ("price", "NUMERIC(10, 2)", True), ("made", "TIMESTAMP", True), ("day", "DATE", True), ("key", "UUID", True), ("body", "JSONB", True),
           ("tags", "ARRAY", True), ("raw", "BYTEA", True), ("mood", "VARCHAR(3)", True), ("span", "INTERVAL", True)], [(c["name"], str(c["type"]), c["nullable"]) for c in columns])
    equal(["nextval('alchemy.parents_id_seq'::regclass)", None, "1.5", "now()"], [c["default"] for c in columns[:4]])
    equal("as written", columns[1]["comment"])
    equal(True, columns[3]["type"].timezone)
    equal(["sad", "ok"], columns[9]["type"].enums)


@check("the inspector: keys, indexes, constraints")
def _():
    told = inspect(engine)
    equal(("parents_pkey", ["id"]), (lambda key: (key["name"], key["constrained_columns"]))(told.get_pk_constraint("parents", "alchemy")))
    equal(["parent_id", "line"], told.get_pk_constraint("children", "alchemy")["constrained_columns"])
    (foreign,) = told.get_foreign_keys("children", "alchemy")
    equal(("to_parent", ["parent_id"], "alchemy", "parents", ["id"], {"ondelete": "CASCADE"}),
          (foreign["name"], foreign["constrained_columns"], foreign["referred_schema"], foreign["referred_table"], foreign["referred_columns"], foreign["options"]))
    equal([("by_line", ["line"], True)], [(index["name"], index["column_names"], index["unique"]) for index in told.get_indexes("children", "alchemy")])
    equal([("name_and_price", ["name", "price"])], [(unique["name"], unique["column_names"]) for unique in told.get_unique_constraints("parents", "alchemy")])
    equal(["positive"], [one["name"] for one in told.get_check_constraints("parents", "alchemy")])
    equal("whose children there are", told.get_table_comment("parents", "alchemy")["text"])
    equal({}, told.get_table_options("parents", "alchemy"))


@check("a schema read back from the database")
def _():
    read = MetaData(schema="alchemy")
    read.reflect(engine, views=True)
    equal(["alchemy.cheap", "alchemy.children", "alchemy.parents"], sorted(read.tables))
    equal(["alchemy.parents.id"], [str(key.target_fullname) for key in read.tables["alchemy.children"].foreign_keys])


ROW = {"name": "é", "price": decimal.Decimal("12.50"), "made": datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc), "day": datetime.date(1999, 12, 31), "key": uuid.UUID(int=15),
       "body": {"a": [1, None]}, "tags": ["x", "y z"], "raw": b"\x00\xff", "mood": "ok", "span": datetime.timedelta(days=3, seconds=4)}


@check("rows there and back, psycopg: RETURNING, many at a time, ON CONFLICT")
def _():
    with engine.begin() as connection:
        key = connection.execute(insert(parents).returning(parents.c.id), ROW).scalar()
        equal({"id": key, **ROW}, dict(connection.execute(select(parents).where(parents.c.id == key)).mappings().one()))
        many = connection.execute(insert(parents).returning(parents.c.id), [{"name": f"n{i}", "price": i + 1} for i in range(2500)]).scalars().all()
        equal(2500, len(set(many)))
        connection.execute(upsert(parents).values(id=key, name="again").on_conflict_do_update(index_elements=["id"], set_={"name": "changed"}))
        equal("changed", connection.scalar(select(parents.c.name).where(parents.c.id == key)))
        equal(sum(range(1, 2501)), connection.scalar(select(func.sum(parents.c.price)).where(parents.c.name.like("n%"))))
        connection.execute(parents.delete())


@check("errors, savepoints, isolation levels, server-side cursors")
def _():
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        equal("REPEATABLE READ", connection.get_isolation_level())
        connection.execute(insert(parents), {"id": 900, "name": "one"})
        for wrong, state in (({"id": 900, "name": "two"}, "23505"), ({"name": None}, "23502"), ({"name": "three", "price": -1}, "23514")):
            try:
                with connection.begin_nested():
                    connection.execute(insert(parents), wrong)
                raise AssertionError("no error")
            except exc.IntegrityError as error:
                equal(state, error.orig.sqlstate)
        equal(1, connection.scalar(select(func.count()).select_from(parents)))
        rows = connection.execution_options(stream_results=True, max_row_buffer=70).execute(text("SELECT g FROM generate_series(1, 3000) g"))
        equal(3000, sum(len(part) for part in rows.partitions(100)))
        connection.rollback()


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    books: Mapped[list["Book"]] = relationship(back_populates="author", cascade="all, delete-orphan")


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    author: Mapped[Author] = relationship(back_populates="books")


@check("the ORM: objects that belong to others")
def _():
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(Author(name=f"a{i}", books=[Book(title=f"b{i}{j}") for j in range(3)]) for i in range(5))
        session.commit()
        equal(["b20", "b21", "b22"], sorted(book.title for book in session.scalars(select(Author).where(Author.name == "a2")).one().books))
        counts = session.execute(select(Author.name, func.count(Book.id)).join(Book).group_by(Author.name).order_by(Author.name)).all()
        equal([(f"a{i}", 3) for i in range(5)], [tuple(row) for row in counts])
        session.delete(session.get(Author, 1))
        session.commit()
        equal(12, session.scalar(select(func.count(Book.id))))
    Base.metadata.drop_all(engine)


@check("asyncpg's dialect: connecting, types, the inspector")
async def _():
    other = create_async_engine(url("asyncpg", "scram"), connect_args={"ssl": False})
    async with other.begin() as connection:
        equal("scram", await connection.scalar(text("SELECT current_user")))
    await other.dispose()
    owner = create_async_engine(url("asyncpg"), connect_args={"ssl": False})
    async with owner.begin() as connection:
        key = (await connection.execute(insert(parents).returning(parents.c.id), ROW)).scalar()
        equal({"id": key, **ROW}, dict((await connection.execute(select(parents).where(parents.c.id == key))).mappings().one()))
        equal(["children", "parents"], sorted(await connection.run_sync(lambda sync: inspect(sync).get_table_names("alchemy"))))
        equal(11, len(await connection.run_sync(lambda sync: inspect(sync).get_columns("parents", "alchemy"))))
        rows = await connection.stream(text("SELECT g FROM generate_series(1, 1000) g"))
        equal(1000, len([row async for row in rows]))
    await owner.dispose()


@check("drops what it has made")
def _():
    with engine.begin() as connection:
        connection.execute(text("DROP VIEW alchemy.cheap"))
    metadata.drop_all(engine)
    equal([], inspect(engine).get_table_names("alchemy"))


run()
