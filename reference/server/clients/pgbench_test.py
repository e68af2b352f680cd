#!/usr/bin/env python3
"""pgbench on pgreference and on PostgreSQL: it makes its tables, and its transactions keep the sums right. TAP.

usage: pgbench_test.py PGREFERENCE TARGETS_POSTGRESQL
"""

import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from support import Terminal, expect, expect_in, run
from targets import Both

PGBENCH = "/usr/lib/postgresql/15/bin/pgbench"
targets = Both(sys.argv[1:])
work = tempfile.TemporaryDirectory(prefix="pgconform-pgbench-")


def pgbench(target, *arguments):
    done = subprocess.run([PGBENCH, *arguments], env=target.environment(), cwd=work.name, capture_output=True, text=True, timeout=120)
    expect(done.returncode == 0, f"pgbench {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def custom(name, text):
    path = f"{work.name}/{name}.sql"
    with open(path, "w") as file:
        file.write(text)
    return path


@targets.check("-i makes the tables, with COPY and with the steps dtGvp")
def _(target):
    pgbench(target, "-i", "-I", "dtGvp")
    expect(target.psql("-c", "SELECT count(*), sum(abalance) FROM pgbench_accounts") == "100000|0\n", "server-side")
    pgbench(target, "-i")
    expect(target.psql("-c", "SELECT count(*), sum(abalance) FROM pgbench_accounts") == "100000|0\n", "COPY")


for mode in ("simple", "extended", "prepared"):
    @targets.check(f"TPC-B, 8 clients, -M {mode}: no transaction is lost, and the sums agree")
    def _(target, mode=mode):
        target.psql("-c", "TRUNCATE pgbench_history", "-c", "UPDATE pgbench_accounts SET abalance = 0 WHERE abalance <> 0", "-c", "UPDATE pgbench_tellers SET tbalance = 0", "-c", "UPDATE pgbench_branches SET bbalance = 0")
        told = pgbench(target, "-n", "-c", "8", "-j", "2", "-t", "25", "-M", mode)
        expect_in("number of transactions actually processed: 200/200", told)
        expect_in("number of failed transactions: 0", told)
        sums = target.psql("-c", "SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(tbalance) FROM pgbench_tellers), "
                           "(SELECT sum(bbalance) FROM pgbench_branches), (SELECT sum(delta) FROM pgbench_history), (SELECT count(*) FROM pgbench_history)").strip().split("|")
        expect(len(set(sums[:4])) == 1 and sums[4] == "200", f"accounts, tellers, branches, history, rows: {sums}")

    @targets.check(f"select-only and simple-update, -M {mode}")
    def _(target, mode=mode):
        for builtin in ("select-only", "simple-update"):
            expect_in("number of failed transactions: 0", pgbench(target, "-n", "-c", "4", "-t", "50", "-M", mode, "-b", builtin))


@targets.check("a script with \\gset, \\aset, \\if and compound statements")
def _(target):
    # Statements joined by \\; are for the simple protocol only.
    for mode, joint in (("simple", " \\;"), ("extended", " \\aset\n"), ("prepared", " \\aset\n")):
        script = custom("meta", f"""SELECT 1 AS one, 2 AS two \\gset p_
SELECT 3 AS three{joint} SELECT 4 AS four \\aset
\\if :p_one = 1 and :p_two = 2 and :three = 3 and :four = 4
SELECT :p_two::int + :three::int;
\\else
SELECT nosuch;
\\endif
""")
        expect_in("number of failed transactions: 0", pgbench(target, "-n", "-t", "5", "-c", "2", "-M", mode, "-f", script))


@targets.check("a script in a pipeline")
def _(target):
    script = custom("pipeline", "\\startpipeline\n" + "SELECT :client_id + 1;\nINSERT INTO pgbench_history (delta) VALUES (1);\n" * 20 + "\\endpipeline\n")
    before = int(target.psql("-c", "SELECT count(*) FROM pgbench_history"))
    for mode in ("extended", "prepared"):
        expect_in("number of failed transactions: 0", pgbench(target, "-n", "-c", "4", "-t", "10", "-M", mode, "-f", script))
    expect(int(target.psql("-c", "SELECT count(*) FROM pgbench_history")) == before + 2 * 4 * 10 * 20, "rows")


@targets.check("two clients that lock each other out are told, and try again")
def _(target):
    script = custom("deadlock", """\\set first :client_id % 2 + 1
\\set second 3 - :first
BEGIN;
UPDATE pgbench_tellers SET tbalance = 0 WHERE tid = :first;
SELECT pg_advisory_xact_lock_shared(7);
UPDATE pgbench_tellers SET tbalance = 0 WHERE tid = :second;
END;
""")
    # Both have their first row before either may go on.
    gate = Terminal("psql", "-XAt", target.conninfo())
    gate.type("SELECT 'shut' || pg_advisory_lock(7);")
    gate.wait_for("\nshut")
    with ThreadPoolExecutor() as beside:
        running = beside.submit(pgbench, target, "-n", "-c", "2", "-j", "2", "-t", "2", "--max-tries", "20", "-f", script)
        target.wait_for_session("wait_event = 'advisory' AND (SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory') = 2")
        gate.type("\\q")
        told = running.result()
    gate.end()
    expect_in("number of failed transactions: 0", told)
    expect(re.search(r"total number of retries: [1-9]", told), told)


try:
    status = run()
finally:
    targets.stop()
sys.exit(status)
