#!/usr/bin/env python3
"""psql against pgreference, step by step as ClickHouse's manual page of its PostgreSQL interface describes it. TAP.

usage: psql_test.py PGREFERENCE
"""

import os
import re
import subprocess
import sys
import tempfile

from support import Server, Terminal, certificates, check, expect, expect_in, psql, run, sample_copy

PROGRAM = sys.argv[1]
work = tempfile.TemporaryDirectory(prefix="pgconform-psql-")
certificates(work.name)
sample = sample_copy(work.name)
with open(os.path.join(sample, "config.d", "tls.xml"), "w") as overlay:
    overlay.write(f"""<clickhouse><openSSL><server>
      <certificateFile>{work.name}/server.crt</certificateFile><privateKeyFile>{work.name}/server.key</privateKeyFile>
      <caConfig>{work.name}/ca.crt</caConfig><loadDefaultCAFile>false</loadDefaultCAFile>
      <verificationMode>relaxed</verificationMode></server></openSSL></clickhouse>""")
with open(os.path.join(sample, "config.d", "log.xml"), "w") as overlay:
    overlay.write(f"<clickhouse><logger><log>{work.name}/server.log</log></logger></clickhouse>")
server = Server(PROGRAM, "-C", os.path.join(sample, "config.xml"))
ADDRESS = f"host=127.0.0.1 port={server.port} dbname=default"
ALICE = f"{ADDRESS} user=alice"


@check("on start the log says where it listens, on stderr and in the file")
def _():
    line = (r"\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d\.\d{6} \[ \d+ \] \{\} <Information> Application: "
            rf"Listening for PostgreSQL compatibility protocol: 127\.0\.0\.1:{server.port}\n")
    expect(re.search(line, server.log()), server.log())
    with open(f"{work.name}/server.log") as file:
        expect(re.search(line, file.read()), "not in the file")


@check("psql asks alice for her password, prints versions and warnings, and prompts with default=>")
def _():
    terminal = Terminal("psql", "-X", "-p", str(server.port), "-h", "127.0.0.1", "-U", "alice", "default")
    terminal.wait_for("Password for user alice: ")
    terminal.type("wonderland")
    banner = terminal.wait_for("default=> ")
    expect(re.search(r"psql \(15\..*, server 22\.3\.1\.1\)\n", banner), banner)
    expect_in("WARNING: psql major version 15, server major version 22.\n", banner)
    expect_in("         Some psql features might not work.\n", banner)
    expect_in('Type "help" for help.\n', banner)
    terminal.type("SELECT 6 * 7 AS answer;")
    expect_in(" answer \n--------\n     42\n(1 row)\n", terminal.wait_for("(1 row)\n"))
    terminal.wait_for("default=> ")
    terminal.type("BEGIN;")
    terminal.wait_for("default=*> ")
    terminal.type("SELECT 1/0;")
    terminal.wait_for("ERROR:  division by zero")
    terminal.wait_for("default=!> ")
    terminal.type("ROLLBACK;")
    terminal.wait_for("default=> ")
    terminal.type("\\q")
    terminal.end()


@check("commands and queries run on the engine")
def _():
    output = psql(ALICE, "-c", "CREATE TABLE fruit (id int, name text)", "-c", "INSERT INTO fruit VALUES (1, 'apple'), (2, NULL)",
                  "-c", "SELECT id, coalesce(name, 'none') FROM fruit ORDER BY id DESC", "-c", "DROP TABLE fruit",
                  password="wonderland")
    expect(output == "2|none\n1|apple\n", output)


@check("\\\\copy brings 30,000 rows in and out again, as text, CSV and binary")
def _():
    for form in ("text", "csv", "binary"):
        with open(f"{work.name}/rows", "w") as rows:
            rows.writelines(f"{i}\trow {i}\\n\n" for i in range(30000))
        psql(ALICE, "-c", "CREATE TABLE copied (id int, name text)", "-c", f"\\copy copied FROM '{work.name}/rows'",
             "-c", f"\\copy copied TO '{work.name}/first' WITH (FORMAT {form})", "-c", "TRUNCATE copied",
             "-c", f"\\copy copied FROM '{work.name}/first' WITH (FORMAT {form})",
             "-c", f"\\copy (SELECT * FROM copied) TO '{work.name}/second'", "-c", "DROP TABLE copied",
             password="wonderland")
        with open(f"{work.name}/rows") as first, open(f"{work.name}/second") as second:
            expect(first.read() == second.read(), f"{form}: other rows came out than went in")


@check("an error in the middle of a \\\\copy names the line, and the session goes on")
def _():
    with open(f"{work.name}/rows", "w") as rows:
        rows.write("1\n2\nx\n4\n")
    psql(ALICE, "-c", "CREATE TABLE copied (id int)", password="wonderland")
    output = psql(ALICE, "-c", f"\\copy copied FROM '{work.name}/rows'", password="wonderland", ok=False)
    expect_in('CONTEXT:  COPY copied, line 3, column id: "x"', output)
    output = psql(ALICE, "-c", "SELECT count(*) FROM copied", "-c", "DROP TABLE copied", password="wonderland")
    expect(output == "0\n", output)


@check("default, whose password is empty, cannot connect")
def _():
    expect_in("fe_sendauth: no password supplied", psql(f"{ADDRESS} user=default", "-c", "SELECT 1", ok=False))


@check("a wrong password and an unknown user are refused, and both are named")
def _():
    for user in ("alice", "user_with_sha256", "nobody"):
        expect_in(f'password authentication failed for user "{user}"',
                  psql(f"{ADDRESS} user={user}", "-c", "SELECT 1", password="wrong", ok=False))


@check("the documented SCRAM user logs in with its documented password")
def _():
    output = psql(f"{ADDRESS} user=user_with_sha256", "-c", "SELECT current_user", password="abacaba")
    expect(output == "user_with_sha256\n", output)


@check("an unknown database is refused by its name")
def _():
    expect_in('database "nosuch" does not exist',
              psql(f"host=127.0.0.1 port={server.port} user=alice dbname=nosuch", "-c", "SELECT 1", password="wonderland", ok=False))


for mode, trusted in (("disable", ""), ("prefer", ""), ("require", ""), ("verify-ca", "ca.crt"), ("verify-full", "ca.crt")):
    for user, password in (("alice", "wonderland"), ("user_with_sha256", "abacaba")):
        def encrypted(mode=mode, trusted=trusted, user=user, password=password):
            root = f"sslrootcert={work.name}/{trusted}" if trusted else "sslrootcert=/nonexistent"
            output = psql(f"{ADDRESS} user={user} sslmode={mode} {root}", "-c", "\\conninfo", "-c", "SELECT 'in'", password=password)
            expect_in("in\n", output)
            expect(("SSL connection" in output) == (mode != "disable"), output)
        check(f"{user} logs in with sslmode={mode}")(encrypted)


@check("a client certificate is taken, as in the documented command")
def _():
    output = psql(f"port={server.port} host=127.0.0.1 user=alice dbname=default sslcert={work.name}/client.crt "
                  f"sslkey={work.name}/client.key sslrootcert={work.name}/ca.crt sslmode=verify-ca", "-c", "SELECT 'in'", password="wonderland")
    expect(output == "in\n", output)


@check("a server whose CA is not trusted, or whose name differs, is refused by psql")
def _():
    expect_in("certificate verify failed",
              psql(f"{ALICE} sslmode=verify-ca sslrootcert={work.name}/foreign.crt", "-c", "SELECT 1", password="wonderland", ok=False))
    expect_in("does not match host name",
              psql(f"host=other.example hostaddr=127.0.0.1 port={server.port} dbname=default user=alice sslmode=verify-full "
                   f"sslrootcert={work.name}/ca.crt", "-c", "SELECT 1", password="wonderland", ok=False))


@check("without a certificate the server says so, and plaintext goes on")
def _():
    plain = Server(PROGRAM, "--user", "bob:builder")
    try:
        output = psql(f"host=127.0.0.1 port={plain.port} dbname=default user=bob sslmode=prefer", "-c", "SELECT 1", password="builder")
        expect(output == "1\n", output)
        expect_in("server does not support SSL",
                  psql(f"host=127.0.0.1 port={plain.port} dbname=default user=bob sslmode=require", "-c", "SELECT 1", password="builder", ok=False))
    finally:
        expect(plain.stop() == 0, "exit status after SIGTERM")


@check("flags alone: users of three kinds, TLS with a client CA")
def _():
    flags = Server(PROGRAM, "--user", "clear:one", "--scram-user", "scram:two", "--no-password-user", "open",
                   "--certificate", f"{work.name}/server.crt", "--private-key", f"{work.name}/server.key", "--client-ca", f"{work.name}/ca.crt")
    try:
        base = f"host=127.0.0.1 port={flags.port} dbname=default sslmode=require"
        expect(psql(f"{base} user=clear", "-c", "SELECT 1", password="one") == "1\n", "clear")
        expect(psql(f"{base} user=scram", "-c", "SELECT 1", password="two") == "1\n", "scram")
        expect(psql(f"{base} user=open", "-c", "SELECT 1") == "1\n", "open")
        good = f"sslcert={work.name}/client.crt sslkey={work.name}/client.key"
        expect(psql(f"{base} user=open {good}", "-c", "SELECT 1") == "1\n", "certificate of the CA")
        foreign = f"sslcert={work.name}/foreign.crt sslkey={work.name}/foreign.key"
        psql(f"{base} user=open {foreign}", "-c", "SELECT 1", ok=False)
    finally:
        flags.stop()


@check("bad configuration starts nothing: one line that names file and line, status 1")
def _():
    path = os.path.join(work.name, "bad.xml")
    with open(path, "w") as file:
        file.write("<clickhouse>\n  <postgresql_port>99999</postgresql_port>\n</clickhouse>\n")
    done = subprocess.run([PROGRAM, "-C", path], capture_output=True, text=True, timeout=30)
    expect(done.returncode == 1, f"exit status {done.returncode}")
    expect(done.stderr.startswith(f"{path}:2: <postgresql_port>:") and done.stderr.count("\n") == 1, done.stderr)
    done = subprocess.run([PROGRAM, "--prot", "1"], capture_output=True, text=True, timeout=30)
    expect(done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr)


@check("a port that is taken is refused with the address and the reason")
def _():
    done = subprocess.run([PROGRAM, "--listen", "127.0.0.1", "--port", str(server.port)], capture_output=True, text=True, timeout=30)
    expect(done.returncode == 1, f"exit status {done.returncode}")
    expect(f"Listen [127.0.0.1]:{server.port} failed" in done.stderr, done.stderr)


@check("SIGTERM tells the clients and ends the server with status 0")
def _():
    terminal = Terminal("psql", "-X", f"{ALICE} password=wonderland")
    terminal.wait_for("default=> ")
    expect(server.stop() == 0, "exit status")
    terminal.type("SELECT 1;")
    terminal.wait_for("terminating connection due to administrator command")
    terminal.end()


status = run()
sys.exit(status)
