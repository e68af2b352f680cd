"""Conversations at the edges of the protocol: what is sent, by requirement. The answers are not here: PostgreSQL gives them.

Each is (rows, name, flights[, since]); a flight is bytes that are sent together, after which the answers up to as many
ReadyForQuery as it brings are read. A flight may be a tuple (connection, bytes, ReadyForQuery messages to wait for);
with a count of None one is read to the end of the stream, with bytes up to a message of one of these types.
("cancel", connection) and ("terminate", connection) do that to a connection. `since` is the first version that answers so.
"""

import struct

from wire import COPY_DONE, FLUSH, SYNC, TERMINATE, bind, call, close, copy_data, describe, execute, frame, parse, query

TABLE = query("CREATE TEMP TABLE t (a int, b text)")
UNIQUE = query("CREATE TEMP TABLE u (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
ONE = parse("SELECT 1")
BOUND = parse("SELECT $1::int + 1")
RUN = bind() + execute()


def copy(more=""):
    return (0, query("COPY t FROM STDIN" + more), b"G")


def int4(number):
    return struct.pack("!i", number)


CONVERSATIONS = [
    # --- Parse
    ("XP-02", "types given, some inferred", [parse("SELECT $1, $2, $3::int8", 23) + describe(kind=b"S") + SYNC]),
    ("XP-03", "types inferred", [parse(sql) + describe(kind=b"S") + SYNC for sql in
                                 ("SELECT $1", "SELECT $1 + 1", "SELECT 1 LIMIT $1", "SELECT $1 || 'x'", "SELECT $1 = 1.5",
                                  "SELECT now() + $1", "VALUES ($1, $2::bool)", "SELECT coalesce($1, 1)",
                                  "SELECT CASE WHEN $1 THEN $2 ELSE 1 END", "SELECT array[$1, 1]", "SELECT $1::text::int")]),
    ("XP-03", "types of a table's columns", [TABLE, parse("INSERT INTO t VALUES ($1, $2)") + describe(kind=b"S") + SYNC,
                                             parse("UPDATE t SET b = $1 WHERE a = $2 RETURNING b") + describe(kind=b"S") + SYNC,
                                             parse("DELETE FROM t WHERE a = $1") + describe(kind=b"S") + SYNC]),
    ("XP-04", "first use wins", [parse("SELECT $1::int, $1::text") + describe(kind=b"S") + SYNC]),
    ("XP-05", "cannot be determined", [parse(sql) + SYNC for sql in ("SELECT $1 IS NULL", "SELECT $2::int", "SELECT $1 IS NULL, $1::int")]),
    ("XP-06", "wrong parameters", [parse("SELECT $1 + $2") + SYNC, parse("SELECT $0") + SYNC, parse("SELECT $1", 999999) + SYNC]),
    ("XP-07", "more types than parameters", [parse("SELECT 1", 23, 25) + describe(kind=b"S") + bind() + SYNC, parse("SELECT 1", 23, 25) + bind("1", "x") + execute() + SYNC]),
    ("XP-09", "two statements", [parse("SELECT 1; SELECT 2") + SYNC, parse("SELECT 1;") + RUN + SYNC, parse(";;") + RUN + SYNC]),
    ("XP-10", "a name that is taken", [parse("SELECT 1", name="s") + SYNC, parse("SELECT 2", name="s") + SYNC, bind(statement="s") + execute() + SYNC]),
    ("XP-11 XP-12", "unnamed replaced, and gone by a failure", [ONE + parse("SELECT 2") + RUN + SYNC, parse("SELEC") + SYNC, RUN + SYNC,
                                                               ONE + SYNC, parse("SELECT nosuch") + SYNC, RUN + SYNC]),
    ("XP-13", "unnamed survives Sync and errors", [BOUND + SYNC, bind("x") + SYNC, bind("1") + execute() + SYNC, query("BEGIN"), bind("1") + SYNC, query("COMMIT")]),
    ("SQ-17", "a Query takes the unnamed statement", [ONE + SYNC, query("SELECT 2"), RUN + SYNC, ONE + SYNC, query(""), RUN + SYNC, ONE + SYNC, query("SELEC"), RUN + SYNC]),
    ("SQ-17", "a Query takes the unnamed portal", [query("BEGIN"), ONE + bind() + SYNC, query("SELECT 2"), execute() + SYNC, query("ROLLBACK"),
                                                  query("BEGIN"), ONE + bind(portal="p") + SYNC, query("SELECT 2"), execute("p") + SYNC]),
    ("XP-14", "statements are not transactional", [query("BEGIN"), parse("SELECT 1", name="s") + SYNC, query("SELECT 1/0"), query("ROLLBACK"), bind(statement="s") + execute() + SYNC]),
    ("XP-15", "a function call leaves the unnamed statement", [ONE + SYNC, call(177, b"1", b"2"), RUN + SYNC]),
    ("XP-16", "one namespace with SQL", [query("PREPARE s(int) AS SELECT $1 + 1"), describe("s", b"S") + bind("4", statement="s") + execute() + SYNC,
                                         parse("SELECT $1::text", name="p") + SYNC, query("EXECUTE p('x')"), query("DEALLOCATE p"),
                                         bind("1", statement="p") + SYNC, parse("SELECT 1", name="s") + SYNC, query("PREPARE s AS SELECT 1")]),
    ("XP-17", "DEALLOCATE and DISCARD", [parse("SELECT 1", name="s") + SYNC, query("DEALLOCATE ALL"), bind(statement="s") + SYNC,
                                         parse("SELECT 1", name="s") + SYNC, query("DISCARD ALL"), bind(statement="s") + SYNC, ONE + SYNC,
                                         parse("DEALLOCATE ALL", name="d") + bind(statement="d") + execute() + SYNC, RUN + SYNC]),
    ("XP-18", "in a failed block", [query("BEGIN"), query("SELECT 1/0"), ONE + SYNC, parse("ROLLBACK") + SYNC, parse("") + SYNC, parse("COMMIT") + SYNC,
                                    parse("ROLLBACK TO x") + SYNC, parse("BEGIN") + SYNC, parse("SELEC") + SYNC, parse("PREPARE TRANSACTION 'x'") + SYNC, parse("SET x=1") + SYNC]),
    ("XP-19", "long names", [parse("SELECT 1", name="n" * 100) + SYNC, parse("SELECT 2", name="n" * 63) + SYNC, bind(statement="n" * 80, portal="p" * 100) + execute("p" * 64) + SYNC,
                             close("n" * 90) + SYNC, bind(statement="n" * 63) + SYNC]),
    ("XP-20", "parameters at the limit", [parse("SELECT $65535::int") + SYNC, parse("SELECT $65536::int") + SYNC]),
    ("XP-20", "65,535 of them", [parse("SELECT " + "+".join(f"${i}::int" for i in range(65000, 65536)), *[23] * 65535) + bind(*["1"] * 65535) + execute() + SYNC]),
    ("XP-21", "a parameter number too large", [parse("SELECT $2147483648") + SYNC], 18),
    ("XP-22", "a parameter in a utility statement", [parse("SET x = $1") + SYNC, parse("DROP TABLE $1") + SYNC]),
    # --- Bind
    ("XB-01", "count", [BOUND + bind() + SYNC, bind("1", "2") + SYNC, parse("SELECT $1::int", name="s") + bind("1", "1", statement="s") + SYNC]),
    ("XB-02", "formats of parameters", [parse("SELECT $1::int, $2::int") + bind("1", "2") + execute() + bind(int4(1), int4(2), formats=[1]) + execute() +
                                        bind("1", int4(2), formats=[0, 1]) + execute() + SYNC]),
    ("XB-03", "number of formats", [parse("SELECT $1::int, $2::int, $3::int") + bind("1", "2", "3", formats=[0, 0]) + SYNC, ONE + bind(formats=[0, 1]) + SYNC, ONE + bind(formats=[1]) + execute() + SYNC,
                                    ONE + bind(formats=[7]) + execute() + SYNC]),
    ("XB-04", "unknown formats", [BOUND + bind("1", formats=[2]) + SYNC, BOUND + bind(None, formats=[2]) + SYNC, BOUND + bind("1", formats=[-1]) + SYNC]),
    ("XB-05", "NULL and empty", [BOUND + bind(None) + execute() + bind("") + execute() + SYNC, parse("SELECT $1::text, $2::text") + bind("", None) + execute() + SYNC]),
    ("XB-06", "bytes that are no text", [parse("SELECT $1::text") + bind(b"a\0b") + SYNC, bind(b"\xff") + SYNC, bind(b"a\0b", formats=[1]) + SYNC, bind(b"\xc3\x28", formats=[1]) + SYNC, bind(b"\xe2\x82") + SYNC]),
    ("XB-07", "binary values of wrong size", [parse("SELECT $1::int") + bind(b"\0\0\1", formats=[1]) + SYNC, bind(b"\0\0\0\0\1", formats=[1]) + SYNC, bind(b"", formats=[1]) + SYNC,
                                              parse("SELECT $1::bool") + bind(b"", formats=[1]) + SYNC, bind(b"\2", formats=[1]) + execute() + SYNC,
                                              parse("SELECT $1::uuid") + bind(b"12", formats=[1]) + SYNC, parse("SELECT $1::numeric") + bind(b"\0\1\0\0\0\0\0\0", formats=[1]) + SYNC,
                                              bind(b"\0\1\0\0\1\0\0\0\0\1", formats=[1]) + SYNC]),
    ("XB-08", "where a parameter's error is", [BOUND + bind("x") + SYNC, bind("x", portal="p") + SYNC, bind(b"\0", formats=[1], portal="p") + SYNC, bind("x" * 200) + SYNC, bind("it's") + SYNC,
                                               parse("SELECT $1::int, $2::date") + bind("1", "x") + SYNC, bind("9999999999", "2024-01-01") + SYNC]),
    ("XB-09", "formats of results", [parse("SELECT 1, 'x', true") + bind(results=[1]) + describe() + execute() + SYNC, bind(results=[1, 0, 1]) + describe() + execute() + SYNC, bind(results=[0]) + describe() + execute() + SYNC]),
    ("XB-10", "number of result formats", [ONE + bind(results=[0, 1]) + SYNC, parse("SELECT 1, 2, 3") + bind(results=[0, 1]) + SYNC]),
    ("XB-11", "result formats without columns", [TABLE, parse("INSERT INTO t VALUES (1)") + bind(results=[0, 1, 2]) + describe() + execute() + SYNC, parse("BEGIN") + bind(results=[5]) + execute() + SYNC, parse("") + bind(results=[1, 1]) + execute() + SYNC]),
    ("XB-12", "unknown result formats", [ONE + bind(results=[2]) + describe() + execute() + SYNC, bind(results=[-1]) + execute() + SYNC, parse("SELECT 1 WHERE false") + bind(results=[2]) + execute() + SYNC, parse("SHOW TimeZone") + bind(results=[2]) + execute() + SYNC]),
    ("XB-13", "no such statement", [bind(statement="nosuch") + SYNC, bind() + SYNC]),
    ("XB-14", "portals that are there", [query("BEGIN"), ONE + bind(portal="p") + bind(portal="p") + SYNC, query("ROLLBACK"), ONE + bind() + parse("SELECT 2") + bind() + execute() + SYNC]),
    ("XB-15", "portals end with the transaction", [ONE + bind(portal="p") + bind() + SYNC, execute("p") + SYNC, execute() + SYNC, query("BEGIN"), ONE + bind(portal="p") + bind() + SYNC, execute("p") + SYNC, execute() + SYNC, query("COMMIT"), execute("p") + SYNC]),
    ("XB-16", "a COMMIT in the pipeline ends portals", [query("BEGIN"), ONE + bind(portal="p") + parse("COMMIT") + bind() + execute() + execute("p") + SYNC]),
    ("XB-17", "savepoints and portals", [query("BEGIN"), ONE + bind(portal="old") + SYNC, query("SAVEPOINT s"), bind(portal="new") + SYNC, ONE + bind(portal="new") + SYNC, query("ROLLBACK TO s"), execute("new") + SYNC, query("ROLLBACK TO s"), execute("old") + SYNC]),
    ("XB-18", "Bind in a failed block", [ONE + parse("ROLLBACK", name="r") + parse("", name="e") + parse("SELECT $1::int", name="x") + SYNC, query("BEGIN"), query("SELECT 1/0"), bind() + SYNC, bind(statement="e") + SYNC, bind("1", statement="x") + SYNC,
                                         bind("1", statement="r") + SYNC, bind(statement="r") + execute() + SYNC]),
    ("XB-19", "a result type that changes", [TABLE, parse("SELECT * FROM t", name="s") + bind(statement="s") + execute() + SYNC, query("ALTER TABLE t ADD c int"), bind(statement="s") + SYNC, describe("s", b"S") + SYNC, query("EXECUTE s"), query("ALTER TABLE t DROP c"), bind(statement="s") + execute() + SYNC]),
    ("XB-20", "a table that goes", [TABLE, parse("SELECT a FROM t", name="s") + parse("INSERT INTO t(a) VALUES ($1)", name="i") + SYNC, query("DROP TABLE t"), bind(statement="s") + SYNC, TABLE, bind(statement="s") + execute() + SYNC, query("ALTER TABLE t ALTER a TYPE int8"), bind("1", statement="i") + execute() + SYNC, bind(statement="s") + SYNC]),
    ("XB-21", "a binary cursor by the protocol", [query("BEGIN; DECLARE c BINARY CURSOR FOR SELECT 1"), parse("FETCH c") + bind() + describe() + execute() + SYNC, query("ROLLBACK; BEGIN; DECLARE c BINARY CURSOR FOR SELECT 1"), execute("c") + SYNC, query("ROLLBACK; BEGIN; DECLARE c BINARY CURSOR FOR SELECT 1; FETCH c"), describe("c") + SYNC]),
    # --- Describe, Execute, Close
    ("XD-03", "nothing to describe", [describe("x", b"S") + SYNC, describe(kind=b"S") + SYNC, describe("x") + SYNC, describe() + SYNC]),
    ("XD-04 XE-11", "empty query", [parse("") + describe(kind=b"S") + bind() + describe() + execute() + execute() + SYNC, parse(" -- c") + bind() + execute(rows=1) + SYNC]),
    ("XD-05", "describing in a failed block", [ONE + parse("ROLLBACK", name="r") + parse("SET x.y = 1", name="n") + SYNC, query("BEGIN"), bind(portal="p") + bind(statement="n", portal="q") + SYNC, query("SELECT 1/0"), describe(kind=b"S") + SYNC, describe("r", b"S") + SYNC, describe("n", b"S") + SYNC, describe("p") + SYNC, describe("q") + SYNC]),
    ("XD-07 XE-05", "after the end", [ONE + bind() + execute() + describe() + execute() + execute() + SYNC]),
    ("XD-08", "what statements describe as", [TABLE] + [parse(sql) + describe(kind=b"S") + bind() + describe() + SYNC for sql in ("SHOW TimeZone", "COPY t TO STDOUT", "CREATE TABLE x (a int)", "DECLARE c CURSOR FOR SELECT 1", "BEGIN", "INSERT INTO t VALUES (1) RETURNING a", "VALUES (1)", "SET TimeZone = 'UTC'", "DEALLOCATE ALL", "SELECT")]),
    ("XD-08", "EXPLAIN and FETCH", [query("BEGIN; DECLARE c CURSOR FOR SELECT 1 AS x"), parse("FETCH c") + describe(kind=b"S") + bind() + describe() + execute() + SYNC, parse("MOVE c") + describe(kind=b"S") + SYNC, parse("FETCH nosuch") + describe(kind=b"S") + SYNC]),
    ("XE-06", "running again", [TABLE, parse("INSERT INTO t VALUES (1)") + bind() + execute() + execute() + SYNC, parse("BEGIN") + bind() + execute() + execute() + SYNC, query("ROLLBACK"), parse("SHOW TimeZone") + bind() + execute() + execute() + SYNC]),
    ("XE-07", "a limit where no rows come", [TABLE, parse("INSERT INTO t SELECT generate_series(1, 3)") + bind() + execute(rows=1) + SYNC, parse("UPDATE t SET a = a") + bind() + execute(rows=2) + SYNC, parse("COPY t TO STDOUT") + bind(results=[1]) + execute(rows=1) + SYNC]),
    ("XE-08", "RETURNING in portions", [TABLE, parse("INSERT INTO t SELECT generate_series(1, 3) RETURNING a") + bind() + execute(rows=2) + execute(rows=2) + execute(rows=2) + SYNC, query("SELECT count(*) FROM t")]),
    ("XE-02 XE-03 XE-09", "limits", [parse("SELECT generate_series(1, 5)") + bind() + execute(rows=2) + execute(rows=3) + execute(rows=1) + execute() + SYNC, bind() + execute(rows=-1) + SYNC, bind() + execute(rows=2147483647) + SYNC, bind() + execute(rows=5) + execute(rows=5) + execute(rows=5) + SYNC,
                                     parse("SHOW TimeZone") + bind() + execute(rows=1) + execute(rows=1) + SYNC, query("SHOW TimeZone")]),
    ("XE-10", "no such portal", [execute("x") + SYNC, execute() + SYNC]),
    ("XE-12", "cursors are portals", [query("BEGIN; DECLARE c CURSOR FOR SELECT generate_series(1, 5)"), execute("c", 2) + describe("c") + SYNC, query("FETCH 1 FROM c"), parse("SELECT generate_series(1, 5)") + bind(portal="p") + execute("p", 1) + SYNC, query("FETCH 2 FROM p"), query("MOVE 1 FROM p"), execute("p", 1) + SYNC, query("CLOSE p"), execute("p") + SYNC]),
    ("XE-13", "WITH HOLD", [query("BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT generate_series(1, 5); COMMIT"), execute("c", 2) + SYNC, describe("c") + execute("c", 2) + SYNC, close("c", b"P") + SYNC, execute("c") + SYNC]),
    ("XE-14", "errors midway", [parse("SELECT 10 / (3 - g) FROM generate_series(1, 5) g") + bind() + execute() + SYNC, bind() + execute(rows=2) + execute() + execute() + SYNC]),
    ("XE-15", "COMMIT in a failed block", [query("BEGIN"), query("SELECT 1/0"), parse("COMMIT") + RUN + SYNC]),
    ("XC-01 XC-02", "closing", [close("x") + close() + close("x", b"P") + close(kind=b"P") + SYNC, parse("SELECT 1", name="s") + bind(statement="s") + close("s") + execute() + SYNC, parse("SELECT 1") + bind(portal="p") + parse("SELECT 2") + execute("p") + SYNC]),
    ("XC-03", "closing portals", [query("BEGIN"), ONE + bind(portal="p") + close("p", b"P") + execute("p") + SYNC, query("ROLLBACK; BEGIN; DECLARE c CURSOR FOR SELECT 1"), close("c", b"P") + SYNC, query("FETCH c")]),
    ("XC-04 XC-05", "closing in a failed block, and parsing again", [query("BEGIN"), query("SELECT 1/0"), close("x") + close("y", b"P") + SYNC, query("ROLLBACK"), parse("SELECT 1", name="s") + close("s") + parse("SELECT 2", name="s") + bind(statement="s") + execute() + SYNC]),
    # --- Sync, errors, pipelines
    ("XS-03", "skipping", [parse("SELEC") + query("SELECT 1") + call(177, b"1", b"2") + copy_data(b"x") + COPY_DONE + frame(b"f", b"x\0") + frame(b"P", b"zz") + frame(b"B") + FLUSH + SYNC + query("SELECT 2")]),
    ("XS-04", "Terminate while skipping", [(0, parse("SELEC") + TERMINATE, None)]),
    ("XS-04", "an unknown type while skipping", [(0, parse("SELEC") + frame(b"y"), None)]),
    ("XS-04", "a bad length while skipping", [(0, parse("SELEC") + b"P\0\0\0\2", None)]),
    ("XS-05", "the error of a commit", [UNIQUE, query("INSERT INTO u VALUES (1)"), parse("INSERT INTO u VALUES (1)") + RUN + SYNC + ONE + RUN + SYNC, query("SELECT * FROM u"), parse("BEGIN") + RUN + parse("INSERT INTO u VALUES (1)") + RUN + parse("COMMIT") + RUN + ONE + SYNC]),
    ("XS-06", "Sync and blocks", [query("BEGIN"), SYNC, query("SELECT 1/0"), SYNC, query("ROLLBACK"), SYNC]),
    ("XL-01", "a pipeline is a transaction", [TABLE, parse("INSERT INTO t VALUES (1)") + RUN + parse("SELECT 1/0") + RUN + SYNC + parse("INSERT INTO t VALUES (2)") + RUN + SYNC, query("SELECT a FROM t")]),
    ("XL-02", "BEGIN in a pipeline", [TABLE, parse("INSERT INTO t VALUES (1)") + RUN + parse("BEGIN") + RUN + parse("INSERT INTO t VALUES (2)") + RUN + SYNC, query("ROLLBACK"), query("SELECT a FROM t")]),
    ("XL-05", "what needs a block", [parse("SET LOCAL TimeZone = 'UTC'") + RUN + SYNC, ONE + RUN + parse("SET LOCAL TimeZone = 'UTC'") + RUN + SYNC], 18),
    ("XL-06", "SAVEPOINT in a pipeline", [parse("SAVEPOINT s") + RUN + SYNC, ONE + RUN + parse("SAVEPOINT s") + RUN + SYNC]),
    ("XL-07", "COMMIT in a pipeline", [TABLE, parse("INSERT INTO t VALUES (1)") + RUN + parse("COMMIT") + RUN + parse("SELECT 1/0") + RUN + SYNC, query("SELECT a FROM t"), parse("INSERT INTO t VALUES (2)") + RUN + parse("ROLLBACK") + RUN + SYNC, query("SELECT a FROM t")]),
    ("XL-08", "the clock of each Execute", [query("SET statement_timeout = '300ms'"), parse("SELECT pg_sleep(0.2)") + RUN + RUN + SYNC, parse("SELECT pg_sleep(1)") + RUN + SYNC]),
    ("SQ-19", "a Query in a pipeline fails", [TABLE, parse("INSERT INTO t VALUES (1)") + RUN + query("SELECT 1/0") + SYNC, query("SELECT a FROM t")]),
    ("SQ-20", "a Query in a pipeline", [TABLE, (0, parse("INSERT INTO t VALUES (1)") + RUN + query(""), 1), (0, query("SELECT 1"), 1), (0, SYNC, 1)], 18),
    # --- Malformed
    ("MAL-05", "Query", [frame(b"Q", b"SELECT 1"), frame(b"Q"), frame(b"Q", b"SELECT 1\0x"), query("BEGIN"), frame(b"Q", b""), query("ROLLBACK")]),
    ("MAL-06", "Parse", [frame(b"P") + SYNC, frame(b"P", b"\0") + SYNC, frame(b"P", b"\0SELECT 1\0") + SYNC, frame(b"P", b"\0SELECT 1\0\0") + SYNC, frame(b"P", b"\0SELECT 1\0\0\1\0\0") + SYNC, frame(b"P", b"\0SELECT 1\0\0\0x") + SYNC, frame(b"P", b"x") + SYNC, RUN + SYNC]),
    ("MAL-06", "Bind", [ONE + SYNC] + [frame(b"B", body) + SYNC for body in (b"", b"\0", b"\0\0", b"\0\0\0", b"\0\0\0\0", b"\0\0\0\0\0\0", b"\0\0\0\0\0\0\0", b"\0\0\0\0\0\0\0\1", b"\0\0\0\0\0\0\0\0x", b"\0\0\0\1\0\0\0\0\0", b"x", b"\0\0\0\0\0\1\0\0\0\0\0\0", b"\0\0\0\0\xff\xff\0\0")]),
    ("MAL-06 MAL-07", "Describe, Execute, Close", [frame(b"D") + SYNC, frame(b"D", b"P") + SYNC, frame(b"D", b"X\0") + SYNC, frame(b"D", b"P\0x") + SYNC, frame(b"C") + SYNC, frame(b"C", b"X\0") + SYNC, frame(b"C", b"S\0\0") + SYNC, frame(b"E") + SYNC, frame(b"E", b"\0") + SYNC, frame(b"E", b"\0\0\0\0") + SYNC, frame(b"E", b"\0\0\0\0\0\0") + SYNC, frame(b"D", b"Sx") + SYNC, frame(b"C", b"\0") + SYNC]),
    ("MAL-08", "a Sync with a body", [TABLE, (0, parse("INSERT INTO t VALUES (1)") + RUN + frame(b"S", b"x"), 1), query("SELECT a FROM t")]),
    ("MAL-09", "a Flush with a body", [frame(b"H", b"x") + query("SELECT 1") + SYNC]),
    ("MAL-10", "copy messages out of place", [copy_data(b"x") + COPY_DONE + frame(b"f") + frame(b"c", b"zz") + query("SELECT 1")]),
    ("MAL-11", "no text", [query(b"SELECT '\xff'"), parse(b"SELECT '\xff'") + SYNC, parse("SELECT 1", name=b"\xff") + SYNC, bind(portal=b"\xff") + SYNC, describe(b"\xff") + SYNC, query(b"SELECT 'a\xe2\x82'"), close(b"\xff") + SYNC, execute(b"\xff") + SYNC]),
    ("MAL-13", "Bind whose values are cut", [BOUND + SYNC] + [frame(b"B", b"\0\0\0\0\0\1" + value) + SYNC for value in (b"\0\0\0\x09" + b"1\0\0", b"\xff\xff\xff\xfe\0\0", b"\0\0\0\1", b"\0\0\0\1" + b"1", b"\x7f\xff\xff\xff\0\0")] + [frame(b"B", b"\0\0\0\0\0\5\0\0\0\1" + b"1\0\0") + SYNC, frame(b"P", b"\0SELECT 1\0\xff\xff") + SYNC]),
    ("MAL-04", "unknown types", [(0, frame(b"y", b"abc"), None)]),
    ("MAL-04", "a backend's type", [(0, frame(b"T"), None)]),
    ("MAL-04", "a password after login", [(0, frame(b"p", b"x\0"), None)]),
    ("MAL-04", "SSLRequest after login", [(0, struct.pack("!II", 8, 80877103), None)]),
    ("MAL-01", "a length of 3", [(0, b"Q\0\0\0\3", None)]),
    ("MAL-01", "a negative length", [(0, b"Q\xff\xff\xff\xff", None)]),
    ("MAL-02", "too long for a small message", [(0, b"S" + struct.pack("!I", 10001), None)]),
    ("MAL-02", "too long for a large message", [(0, b"Q" + struct.pack("!I", 0x3FFFFFFF), None)]),
    ("MAL-03", "a small message of the largest size", [describe("x" * 9990, b"S") + SYNC, frame(b"E", b"y" * 9991 + b"\0" + int4(0)) + SYNC]),
    # --- COPY
    ("CI-02 CI-03", "arbitrary pieces", [TABLE, copy(), copy_data(b"1\tx") + copy_data(b"") + copy_data(b"y\n2") + copy_data(b"\t\\N\n") + COPY_DONE, query("SELECT * FROM t"), copy(), COPY_DONE]),
    ("CI-04 CI-12", "CopyFail", [TABLE] + [flight for fail in (b"why\0", b"why", b"why\0more", b"\0", b"") for flight in (copy(), copy_data(b"1\tx\n2") + frame(b"f", fail))] + [query("SELECT 1")]),
    ("CI-06 CI-12", "Flush, Sync and bodies", [TABLE, copy(), (0, FLUSH + SYNC + frame(b"S", b"xx") + frame(b"H", b"x") + copy_data(b"1\tx\n") + frame(b"c", b"zz"), 1), SYNC]),
    ("CI-07", "by the extended protocol", [TABLE, (0, parse("COPY t FROM STDIN") + bind() + describe() + execute() + SYNC + copy_data(b"1\tx\n") + COPY_DONE + SYNC, 1), query("SELECT * FROM t")]),
    ("CI-08", "an error by the extended protocol", [TABLE, (0, parse("COPY t FROM STDIN") + bind() + execute() + SYNC + copy_data(b"bad\n") + COPY_DONE + ONE + SYNC, 1), query("SELECT * FROM t")]),
    ("CI-08", "CopyFail by the extended protocol", [TABLE, (0, parse("COPY t FROM STDIN") + bind() + execute() + FLUSH, b"G"), (0, frame(b"f", b"no\0") + ONE + RUN + SYNC, 1)]),
    ("CI-09", "in a string of statements", [TABLE, copy("; SELECT 1"), copy_data(b"1\tx\n") + COPY_DONE, copy("; SELECT 1"), copy_data(b"x\n") + COPY_DONE + copy_data(b"x") + frame(b"f", b"x\0"), query("SELECT * FROM t")]),
] + [
    ("CI-10", f"{name} in a copy", [TABLE, copy(), (0, copy_data(b"1\tx\n") + message, None)])
    for name, message in (("Query", query("SELECT 1")), ("Parse", ONE), ("Terminate", TERMINATE), ("an unknown type", frame(b"y")), ("FunctionCall", call(177, b"1", b"2")))
] + [
    ("CI-11", f"{name} in a copy", [TABLE, copy(), (0, copy_data(b"1\tx\n") + message, None)])
    for name, message in (("a length of 3", b"d\0\0\0\3"), ("a length too large", b"c" + struct.pack("!I", 10001)), ("a negative length", b"f\xff\xff\xff\xff"))
] + [
    ("CI-13 CI-16 CI-17 CI-18", f"text {data!r}", [TABLE, copy(), copy_data(data) + COPY_DONE, query("SELECT * FROM t")])
    for data in (b"1\tx\n\\.\nbad\n", b"1\n", b"1\tx\ty\n", b"1\tx\r\n2\ty\r\n", b"1\tx\n2\ty\r\n", b"1\tx\r\n2\ty\n", b"1\tx\r2\ty\r", b"1\t\xff\n", b"1\ta\0b\n", b"1\t\\x41\\102\\q\n", b"1\tx", b"\n", b"1\tx\\\ny\n", b"1\tx\r\n2\ty\\\r\n\n")
] + [
    ("CI-14", f"a marker that is not alone, {data!r}", [TABLE, copy(), copy_data(data) + COPY_DONE, query("SELECT * FROM t")], 18)
    for data in (b"1\tx\\.\n", b"1\tx\n\\.", b"1\tx\n\\.x\n")
] + [
    ("CI-15", f"CSV {data!r}", [TABLE, copy(" CSV"), copy_data(data) + COPY_DONE, query("SELECT * FROM t")], 18)
    for data in (b"1,x\n2,\\.\n", b'1,"a\nb"\n2,""\n3,\n', b'1,"a""b"\n', b'1,"x\n', b"1,x,y\n", b"1\n", b'1,"x"y\n')
] + [
    ("CI-19 CI-20 CI-21 CI-22", f"binary, {name}", [TABLE, copy(" BINARY"), copy_data(data) + COPY_DONE, query("SELECT * FROM t")])
    for signature in (b"PGCOPY\n\xff\r\n\0",) for row in (b"\0\2" + int4(4) + int4(7) + int4(1) + b"x",) for name, data in (
        ("whole", signature + bytes(8) + row + b"\xff\xff"), ("no trailer", signature + bytes(8) + row), ("nothing", b""), ("wrong signature", b"PGCOPX" + bytes(20)), ("no flags", signature),
        ("bit 16", signature + b"\0\1\0\0" + bytes(4)), ("high bits", signature + b"\0\2\0\0" + bytes(4) + row), ("low bits", signature + b"\0\0\xff\xff" + bytes(4) + row + b"\xff\xff"),
        ("an extension", signature + bytes(4) + int4(3) + b"abc" + row), ("a negative extension", signature + bytes(4) + int4(-1)), ("an extension cut", signature + bytes(4) + int4(9) + b"abc"),
        ("after the trailer", signature + bytes(8) + row + b"\xff\xffx"), ("one field", signature + bytes(8) + b"\0\1" + int4(4) + int4(1)), ("field length -2", signature + bytes(8) + b"\0\2" + int4(-2)),
        ("a field cut", signature + bytes(8) + b"\0\2" + int4(4) + b"\0"), ("a field too short", signature + bytes(8) + b"\0\2" + int4(3) + b"\0\0\1" + int4(-1)), ("a field too long", signature + bytes(8) + b"\0\2" + int4(5) + bytes(5) + int4(-1)),
        ("NULLs", signature + bytes(8) + b"\0\2" + int4(-1) + int4(-1)), ("no field count", signature + bytes(8) + b"\0"), ("three fields", signature + bytes(8) + b"\0\3"), ("text with NUL", signature + bytes(8) + b"\0\2" + int4(-1) + int4(3) + b"a\0b"))
] + [
    ("CI-23", "no columns", [query("CREATE TEMP TABLE z ()"), (0, query("COPY z FROM STDIN"), b"G"), copy_data(b"\n\n") + COPY_DONE, query("COPY z TO STDOUT")]),
    ("CI-24", "failing in a block", [TABLE, query("BEGIN"), copy(), copy_data(b"x\n") + COPY_DONE, query("ROLLBACK")]),
    ("CO-01 CO-03 CO-04 CO-05", "out", [query("CREATE TEMP TABLE t AS SELECT * FROM (VALUES (1, E'a\\tb\\nc\\\\d\\r\\b\\f\\x0b'), (2, NULL), (3, '')) v(a, b)"), query("COPY t TO STDOUT"), query("COPY t TO STDOUT CSV HEADER"), query("COPY t TO STDOUT BINARY"), query("COPY t(b) TO STDOUT"), query("COPY (SELECT 1 WHERE false) TO STDOUT BINARY"), query("COPY (SELECT 1, 'x') TO STDOUT"), query("COPY (SELECT) TO STDOUT"), query("COPY (INSERT INTO t VALUES (9) RETURNING a) TO STDOUT")]),
    ("CO-07", "an error midway", [query("COPY (SELECT 10 / (3 - g) FROM generate_series(1, 5) g) TO STDOUT"), query("COPY (SELECT 10 / (3 - g) FROM generate_series(1, 5) g) TO STDOUT BINARY")]),
    ("CO-08", "by the extended protocol", [TABLE, query("INSERT INTO t VALUES (1), (2)"), parse("COPY t TO STDOUT") + describe(kind=b"S") + bind(results=[1]) + describe() + execute(rows=1) + SYNC]),
    # --- Function calls
    ("FC-01 FC-02", "formats", [call(177, b"1", b"2"), call(177, int4(1), int4(2), formats=[1]), call(177, int4(1), b"2", formats=[1, 0], result=1), call(177, None, b"2"), call(177, b"1", b"2", result=1)]),
    ("FC-03 FC-04", "malformed", [call(177, b"1"), call(177, b"1", b"2", b"3"), call(177, b"1", b"2", formats=[0, 0, 0]), call(177, b"1", b"2", formats=[2]), call(177, b"1", b"2", result=2), frame(b"F", struct.pack("!IHHi", 177, 0, 2, -2)), frame(b"F", struct.pack("!I", 177)), frame(b"F"), call(177, b"1", b"2")[:1] + struct.pack("!I", len(call(177, b"1", b"2"))) + call(177, b"1", b"2")[5:] + b"x"]),
    ("FC-05", "functions that cannot be called", [call(999999), call(2803), call(1067, b"1", b"2"), call(2108, b"1")]),
    ("FC-06 FC-07", "blocks and errors", [query("BEGIN"), query("SELECT 1/0"), call(177, b"1", b"2"), query("ROLLBACK"), call(177, b"x", b"2") + call(177, b"1", b"2"), call(154, b"1", b"0")]),
    ("FC-08 FC-09", "void and collations", [call(2626, b"0"), call(870, b"ABC")]),
    ("FC-11", "binary arguments of wrong size", [call(177, b"\0\1", int4(1), formats=[1]), call(177, int4(1), bytes(5), formats=[1])]),
    # --- Transactions and settings
    ("SESS-08 SESS-09", "SET", [query("SET TimeZone = 'Asia/Tokyo'"), query("SET TimeZone = 'UTC'; SET TimeZone = 'Asia/Tokyo'"), query("SET TimeZone = 'UTC'; SET DateStyle = 'German'"), query("RESET ALL"), query("SET application_name = 'a'; RESET application_name")]),
    ("SESS-10 SESS-11", "SET and rollback", [query("BEGIN"), query("SET TimeZone = 'Asia/Tokyo'"), query("ROLLBACK"), query("BEGIN"), query("SET TimeZone = 'Asia/Tokyo'"), query("SELECT 1/0"), query("ROLLBACK"), query("BEGIN; SET LOCAL DateStyle = 'German'"), query("COMMIT"), query("BEGIN; SAVEPOINT s; SET TimeZone = 'Asia/Tokyo'"), query("ROLLBACK TO s"), query("COMMIT")]),
    ("SESS-15", "SET in a pipeline", [parse("SET TimeZone = 'Asia/Tokyo'") + RUN + ONE + RUN + SYNC, parse("SET TimeZone = 'UTC'") + RUN + parse("SELECT 1/0") + RUN + SYNC]),
    ("SESS-05", "client_encoding", [query("SET client_encoding = 'nosuch'"), query("SET client_encoding = 'unicode'"), query("SHOW client_encoding")]),
    ("ASYNC-08", "client_min_messages", [query("COMMIT"), query("SET client_min_messages = 'error'"), query("COMMIT"), query("DO $$BEGIN RAISE INFO 'x'; RAISE NOTICE 'y'; END$$"), query("SET client_min_messages = 'debug1'"), query("DO $$BEGIN RAISE DEBUG 'x'; RAISE LOG 'y'; END$$")]),
    # --- LISTEN and NOTIFY
    ("ASYNC-01", "between sessions", [(0, query("LISTEN c"), 1), (1, query("NOTIFY c, 'x'"), 1), (0, b"", b"A"), (1, query("NOTIFY c"), 1), (0, b"", b"A"), (1, query("SELECT pg_notify('c', 'y')"), 1), (0, b"", b"A")]),
    ("ASYNC-02", "its own", [query("LISTEN c"), query("NOTIFY c, 'x'"), query("NOTIFY c, 'a'; NOTIFY c, 'b'; SELECT 1"), query("NOTIFY d")]),
    ("ASYNC-03", "in a block", [(0, query("LISTEN c"), 1), (0, query("BEGIN"), 1), (1, query("NOTIFY c, 'x'"), 1), (0, query("SELECT 1"), 1), (0, query("COMMIT"), 1), (0, query("BEGIN"), 1), (1, query("NOTIFY c, 'y'"), 1), (0, query("SELECT 1/0"), 1), (0, query("ROLLBACK"), 1)]),
    ("ASYNC-04", "deduplicated, in order, with the commit", [query("LISTEN c"), query("BEGIN"), query("NOTIFY c, 'b'"), query("NOTIFY c, 'a'"), query("NOTIFY c, 'b'"), query("COMMIT"), query("BEGIN; NOTIFY c, 'no'"), query("ROLLBACK"), query("BEGIN; NOTIFY c, 'yes'; SAVEPOINT s; NOTIFY c, 'no'; ROLLBACK TO s; COMMIT")]),
    ("ASYNC-05", "not listening", [query("BEGIN; LISTEN c; ROLLBACK"), query("NOTIFY c"), query("LISTEN c"), query("UNLISTEN c"), query("NOTIFY c"), query("LISTEN a; LISTEN b; UNLISTEN *"), query("NOTIFY a"), query("LISTEN c; NOTIFY c; UNLISTEN c"), query("BEGIN; LISTEN c; NOTIFY c, 'in'; COMMIT"), query("DISCARD ALL"), query("NOTIFY c")]),
    ("ASYNC-06", "limits", [query("SELECT pg_notify('c', repeat('x', 8000))"), query("SELECT pg_notify('', 'x')"), query("SELECT pg_notify(repeat('c', 64), 'x')"), query("SELECT pg_notify('c', repeat('x', 7999))"), query("SELECT pg_notify(NULL, 'x')"), query("SELECT pg_notify(repeat('c', 63), NULL)")]),
    ("ASYNC-07", "in a pipeline", [query("LISTEN c"), parse("NOTIFY c, 'x'") + RUN + ONE + RUN + SYNC, parse("NOTIFY c, 'x'") + RUN + SYNC + ONE + RUN + SYNC]),
    ("ASYNC-01", "order of senders", [(0, query("LISTEN c; LISTEN d"), 1), (0, query("BEGIN"), 1), (1, query("NOTIFY c, '1'; NOTIFY d, '2'"), 1), (2, query("NOTIFY c, '3'"), 1), (1, query("NOTIFY e, '4'; NOTIFY c, '5'"), 1), (0, query("COMMIT"), 1)]),
    # --- Ends and clocks
    ("TMO-01", "idle_session_timeout", [query("SET idle_session_timeout = '200ms'"), (0, b"", None)]),
    ("TMO-02", "idle_in_transaction_session_timeout", [query("SET idle_in_transaction_session_timeout = '200ms'"), query("SELECT 1"), query("BEGIN"), (0, b"", None)]),
    ("TMO-02", "in a failed block", [query("SET idle_in_transaction_session_timeout = '200ms'"), query("BEGIN"), query("SELECT 1/0"), (0, b"", None)]),
    ("TMO-03", "transaction_timeout", [query("SET transaction_timeout = '200ms'"), query("BEGIN"), (0, query("SELECT pg_sleep(2)"), None)], 18),
    ("TMO-04", "statement_timeout", [query("SET statement_timeout = '200ms'"), query("SELECT pg_sleep(2)"), query("SELECT 1; SELECT pg_sleep(2)"), query("BEGIN"), parse("SELECT pg_sleep(2)") + RUN + ONE + SYNC, query("ROLLBACK"), query("SELECT 1")]),
    ("TMO-05", "an open pipeline is not idle", [query("SET idle_session_timeout = '200ms'"), (0, ONE + RUN + FLUSH, b"C"), (0, parse("SELECT pg_sleep(0.4)") + RUN + parse("SET idle_session_timeout = 0") + RUN + SYNC, 1)]),
    ("TERM-01", "Terminate", [(0, query("SELECT 1") + ONE + RUN + TERMINATE + query("SELECT 2"), None)]),
    ("TERM-01", "Terminate with a body", [(0, frame(b"X", b"abc"), None)]),
    ("TERM-03", "pg_terminate_backend", [query("BEGIN"), ("terminate", 0), (0, b"", None)]),
    ("TERM-03", "pg_terminate_backend in a copy", [TABLE, copy(), ("terminate", 0), (0, b"", None)]),
    ("TERM-03", "pg_terminate_backend while busy", [(0, query("SELECT pg_sleep(60)"), 0), ("terminate", 0), (0, b"", None)]),
    ("TERM-03", "pg_terminate_backend of itself", [(0, query("SELECT pg_terminate_backend(pg_backend_pid())"), None)]),
    ("TERM-03", "pg_terminate_backend in a pipeline", [(0, ONE + RUN + parse("SELECT pg_terminate_backend(pg_backend_pid()), 1") + RUN + ONE + RUN + SYNC, None)]),
    ("TERM-03", "nobody to terminate", [query("SELECT pg_terminate_backend(1), pg_cancel_backend(0)"), query("SELECT pg_cancel_backend(NULL)"), query("SELECT pg_terminate_backend(1, -1)")]),
    ("CAN-08", "pg_cancel_backend", [query("SELECT 1; SELECT pg_cancel_backend(pg_backend_pid()), g FROM generate_series(1, 3) g; SELECT 2"), ONE + RUN + parse("SELECT pg_cancel_backend(pg_backend_pid())") + RUN + ONE + SYNC, query("SELECT 1")]),
    ("CAN-07 CAN-08", "cancel while idle, and in a block", [("cancel", 0), query("SELECT 1"), query("BEGIN"), ("cancel", 0), query("SELECT 1"), (0, query("SELECT pg_sleep(60)"), 0), ("cancel", 0), (0, b"", 1), query("ROLLBACK")]),
    ("CAN-09", "cancel a pipeline", [(0, ONE + RUN + parse("SELECT pg_sleep(60)") + RUN + ONE + RUN + SYNC, 0), ("cancel", 0), (0, b"", 1), query("SELECT 1")]),
    ("CAN-11", "cancel a copy-in", [TABLE, copy(), ("cancel", 0), (0, copy_data(b"1\tx\n"), 1), query("SELECT 1")]),
    ("REPL", "replication commands are no SQL", [query("IDENTIFY_SYSTEM"), query("START_REPLICATION 0/0")]),
]
