"""psycopg 3: its own protocol work over libpq, text and binary, server-side statements, pipelines, COPY."""

import datetime
import decimal
import os
import sys
import threading
import uuid

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import psycopg  # noqa: E402
from tap import CA, DATABASE, HOST, PORT, USERS, check, equal, run  # noqa: E402


def connect(user="trust", **more):
    return psycopg.connect(host=HOST, port=PORT, dbname=DATABASE, user=user, password=more.pop("password", USERS[user]), sslmode=more.pop("sslmode", "disable"), **more)


@check("logs in in every way, plain and encrypted")
def _():
    for user in USERS:
        for sslmode in ("disable", "require", "verify-full"):
            with connect(user, sslmode=sslmode, sslrootcert=CA) as connection:
                equal((user,), connection.execute("SELECT current_user").fetchone())
    try:
        connect("scram", password="wrong")
        raise AssertionError("logged in")
    except psycopg.OperationalError as error:
        assert "password authentication failed" in str(error), error


VALUES = [True, 1, -2**31, 2**40, 1.5, float("inf"), decimal.Decimal("12345.6789"), "text é", "", b"\x00\xff", datetime.date(2024, 2, 29), datetime.time(12, 34, 56, 789000),
          datetime.datetime(2024, 2, 29, 12, 34, 56), datetime.datetime(2024, 2, 29, 12, 0, tzinfo=datetime.timezone.utc), datetime.timedelta(days=3, seconds=4),
          uuid.UUID("00000000-0000-4000-8000-00000000000f"), [1, 2, 3], ["a", None, "c"], [[1, 2], [3, 4]]]


@check("types both ways, in text and in binary")
def _():
    with connect() as connection:
        for binary in (False, True):
            for value in VALUES:
                placeholder = ("%b" if binary else "%t") + ("::text[]" if value == ["a", None, "c"] else "")
                equal((value,), connection.cursor(binary=binary).execute(f"SELECT {placeholder}", [value]).fetchone())
            equal((None,), connection.cursor(binary=binary).execute("SELECT %s::int", [None]).fetchone())
        equal(({"a": [1, None]},), connection.execute("SELECT %s::jsonb", [psycopg.types.json.Jsonb({"a": [1, None]})]).fetchone())


@check("statements prepared after some uses, and by hand; a table changed under them")
def _():
    with connect(prepare_threshold=2, autocommit=True) as connection:
        for i in range(10):
            equal((i,), connection.execute("SELECT %s::int", [i]).fetchone())
        equal(1, connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()[0])
        connection.execute("CREATE TEMP TABLE p (a int)")
        for _ in range(3):
            connection.execute("SELECT * FROM p", prepare=True).fetchall()
        connection.execute("ALTER TABLE p ADD b int")
        try:
            connection.execute("SELECT * FROM p", prepare=True)
            raise AssertionError("no error")
        except psycopg.errors.FeatureNotSupported as error:
            equal("cached plan must not change result type", error.diag.message_primary)


@check("transactions, savepoints, and what an error leaves")
def _():
    with connect() as connection:
        connection.execute("CREATE TEMP TABLE t (a int PRIMARY KEY)")
        connection.commit()
        with connection.transaction():
            connection.execute("INSERT INTO t VALUES (1)")
            try:
                with connection.transaction():
                    connection.execute("INSERT INTO t VALUES (1)")
            except psycopg.errors.UniqueViolation as error:
                equal(("23505", "t_pkey", "t"), (error.sqlstate, error.diag.constraint_name, error.diag.table_name))
        equal([(1,)], connection.execute("SELECT a FROM t").fetchall())
        try:
            connection.execute("SELECT 1/0")
        except psycopg.errors.DivisionByZero:
            pass
        equal(psycopg.pq.TransactionStatus.INERROR, connection.info.transaction_status)
        connection.rollback()


@check("executemany, which goes by a pipeline, and RETURNING")
def _():
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE m (a int, b text)")
        cursor.executemany("INSERT INTO m VALUES (%s, %s) RETURNING a", [(i, str(i)) for i in range(500)], returning=True)
        results = 0
        while True:
            results += len(cursor.fetchall())
            if not cursor.nextset():
                break
        equal(500, results)


@check("a pipeline: errors abort it up to its end")
def _():
    with connect(autocommit=True) as connection:
        with connection.pipeline() as pipeline:
            first = connection.execute("SELECT 1")
            second = connection.execute("SELECT %s::text", ["x"])
            pipeline.sync()
            equal([(1,), ("x",)], [first.fetchone(), second.fetchone()])
        try:
            with connection.pipeline():
                connection.execute("SELECT 1/0")
                connection.execute("SELECT 1")
            raise AssertionError("no error")
        except psycopg.errors.DivisionByZero:
            pass
        equal((2,), connection.execute("SELECT 2").fetchone())


@check("large results: client-side, by a server-side cursor, streamed")
def _():
    with connect() as connection:
        equal(100000, len(connection.execute("SELECT g, repeat('x', 50) FROM generate_series(1, 100000) g").fetchall()))
        with connection.cursor("named") as cursor:
            cursor.itersize = 1000
            cursor.execute("SELECT g FROM generate_series(1, 25000) g")
            equal(25000, sum(1 for _ in cursor))
        equal(5000, sum(1 for _ in connection.cursor().stream("SELECT g FROM generate_series(1, 5000) g")))
        equal((10_000_000,), connection.execute("SELECT length(%s)", ["x" * 10_000_000]).fetchone())


@check("COPY both ways, in text and in binary")
def _():
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE c (a int, b text)")
        for options in ("", "(FORMAT binary)"):
            with cursor.copy(f"COPY c FROM STDIN {options}") as copy:
                copy.set_types(["int4", "text"])
                for i in range(2000):
                    copy.write_row((i, f"row\t{i}"))
            with cursor.copy(f"COPY c TO STDOUT {options}") as copy:
                copy.set_types(["int4", "text"])
                equal((7, "row\t7"), list(copy.rows())[7])
        try:
            with cursor.copy("COPY c FROM STDIN") as copy:
                copy.write("1\tx\n")
                raise KeyError("given up")
        except KeyError:
            pass
        connection.rollback()


@check("cancel")
def _():
    for sslmode in ("disable", "require"):
        with connect(sslmode=sslmode) as connection:
            timer = threading.Timer(0.2, connection.cancel_safe if hasattr(connection, "cancel_safe") else connection.cancel)
            timer.start()
            try:
                connection.execute("SELECT pg_sleep(30)")
                raise AssertionError("not cancelled")
            except psycopg.errors.QueryCanceled:
                pass
            timer.join()


@check("LISTEN and NOTIFY")
def _():
    with connect(autocommit=True) as listener, connect(autocommit=True) as teller:
        listener.execute("LISTEN news")
        teller.execute("SELECT pg_notify('news', 'it')")
        told = next(listener.notifies(timeout=10))
        equal(("news", "it", teller.info.backend_pid), (told.channel, told.payload, told.pid))


@check("notices, server parameters and column descriptions")
def _():
    with connect() as connection:
        said = []
        connection.add_notice_handler(lambda diagnosis: said.append((diagnosis.severity_nonlocalized, diagnosis.message_primary)))
        connection.execute("DO $$BEGIN RAISE NOTICE 'hello'; END$$")
        equal([("NOTICE", "hello")], said)
        equal("UTF8", connection.info.parameter_status("server_encoding"))
        column = connection.execute("SELECT 1.5::numeric(7, 2) AS n").description[0]
        equal(("n", 1700, 7, 2), (column.name, column.type_code, column.precision, column.scale))


@check("two-phase names, composite and enum lookups: TypeInfo.fetch")
def _():
    with connect(autocommit=True) as connection:
        info = psycopg.types.TypeInfo.fetch(connection, "int4")
        equal((23, 1007), (info.oid, info.array_oid))
        equal(None, psycopg.types.TypeInfo.fetch(connection, "nosuch"))


run()
