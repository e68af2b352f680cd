"""asyncpg: its own protocol in Cython; binary throughout, named statements, type introspection."""

import asyncio
import datetime
import decimal
import os
import ssl
import sys
import uuid

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import asyncpg  # noqa: E402
from tap import CA, DATABASE, HOST, PORT, USERS, check, equal, run  # noqa: E402


async def connect(user="trust", **more):
    return await asyncpg.connect(host=HOST, port=PORT, database=DATABASE, user=user, password=more.pop("password", USERS[user]), ssl=more.pop("ssl", False), **more)


def verified(mode):
    return ssl.create_default_context(cafile=CA) if mode == "verify-full" else mode


@check("logs in in every way, plain and encrypted")
async def _():
    for user in USERS:
        for mode in (False, "require", "verify-full"):
            connection = await connect(user, ssl=verified(mode))
            equal(user, await connection.fetchval("SELECT current_user"))
            await connection.close()
    try:
        await connect("scram", password="wrong")
        raise AssertionError("logged in")
    except asyncpg.InvalidPasswordError:
        pass


VALUES = {"bool": True, "int2": -7, "int4": 2**31 - 1, "int8": -2**63, "float4": 1.5, "float8": 1e300, "numeric": decimal.Decimal("12345.6789"), "text": "é", "varchar": "",
          "bytea": b"\x00\xff", "date": datetime.date(2024, 2, 29), "time": datetime.time(12, 34, 56, 789), "timestamp": datetime.datetime(2024, 2, 29, 12, 34, 56, 1),
          "timestamptz": datetime.datetime(2024, 2, 29, 12, 0, tzinfo=datetime.timezone.utc), "interval": datetime.timedelta(days=3, seconds=4),
          "uuid": uuid.UUID("00000000-0000-4000-8000-00000000000f"), "jsonb": '{"a": 1}', "json": '{"a":1}', "int4[]": [1, None, 3], "text[]": [["a"], ["b"]]}


@check("types both ways")
async def _():
    connection = await connect()
    for name, value in VALUES.items():
        equal(value, await connection.fetchval(f"SELECT $1::{name}", value))
    equal(None, await connection.fetchval("SELECT $1::int", None))
    row = await connection.fetchrow("SELECT 1 AS a, 'x' AS b")
    equal({"a": 1, "b": "x"}, dict(row))
    await connection.close()


@check("prepared statements and what they are made of")
async def _():
    connection = await connect()
    statement = await connection.prepare("SELECT $1::int + 1 AS n, $2::text AS t")
    equal(["int4", "text"], [parameter.name for parameter in statement.get_parameters()])
    equal([("n", "int4"), ("t", "text")], [(attribute.name, attribute.type.name) for attribute in statement.get_attributes()])
    for i in range(5):
        equal([(i + 1, "x")], [tuple(row) for row in await statement.fetch(i, "x")])
    await connection.close()


@check("a type that the driver does not know is looked up in the catalogue")
async def _():
    connection = await connect()
    equal("pg_class", await connection.fetchval("SELECT $1::regclass", "pg_class"))
    equal(["pg_class"], await connection.fetchval("SELECT array['pg_class'::regclass]"))
    await connection.close()


@check("transactions, savepoints, isolation and errors")
async def _():
    connection = await connect()
    await connection.execute("CREATE TEMP TABLE t (a int PRIMARY KEY)")
    async with connection.transaction(isolation="repeatable_read"):
        await connection.execute("INSERT INTO t VALUES ($1)", 1)
        try:
            async with connection.transaction():
                await connection.execute("INSERT INTO t VALUES (1)")
        except asyncpg.UniqueViolationError as error:
            equal(("23505", "t_pkey"), (error.sqlstate, error.constraint_name))
    equal(1, await connection.fetchval("SELECT count(*) FROM t"))
    try:
        await connection.fetch("SELECT nosuch")
        raise AssertionError("no error")
    except asyncpg.UndefinedColumnError as error:
        equal("8", error.position)
    await connection.close()


@check("large results, cursors and executemany")
async def _():
    connection = await connect()
    equal(100000, len(await connection.fetch("SELECT g, repeat('x', 50) FROM generate_series(1, 100000) g")))
    async with connection.transaction():
        equal(5000, len([row async for row in connection.cursor("SELECT g FROM generate_series(1, 5000) g", prefetch=70)]))
        cursor = await connection.cursor("SELECT g FROM generate_series(1, 100) g")
        await cursor.forward(10)
        equal(11, (await cursor.fetchrow())[0])
    await connection.execute("CREATE TEMP TABLE m (a int, b text)")
    await connection.executemany("INSERT INTO m VALUES ($1, $2)", [(i, str(i)) for i in range(3000)])
    equal(3000, await connection.fetchval("SELECT count(*) FROM m"))
    equal(10_000_000, await connection.fetchval("SELECT length($1::text)", "x" * 10_000_000))
    await connection.close()


@check("COPY both ways")
async def _():
    connection = await connect()
    await connection.execute("CREATE TEMP TABLE c (a int, b text)")
    equal("COPY 2000", await connection.copy_records_to_table("c", records=[(i, f"r{i}") for i in range(2000)]))
    collected = bytearray()

    async def take(data):
        collected.extend(data)

    equal("COPY 2", await connection.copy_from_query("SELECT * FROM c WHERE a < $1 ORDER BY a", 2, output=take, format="csv"))
    equal(b"0,r0\n1,r1\n", bytes(collected))
    await connection.close()


@check("cancel and time-outs; the connection goes on")
async def _():
    connection = await connect(ssl="require")
    try:
        await connection.fetch("SELECT pg_sleep(30)", timeout=0.2)
        raise AssertionError("no time-out")
    except asyncio.TimeoutError:
        pass
    equal(1, await connection.fetchval("SELECT 1"))
    await connection.close()


@check("LISTEN and NOTIFY")
async def _():
    listener, teller = await connect(), await connect()
    heard = asyncio.get_running_loop().create_future()
    await listener.add_listener("news", lambda _, pid, channel, payload: heard.done() or heard.set_result((pid, channel, payload)))
    await teller.execute("NOTIFY news, 'it'")
    equal((teller.get_server_pid(), "news", "it"), await heard)
    await listener.close()
    await teller.close()


@check("a pool, which resets its connections")
async def _():
    async with asyncpg.create_pool(host=HOST, port=PORT, database=DATABASE, user="scram", password=USERS["scram"], ssl=False, min_size=1, max_size=4) as pool:
        async def one(i):
            async with pool.acquire() as connection:
                await connection.execute("SET application_name = 'pooled'")
                return await connection.fetchval("SELECT $1::int", i)
        equal(list(range(40)), await asyncio.gather(*(one(i) for i in range(40))))


run()
