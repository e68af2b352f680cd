#!/usr/bin/env python3
"""Every verdict once, on a real PostgreSQL: verdict_test.py PGCONFORM TARGETS_POSTGRESQL"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml

from tap import Program, expect, one_line, run, status

pgconform = Program(sys.argv[1])
CASES = """=== pass
title: One row comes

F Query {"query":"SELECT 1"}
B RowDescription
B DataRow {"values":["1"]}
B CommandComplete
B ReadyForQuery {"status":"I"}

=== wrong-value
title: One is two
level: must

F Query {"query":"SELECT 1"}
B RowDescription
B DataRow {"values":["2"]}
B CommandComplete
B ReadyForQuery

=== wrong-sqlstate
title: A syntax error is a success
level: must

F Query {"query":"SELEKT"}
B ErrorResponse {"C":"00000"}
B ReadyForQuery

=== silent
title: Flush alone is answered

F Flush
B ReadyForQuery

=== stray
title: Nothing follows the row

F Query {"query":"SELECT 1"}
B RowDescription
B DataRow

=== needs-nobody
title: Nobody logs in
needs: role:nobody

F Query {"query":""}
B EmptyQueryResponse
B ReadyForQuery

=== refused
title: Windows can be locked
needs: listen

F Query {"query":"SELECT count(*) OVER () FROM (VALUES (1)) AS v FOR UPDATE"}
B RowDescription
B ReadyForQuery

=== ours
title: What nobody has bound cannot be said
level: must

F Query {"query":{"$ref":"nothing.at.all"}}
B ReadyForQuery

=== later
title: What a later version does
since: 99

F Query {"query":"SELECT 1"}
B EmptyQueryResponse
B ReadyForQuery

=== garbage
title: An impossible length ends the session, and others are served

F raw {"hex":"5100000001"}
B close

=== alone
title: It is run by itself
alone: yes

F Query {"query":""}
B EmptyQueryResponse
B ReadyForQuery

=== disruptive
title: It disturbs others
disruptive: yes

F Query {"query":""}
B EmptyQueryResponse
B ReadyForQuery
"""
SLOW = """=== sleeper
title: It takes its time

F Query {"query":"INSERT INTO ${table:a int} VALUES (1)"}
B CommandComplete
B ReadyForQuery
F Query {"query":"${sleep:60}"}
B RowDescription

=== next
title: It is not begun

F Query {"query":""}
B EmptyQueryResponse
B ReadyForQuery
"""
state = tempfile.TemporaryDirectory(prefix="pgconform-state-")


def targets(command):
    return subprocess.run([sys.argv[2], command, "--state", state.name], capture_output=True, text=True, check=True,
                          timeout=90).stdout


cases = os.path.dirname(pgconform.file("cases/all.case", CASES))
description = json.loads(targets("start"))
del description["profile"]
target = "@" + pgconform.file("target.json", json.dumps(description))


def sql(text):
    return subprocess.run(["psql", "-XqAt", "-d", description["uri"], "-c", text], capture_output=True, text=True,
                          check=True, timeout=60).stdout.strip()


def check(*arguments, cases=cases):
    timeout = [] if "--timeout" in arguments else ["--timeout", "0.5"]
    return pgconform("check", target, "--cases", cases, *timeout, *arguments)


def report(*arguments):
    result = check("--report", "json=out.json,junit=out.xml", *arguments)
    with open(os.path.join(pgconform.directory.name, "out.json"), encoding="utf-8") as file:
        return result, json.load(file)


def profile(*entries, **more):
    return pgconform.file("p.json", json.dumps({"format": 1, "name": "p", "expect": list(entries), **more}))


def verdicts():
    """each case gets its verdict, and the run ends with 1"""
    result, told = report()
    status(result, 1)
    by_name = {each["id"].split("/")[-1]: each for each in told["cases"]}
    expected = {"pass": "pass", "wrong-value": "fail", "wrong-sqlstate": "fail", "silent": "fail", "stray": "fail",
                "needs-nobody": "skipped", "refused": "unsupported", "ours": "broken", "later": "skipped",
                "garbage": "pass", "alone": "pass", "disruptive": "skipped"}
    got = {name: each["verdict"] for name, each in by_name.items()}
    expect(got == expected, got, result.stdout)
    expect(by_name["silent"]["failures"][0]["no_answer"], by_name["silent"])
    expect(by_name["needs-nobody"]["reason"] == "needs role nobody", by_name["needs-nobody"])
    expect(by_name["wrong-value"]["gates"] and not by_name["stray"]["gates"], "gates must")
    facet = by_name["wrong-sqlstate"]
    expect(facet["failures"][0]["facet"] == "sqlstate" and not facet["gates"], facet)
    expect("another answer" in by_name["later"]["reason"], by_name["later"])
    expect(told["status"] == 1 and told["target"].startswith("postgresql://conformance@"), told)


def text_report():
    """the text shows target, conversation, what was expected and what came"""
    result = check("--run", "all/wrong-value")
    lines = result.stdout.splitlines()
    expect(lines[0].startswith("pgconform ") and "postgresql://conformance@127.0.0.1" in lines[0], lines[0])
    expect('  > B DataRow {"values":["1"]}' in lines, result.stdout)
    expect('expected "2", got "1"' in result.stdout, result.stdout)
    expect("all.case:16" in result.stdout, result.stdout)


def gates():
    """--gate decides which levels matter"""
    status(check("--run", "all/stray"), 0)
    status(check("--run", "all/stray", "--gate", "postgresql"), 1)
    status(check("--run", "all/wrong-sqlstate", "--gate", "should"), 0)
    status(check("--run", "all/wrong-sqlstate", "--gate", "postgresql"), 1)


def statuses():
    """nothing run ends with 2, only broken cases with 3"""
    status(check("--run", "all/needs-nobody"), 2)
    status(check("--run", "all/ours"), 3)
    status(check("--run", "all/pass"), 0)


def versions():
    """--postgresql leaves out what is not of that version"""
    result = check("--run", "all/later,all/pass", "--postgresql", "15")
    status(result, 0)
    expect("1 since 99" in result.stdout, result.stdout)
    status(check("--run", "all/later", "--postgresql", "99", "--gate", "postgresql"), 1)


def expectations():
    """a profile's entry makes a failure expected, and a pass against it a failure"""
    known = {"cases": "all/wrong-value", "verdict": "fail", "reason": "known",
             "actual": 'B DataRow {"values":["1"]}'}
    status(check("--run", "all/wrong-value", "--profile", profile(known)), 0)
    other = check("--run", "all/wrong-value", "--profile", profile({**known, "actual": "B close"}))
    status(other, 1)
    expect("CHANGED all/wrong-value" in other.stdout, other.stdout)
    passing = check("--run", "all/pass", "--profile", profile({**known, "cases": "all/pass"}))
    status(passing, 1)
    expect("UNEXPECTED PASS all/pass" in passing.stdout, passing.stdout)
    stale = check("--run", "all/pass", "--profile", profile({**known, "cases": "all/gone"}))
    status(stale, 1)
    expect("no case is named all/gone" in stale.stdout, stale.stdout)


def declared_capability():
    """a capability that a profile says is there must not be refused"""
    status(check("--run", "all/refused"), 0)
    status(check("--run", "all/refused", "--gate", "postgresql", "--profile",
                 profile(capabilities={"listen": True})), 1)
    status(check("--run", "all/refused,all/pass", "--profile", profile(capabilities={"listen": False})), 0)


def order():
    """results come in the catalogue's order, however many run at a time"""
    runs = [[(each["id"], each["verdict"]) for each in report("--jobs", jobs)[1]["cases"]] for jobs in ("1", "8")]
    expect(runs[0] == runs[1], runs)


def fail_fast():
    """--fail-fast leaves out what is not begun"""
    result = check("--jobs", "1", "--fail-fast", "--run", "all/wrong-value,all/wrong-sqlstate")
    status(result, 1)
    expect("1 not run: --fail-fast" in result.stdout, result.stdout)


def junit():
    """the JUnit report counts what gates"""
    report()
    root = xml.parse(os.path.join(pgconform.directory.name, "out.xml")).getroot()
    suite = root.find("testsuite")
    expect(suite.get("tests") == "12" and suite.get("failures") == "1" and suite.get("errors") == "1", suite.attrib)


BEHIND = """=== failing
title: It leaves a table
cleanup: DROP TABLE ${unique:never_made}; DROP TABLE ${unique:left}

F Query {"query":"CREATE TABLE ${unique:left} (a int)"}
B CommandComplete {"tag":"CREATE TABLE"}
B ReadyForQuery {"status":"T"}
"""


def cleanup():
    """what a failing case leaves behind is put away"""
    cases = os.path.dirname(pgconform.file("behind/all.case", BEHIND))
    status(check("--gate", "postgresql", cases=cases), 1)
    expect(sql("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'left%'") == "0", "a table is left")


def sleeping():
    until = time.monotonic() + 30
    while sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'") == "0":
        expect(time.monotonic() < until, "nobody sleeps")


def interrupted():
    """Ctrl-C ends what runs, drops its table, writes the report and ends with 130"""
    slow = os.path.dirname(pgconform.file("slow/all.case", SLOW))
    child = pgconform.start("check", target, "--cases", slow, "--jobs", "1", "--timeout", "60", "--report",
                            "json=out.json")
    try:
        sleeping()
        child.send_signal(signal.SIGINT)
        output, error = child.communicate(timeout=20)
    finally:
        child.kill()
    expect(child.returncode == 130, child.returncode, output, error)
    with open(os.path.join(pgconform.directory.name, "out.json"), encoding="utf-8") as file:
        told = json.load(file)
    expect(told["interrupted"] and [each["reason"] for each in told["cases"]] ==
           ["cut short: interrupted", "not run: interrupted"], told)
    expect(sql("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'pgconform%'") == "0", "a table is left")


def deadline():
    """--deadline ends the run, and that is no success"""
    slow = os.path.dirname(pgconform.file("slow/all.case", SLOW))
    result = check("--jobs", "1", "--timeout", "60", "--deadline", "1", cases=slow)
    status(result, 1)
    expect("the deadline of 1 s has passed" in result.stdout, result.stdout)
    expect(sql("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'pgconform%'") == "0", "a table is left")


def wrong_password():
    """a target that refuses the login is told"""
    uri = description["uri"].replace(":conformance@", ":guess@")
    one_line(pgconform("check", uri), 3, "password authentication failed")


try:
    run(verdicts, text_report, gates, statuses, versions, expectations, declared_capability, order, fail_fast, junit, cleanup,
        interrupted, deadline, wrong_password)
finally:
    targets("stop")
