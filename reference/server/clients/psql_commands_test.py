#!/usr/bin/env python3
"""What people do in psql, on pgreference and on PostgreSQL: every check holds on both. TAP.

usage: psql_commands_test.py PGREFERENCE TARGETS_POSTGRESQL
"""

import os
import subprocess
import sys
import tempfile
import threading

from support import DEADLINE, Terminal, expect, expect_in, run
from targets import Both

targets = Both(sys.argv[1:])
work = tempfile.TemporaryDirectory(prefix="pgconform-psql-")


def script(target, text, way="trust", ok=True):
    """What psql prints, errors among the rest, for a script on its standard input."""
    done = subprocess.run(["psql", "-XAt", target.conninfo(way)], input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=DEADLINE)
    expect((done.returncode == 0) == ok, f"ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


@targets.check("logs in in every way, plain and encrypted")
def _(target):
    for way in ("trust", "cleartext", "md5", "scram"):
        for sslmode in ("disable", "require", "verify-full"):
            expect(target.psql("-c", "SELECT current_user", way=way, sslmode=sslmode, sslrootcert=target.ca) == f"{way}\n", f"{way} {sslmode}")
        if way != "trust":
            expect_in("password authentication failed", target.psql("-c", "SELECT 1", way=way, password="wrong", ok=False))
    expect_in("channel_binding", target.psql("-c", "SELECT 1", way="cleartext", sslmode="require", channel_binding="require", ok=False).replace("channel binding", "channel_binding"))
    expect(target.psql("-c", "SELECT 1", way="scram", sslmode="require", channel_binding="require") == "1\n", "channel binding")


@targets.check("\\gdesc, \\gexec, \\gset, \\gx and \\crosstabview")
def _(target):
    expect(script(target, "SELECT 1 AS a, 'x'::varchar(3) AS b, now() AS c, NULL AS d \\gdesc\n") == "a|integer\nb|character varying(3)\nc|timestamp with time zone\nd|text\n",
           script(target, "SELECT 1 AS a, 'x'::varchar(3) AS b, now() AS c, NULL AS d \\gdesc\n"))
    expect(script(target, "SELECT 'SELECT ' || g FROM generate_series(1, 3) g \\gexec\n") == "1\n2\n3\n", "gexec")
    expect(script(target, "SELECT 1 AS a, 'b' AS b \\gset my_\nSELECT :my_a, :'my_b';\n") == "1|b\n", "gset")
    expect(script(target, "SELECT 1 AS a, 2 AS b \\gx\n") == "a|1\nb|2\n", "gx")
    expect_in("v|1|2\n", script(target, "VALUES ('v', 'x', 1), ('v', 'y', 2) \\crosstabview\n"))
    expect_in('column "nosuch" does not exist', script(target, "SELECT nosuch \\gdesc\n"))


@targets.check("statements that other statements are in: ;, \\;, errors, \\errverbose")
def _(target):
    expect(script(target, "SELECT 1\\; SELECT 2;\n") == "1\n2\n", "both results")
    expect(script(target, "CREATE TEMP TABLE t (a int)\\; INSERT INTO t VALUES (1)\\; SELECT 1/0;\nSELECT * FROM t;\n").count("does not exist") == 1, "rolled back")
    told = script(target, "SELECT 'é', nosuch;\n\\errverbose\n")
    expect_in('ERROR:  column "nosuch" does not exist\nLINE 1: SELECT \'é\', nosuch;\n                    ^', told)
    expect_in("42703", told)
    told = script(target, "\\set VERBOSITY verbose\nDO $$BEGIN RAISE EXCEPTION 'oops' USING DETAIL = 'd', HINT = 'h', ERRCODE = '12345'; END$$;\n")
    for part in ("ERROR:  12345: oops", "DETAIL:  d", "HINT:  h", "CONTEXT:  PL/pgSQL function inline_code_block line 1 at RAISE"):
        expect_in(part, told)


@targets.check("variables of psql: FETCH_COUNT, ON_ERROR_ROLLBACK, AUTOCOMMIT, SINGLE transaction")
def _(target):
    expect(script(target, "\\set FETCH_COUNT 7\nSELECT g FROM generate_series(1, 1000) g;\n") == "".join(f"{i}\n" for i in range(1, 1001)), "FETCH_COUNT")
    expect(script(target, "\\set ON_ERROR_ROLLBACK on\nBEGIN;\nSELECT 1/0;\nSELECT 'still here';\nCOMMIT;\n").count("still here") == 1, "ON_ERROR_ROLLBACK")
    told = script(target, "\\set AUTOCOMMIT off\nCREATE TABLE autocommit_off (a int);\n\\q\n")
    expect_in("CREATE TABLE", told)
    expect_in("does not exist", script(target, "SELECT * FROM autocommit_off;\n"))
    expect_in("division by zero", target.psql("-1", "-c", "CREATE TABLE single (a int)", "-c", "SELECT 1/0", ok=False))
    expect_in("does not exist", target.psql("-c", "TABLE single", ok=False))


@targets.check("\\copy in, out, of a query, from a program and inline; COPY … FROM STDIN in a script")
def _(target):
    path = os.path.join(work.name, "rows")
    with open(path, "w") as rows:
        rows.writelines(f"{i}\tname {i}\n" for i in range(5000))
    told = script(target, f"""CREATE TEMP TABLE c (a int, b text);
\\copy c FROM '{path}'
\\copy (SELECT b FROM c WHERE a < 2 ORDER BY a) TO STDOUT
\\copy c FROM PROGRAM 'echo 7000,seven' WITH (FORMAT csv)
COPY c FROM STDIN;
8000\teight
\\.
\\copy c (a) FROM STDIN
9000
\\.
SELECT count(*), max(a) FROM c;
\\copy c TO '/dev/null' WITH (FORMAT binary)
COPY c FROM STDIN;
x\ty
\\.
SELECT 'goes on';
""")
    expect(told == "CREATE TABLE\nCOPY 5000\nname 0\nname 1\nCOPY 1\nCOPY 1\nCOPY 1\n5003|9000\nCOPY 5003\n"
           'ERROR:  invalid input syntax for type integer: "x"\nCONTEXT:  COPY c, line 1, column a: "x"\ngoes on\n', told)


@targets.check("Ctrl-C ends a query, a long result and a COPY, and the session goes on")
def _(target):
    terminal = Terminal("psql", "-X", target.conninfo())
    prompt = f"{target.database}=> "
    terminal.wait_for(prompt)
    for statement in ("SELECT pg_sleep(600)", "SELECT g AS number FROM generate_series(1, 2000000000) g", "COPY (SELECT generate_series(1, 2000000000)) TO STDOUT"):
        terminal.type(statement + ";")
        target.wait_for_session(f"state = 'active' AND query = '{statement};'")
        terminal.interrupt()
        terminal.skip_to("ERROR:  canceling statement due to user request")
    terminal.type("SELECT 'still ' || 'here';")
    terminal.wait_for("still here")
    terminal.type("\\q")
    terminal.end()


@targets.check("\\c to another user, back, and to a database that is not there")
def _(target):
    told = script(target, "\\c - cleartext\nSELECT current_user, session_user;\n\\c - trust\nSELECT current_user;\n\\c nosuch\n", way="cleartext", ok=False)
    expect_in("cleartext|cleartext\n", told)
    expect_in("\ntrust\n", told)
    expect_in('FATAL:  database "nosuch" does not exist', told)
    told = script(target, f"SELECT pg_backend_pid() AS before \\gset\n\\c\nSELECT pg_backend_pid() <> :before, current_database() = '{target.database}';\n")
    expect_in("t|t\n", told)
    terminal = Terminal("psql", "-XAt", target.conninfo())
    terminal.wait_for(f"{target.database}=> ")
    terminal.type("\\c nosuch")
    terminal.wait_for('FATAL:  database "nosuch" does not exist')
    terminal.wait_for("Previous connection kept")
    terminal.type("SELECT 'still ' || 'here';")
    terminal.wait_for("still here")
    terminal.type("\\c - scram")
    terminal.wait_for("Password for user scram: ")
    terminal.type("pencil")
    terminal.wait_for('as user "scram"')
    terminal.type("SELECT 'now ' || current_user;")
    terminal.wait_for("now scram")
    terminal.type("\\q")
    terminal.end()


@targets.check("exit status: of an error, with and without ON_ERROR_STOP, of a lost or refused connection")
def _(target):
    def status(text, *arguments, **more):
        return subprocess.run(["psql", "-XAtq", *arguments, target.conninfo(**more)], input=text, capture_output=True, text=True, timeout=DEADLINE).returncode

    expect(status("SELECT 1/0;\nSELECT 1;\n") == 0, "an error in a script")
    expect(status("SELECT 1/0;\nSELECT 1;\n", "-v", "ON_ERROR_STOP=1") == 3, "ON_ERROR_STOP")
    expect(status("", "-c", "SELECT 1/0") == 1, "-c")
    expect(status("", dbname="nosuch") == 2, "no such database")
    expect(status("SELECT pg_terminate_backend(pg_backend_pid());\n") == 2, "terminated")


@targets.check("queries in extended form: \\bind where psql has it")
def _(target):
    version = int(subprocess.run(["psql", "--version"], capture_output=True, text=True, check=True).stdout.split()[2].split(".")[0])
    if version >= 16:
        expect(script(target, "SELECT $1::int + 1, $2 \\bind 41 'it''s' \\g\n") == "42|it's\n", "bind")


@targets.check("\\watch repeats a query")
def _(target):
    terminal = Terminal("psql", "-XAt", target.conninfo())
    terminal.wait_for("=> ")
    terminal.type("SELECT 'seen ' || 'again' \\watch 0.01")
    for _ in range(3):
        terminal.wait_for("seen again")
    terminal.interrupt()
    terminal.wait_for("=> ")
    terminal.type("\\q")
    terminal.end()


@targets.check("notifications of other sessions and of one's own")
def _(target):
    listener = Terminal("psql", "-XAt", target.conninfo())
    listener.wait_for("=> ")
    listener.type("LISTEN news;")
    listener.wait_for("LISTEN\n")
    target.psql("-c", "NOTIFY news, 'it''s here'")
    listener.type("SELECT 1;")
    listener.wait_for('Asynchronous notification "news" with payload "it\'s here" received from server process with PID ')
    listener.type("NOTIFY news;")
    listener.wait_for('Asynchronous notification "news" received from server process with PID ')
    listener.type("\\q")
    listener.end()


@targets.check("a large result, and a large value both ways")
def _(target):
    lines = target.psql("-c", "SELECT g, repeat('x', 100) FROM generate_series(1, 100000) g").splitlines()
    expect(len(lines) == 100000 and lines[-1] == "100000|" + "x" * 100, f"{len(lines)} lines")
    value = "y" * 20_000_000
    expect(script(target, f"CREATE TEMP TABLE big (v text);\nINSERT INTO big VALUES ('{value}');\nSELECT length(v), v = repeat('y', 20000000) FROM big;\n").endswith("20000000|t\n"), "its length")
    expect(len(target.psql("-c", "SELECT repeat('z', 50000000)")) == 50_000_001, "from the server")


@targets.check("prepared statements, cursors, savepoints and settings of a session")
def _(target):
    told = script(target, """PREPARE p(int, text) AS SELECT $1 + 1, $2 || '!';
EXECUTE p(41, 'x');
DEALLOCATE p;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT g FROM generate_series(1, 5) g;
FETCH 2 FROM c;
MOVE LAST IN c;
FETCH PRIOR FROM c;
SAVEPOINT s;
SELECT 1/0;
ROLLBACK TO s;
CLOSE c;
COMMIT;
SET application_name = 'me';
SHOW application_name;
\\encoding
""")
    expect(told == "PREPARE\n42|x!\nDEALLOCATE\nBEGIN\nDECLARE CURSOR\n1\n2\nMOVE 1\n4\nSAVEPOINT\n"
           "ERROR:  division by zero\nROLLBACK\nCLOSE CURSOR\nCOMMIT\nSET\nme\nUTF8\n", told)


@targets.check("many at the same time")
def _(target):
    failures = []

    def one(number):
        try:
            expect(target.psql("-c", f"SELECT {number}", way=("trust", "cleartext", "md5", "scram")[number % 4], sslmode=("disable", "require")[number % 2]) == f"{number}\n", "answer")
        except Exception as problem:
            failures.append(str(problem))

    threads = [threading.Thread(target=one, args=[number]) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(not failures, "\n".join(failures))


try:
    status = run()
finally:
    targets.stop()
sys.exit(status)
