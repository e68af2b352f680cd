#!/usr/bin/env python3
"""libpq's pipeline mode on pgreference and on PostgreSQL: many queries are under way before the first is answered. TAP.

usage: libpq_pipeline_test.py PGREFERENCE TARGETS_POSTGRESQL
"""

import struct
import sys

from libpq import Connection
from support import expect, run
from targets import Both

targets = Both(sys.argv[1:])


def pipeline(name):
    """Register a check that gets a connection in pipeline mode, and is to leave it so with all results read."""
    def register(function):
        def checked(target):
            with Connection(target.conninfo()) as connection:
                connection.run("CREATE TEMPORARY TABLE piped (id int PRIMARY KEY, note text)")
                connection.must("enterPipelineMode")
                function(connection)
                connection.must("exitPipelineMode")
                expect(connection.transaction_status() == "IDLE", connection.transaction_status())
        targets.check(name)(checked)
        return function
    return register


def count(c):
    """How many rows the table has, asked in the pipeline."""
    c.send("SELECT count(*) FROM piped")
    c.sync()
    (rows,), = c.one("TUPLES_OK").rows
    c.one("PIPELINE_SYNC")
    return int(rows)


@pipeline("one query and its Sync")
def _(c):
    c.send("SELECT $1::int + 1, $2::text", "41", None)
    c.sync()
    result = c.one("TUPLES_OK")
    expect(result.rows == [(b"42", None)] and result.types == [23, 25], f"{result.rows} {result.types}")
    c.one("PIPELINE_SYNC")


@targets.check("what has no place in a pipeline is refused by libpq, and the session goes on")
def _(target):
    with Connection(target.conninfo()) as c:
        c.must("enterPipelineMode")
        expect(not c.may("sendQuery", b"SELECT 1"), "PQsendQuery")
        c.send("SELECT 1")
        expect(not c.may("exitPipelineMode"), "PQexitPipelineMode with a query under way")
        c.sync()
        c.one("TUPLES_OK")
        expect(not c.may("exitPipelineMode"), "PQexitPipelineMode with a Sync under way")
        c.one("PIPELINE_SYNC")
        c.must("exitPipelineMode")
        expect(c.run("SELECT 2").rows == [(b"2",)], "afterwards")


@pipeline("two pipelines are under way at once")
def _(c):
    for number in (1, 2):
        c.send("SELECT $1::int", str(number))
        c.sync()
    for number in (1, 2):
        expect(c.one("TUPLES_OK").rows == [(str(number).encode(),)], "rows")
        c.one("PIPELINE_SYNC")


@pipeline("after an error everything up to the Sync is passed over, and undone; then it goes on")
def _(c):
    c.send("INSERT INTO piped VALUES (1)")
    c.send("SELECT no_such_function(1)")
    c.send("INSERT INTO piped VALUES (2)")
    c.sync()
    c.send("INSERT INTO piped VALUES (3)")
    c.sync()
    c.one("COMMAND_OK")
    failed = c.one("FATAL_ERROR")
    expect(failed.sqlstate == "42883", failed)
    expect(c.pipeline_status() == "ABORTED", c.pipeline_status())
    c.one("PIPELINE_ABORTED")
    c.one("PIPELINE_SYNC")
    expect(c.pipeline_status() == "ON", c.pipeline_status())
    c.one("COMMAND_OK")
    c.one("PIPELINE_SYNC")
    expect(count(c) == 1, "only the second pipeline's row stays")


@pipeline("an error while a query runs comes behind its rows")
def _(c):
    c.send("SELECT 100 / (3 - n) FROM generate_series(1, 5) AS n")
    c.must("setSingleRowMode")
    c.send("SELECT 1")
    c.sync()
    expect([c.one("SINGLE_TUPLE").rows for _ in range(2)] == [[(b"50",)], [(b"100",)]], "rows")
    expect(c.one("FATAL_ERROR").sqlstate == "22012", "SQLSTATE")
    c.one("PIPELINE_ABORTED")
    c.one("PIPELINE_SYNC")


@pipeline("statements are prepared, described, executed and described as portals")
def _(c):
    c.prepare("sum", "SELECT $1 + $2::int8 AS sum, $3::text")
    c.must("sendDescribePrepared", b"sum")
    c.execute("sum", "1", "2", "three")
    c.execute("sum", struct.pack(">q", 40), struct.pack(">q", 2), b"bytes", binary=True)
    c.sync()
    c.one("COMMAND_OK")
    described = c.one("COMMAND_OK")
    expect(described.parameter_types == [20, 20, 25] and described.names == ["sum", "text"] and described.types == [20, 25],
           f"{described.parameter_types} {described.names} {described.types}")
    expect(c.one("TUPLES_OK").rows == [(b"3", b"three")], "text")
    expect(c.one("TUPLES_OK").rows == [(struct.pack(">q", 42), b"bytes")], "binary")
    c.one("PIPELINE_SYNC")

    c.send("BEGIN")
    c.send("DECLARE walk CURSOR FOR SELECT 1 AS one")
    c.must("sendDescribePortal", b"walk")
    c.send("FETCH walk")
    c.send("COMMIT")
    c.sync()
    for status in ("COMMAND_OK", "COMMAND_OK"):
        c.one(status)
    expect(c.one("COMMAND_OK").names == ["one"], "the portal's columns")
    expect(c.one("TUPLES_OK").rows == [(b"1",)], "FETCH")
    c.one("COMMAND_OK")
    c.one("PIPELINE_SYNC")


@pipeline("a statement that cannot be prepared leaves no name behind")
def _(c):
    c.prepare("broken", "SELECT nosuch")
    c.execute("broken")
    c.sync()
    expect(c.one("FATAL_ERROR").sqlstate == "42703", "SQLSTATE")
    c.one("PIPELINE_ABORTED")
    c.one("PIPELINE_SYNC")
    c.execute("broken")
    c.sync()
    expect(c.one("FATAL_ERROR").sqlstate == "26000", "SQLSTATE")
    c.one("PIPELINE_SYNC")


@pipeline("a block of its own in a pipeline, committed and rolled back, over several Syncs")
def _(c):
    for end in ("COMMIT", "ROLLBACK"):
        c.send("BEGIN")
        c.send("INSERT INTO piped VALUES ($1)", "1" if end == "COMMIT" else "2")
        c.sync()
        c.send("INSERT INTO piped VALUES ($1)", "3" if end == "COMMIT" else "4")
        c.send(end)
        c.sync()
        for tag in ("BEGIN", "INSERT 0 1"):
            expect(c.one("COMMAND_OK").tag == tag, tag)
        c.one("PIPELINE_SYNC")
        expect(c.transaction_status() != "IDLE", "in the block")
        for tag in ("INSERT 0 1", end):
            expect(c.one("COMMAND_OK").tag == tag, tag)
        c.one("PIPELINE_SYNC")
    expect(count(c) == 2, "what was committed")


@pipeline("a failed block stays failed over Syncs until it is ended")
def _(c):
    c.send("BEGIN")
    c.send("SELECT 1/0")
    c.sync()
    c.send("INSERT INTO piped VALUES (1)")
    c.sync()
    c.send("COMMIT")
    c.sync()
    c.one("COMMAND_OK")
    expect(c.one("FATAL_ERROR").sqlstate == "22012", "SQLSTATE")
    c.one("PIPELINE_SYNC")
    expect(c.one("FATAL_ERROR").sqlstate == "25P02", "SQLSTATE")
    c.one("PIPELINE_SYNC")
    expect(c.one("COMMAND_OK").tag == "ROLLBACK", "COMMIT of a failed block")
    c.one("PIPELINE_SYNC")
    expect(count(c) == 0, "nothing stays")


@pipeline("without a Sync, Flush brings the answers")
def _(c):
    c.send("INSERT INTO piped VALUES (1) RETURNING id")
    c.must("sendFlushRequest")
    c.flush()
    expect(c.one("TUPLES_OK").rows == [(b"1",)], "rows")
    c.send("SELECT 2")
    c.must("sendFlushRequest")
    c.flush()
    expect(c.one("TUPLES_OK").rows == [(b"2",)], "rows")
    c.sync()
    c.one("PIPELINE_SYNC")
    expect(count(c) == 1, "rows stay")


@pipeline("answers of many queries come before any Sync, once they fill a buffer")
def _(c):
    c.nonblocking()
    sent = 0
    while c.is_busy() and sent < 1000 or sent == 0:  # busy: nothing whole has come yet
        c.send("SELECT repeat('xyzxz', 12)")
        c.flush()
        sent += 1
        if sent > 200:
            c.wait()
    expect(sent < 1000, "nothing came")
    c.sync()
    for _ in range(sent):
        expect(c.one("TUPLES_OK").rows == [(b"xyzxz" * 12,)], "rows")
    c.one("PIPELINE_SYNC")


@pipeline("10,000 inserts while their answers are read, and a Sync every 100")
def _(c):
    c.nonblocking()
    c.prepare("add", "INSERT INTO piped VALUES ($1, $2)")
    c.sync()
    c.one("COMMAND_OK")
    c.one("PIPELINE_SYNC")
    sent = answered = syncs = 0
    while answered < 10000 or syncs < 100:
        while sent < 10000 and sent - answered < 2000:
            c.execute("add", str(sent), "note " * 20)
            sent += 1
            if sent % 100 == 0:
                c.sync()
        c.wait(to_write=not c.flush())
        while not c.is_busy() and (answered < 10000 or syncs < 100):
            result = c.result()
            if result is None:
                continue
            if result.status == "PIPELINE_SYNC":
                syncs += 1
            else:
                expect(result.tag == "INSERT 0 1", result)
                answered += 1
    expect(count(c) == 10000, "rows")


@pipeline("a unique violation undoes its own pipeline only")
def _(c):
    for batch in ((1, 2), (3, 1, 4), (5,)):
        for number in batch:
            c.send("INSERT INTO piped VALUES ($1)", str(number))
        c.sync()
    for statuses in (["COMMAND_OK"] * 2, ["COMMAND_OK", "FATAL_ERROR", "PIPELINE_ABORTED"], ["COMMAND_OK"]):
        results = [c.one(status) for status in statuses]
        expect([r.sqlstate for r in results if r.status == "FATAL_ERROR"] in ([], ["23505"]), results)
        c.one("PIPELINE_SYNC")
    expect(count(c) == 3, "1, 2 and 5 stay")


@pipeline("single rows of one query, all at once of the next")
def _(c):
    c.send("SELECT generate_series(1, 500)")
    c.must("setSingleRowMode")
    c.send("SELECT generate_series(1, 3)")
    c.sync()
    for number in range(1, 501):
        expect(c.one("SINGLE_TUPLE").rows == [(str(number).encode(),)], number)
    expect(c.one("TUPLES_OK").rows == [], "the end of the single rows")
    expect(len(c.one("TUPLES_OK").rows) == 3, "rows")
    c.one("PIPELINE_SYNC")


@pipeline("a cancelled query fails, what follows it is passed over, and the next pipeline runs")
def _(c):
    c.send("SELECT pg_sleep(60)")
    c.send("SELECT 1")
    c.sync()
    c.send("SELECT 2")
    c.sync()
    expect(c.flush(), "not all was sent")
    while c.is_busy():
        c.cancel()  # one that comes before the query runs is lost
        c.wait(0.05)
    expect(c.one("FATAL_ERROR").sqlstate == "57014", "SQLSTATE")
    c.one("PIPELINE_ABORTED")
    c.one("PIPELINE_SYNC")
    expect(c.one("TUPLES_OK").rows == [(b"2",)], "the next pipeline")
    c.one("PIPELINE_SYNC")


@pipeline("notices come with their command, notifications behind their Sync")
def _(c):
    c.send("LISTEN pipes")
    c.sync()
    c.send("DO $$ BEGIN RAISE NOTICE 'in the pipe'; END $$")
    c.send("NOTIFY pipes, 'payload'")
    c.sync()
    c.one("COMMAND_OK")
    c.one("PIPELINE_SYNC")
    c.one("COMMAND_OK")
    expect(c.notices == ["NOTICE:  in the pipe\n"], c.notices)
    c.one("COMMAND_OK")
    c.one("PIPELINE_SYNC")
    expect(c.notification() == ("pipes", "payload"), "the notification")


@pipeline("an empty query, and a Sync with nothing before it")
def _(c):
    c.send("")
    c.sync()
    c.sync()
    c.one("EMPTY_QUERY")
    c.one("PIPELINE_SYNC")
    c.one("PIPELINE_SYNC")


@pipeline("65,535 parameters")
def _(c):
    c.send(f"SELECT array_length(ARRAY[{','.join(f'${i}::int' for i in range(1, 65536))}], 1)", *["7"] * 65535)
    c.sync()
    expect(c.one("TUPLES_OK").rows == [(b"65535",)], "rows")
    c.one("PIPELINE_SYNC")


@targets.check("a session that is terminated in a pipeline says so, and answers nothing more")
def _(target):
    with Connection(target.conninfo()) as c:
        c.must("enterPipelineMode")
        c.send("SELECT 1")
        c.send("SELECT pg_terminate_backend(pg_backend_pid())")
        c.send("SELECT 2")
        c.sync()
        c.one("TUPLES_OK")
        failed = c.result()
        expect(failed.status == "FATAL_ERROR" and failed.sqlstate == "57P01", failed)
        while not c.is_bad():
            c.wait()


try:
    status = run()
finally:
    targets.stop()
sys.exit(status)
