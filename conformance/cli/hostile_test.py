#!/usr/bin/env python3
"""Servers that misbehave are caught, and end nobody's patience: hostile_test.py PGCONFORM"""
import json
import os
import select
import signal
import socket
import struct
import sys
import threading
import time
import xml.etree.ElementTree as xml

from tap import Program, expect, one_line, run, status

pgconform = Program(sys.argv[1])
CASES = """=== one-row
title: A row comes

F Query {"query":"SELECT 1"}
B RowDescription
B+ DataRow
B CommandComplete
B ReadyForQuery

=== closes
title: An impossible length ends the session

F raw {"hex":"5100000001"}
B close

=== error
title: An error comes
level: must

F Query {"query":"SELEKT"}
B ErrorResponse {"C":"42601"}
B ReadyForQuery
"""
FACET = 'B ErrorResponse {"C":"22000"}'


def message(kind, body=b""):
    return kind + struct.pack(">I", len(body) + 4) + body


def error(severity, code, text=b"no"):
    return message(b"E", b"".join([b"S", severity, b"\0V", severity, b"\0C", code, b"\0M", text, b"\0\0"]))


NOTICE = message(b"N", error(b"NOTICE", b"00000")[5:])
READY = message(b"Z", b"I")
COLUMNS = message(b"T", b"\0\1a\0" + struct.pack(">IHIHIH", 0, 0, 23, 4, 0xffffffff, 0))
ROW = message(b"D", b"\0\1\0\0\0\0011")
DONE = message(b"C", b"SELECT 1\0")


class Server:
    """One that logs everybody in and has an answer for each message type, and for some first packets; `flood` follows without end."""

    def __init__(self, login=message(b"R", b"\0\0\0\0") + READY, answers=None, after_query=b"", flood=b"", lives=None,
                 first=None, closes=False):
        self.connections = 0
        self.first, self.closes = first or {}, closes
        self.login, self.after_query, self.flood, self.lives = login, after_query, flood, lives
        self.answers = {"Q": COLUMNS + ROW + DONE + READY, "E": error(b"ERROR", b"42601") + READY, **(answers or {})}
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.uri = f"postgresql://me@127.0.0.1:{self.socket.getsockname()[1]}/me?sslmode=disable"
        self.accepted = threading.Event()
        self.heard = b""
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client = self.socket.accept()[0]
            self.accepted.set()
            self.connections += 1
            threading.Thread(target=self.talk, args=(client,), daemon=True).start()

    def talk(self, client):
        with client:
            try:
                self.answer(client)
            except OSError:
                pass

    def answer(self, client):
        if self.lives is not None:
            self.lives -= 1
            if self.lives < 0:
                return
        begin = client.recv(8192)
        for packet, answer in self.first.items():
            if begin.startswith(packet):
                client.sendall(answer)
                if self.closes:
                    return
                begin = client.recv(8192)
                if not begin:
                    return
        client.sendall(self.login)
        while self.flood and not self.after_query:
            client.sendall(self.flood * 100)
        while said := client.recv(8192):
            self.heard += said
            if said.startswith(b"X"):
                return
            if said.startswith(b"Q\0\0\0\1"):
                return client.sendall(self.answers.get("raw", b""))
            if b"SELEKT" in said:
                client.sendall(self.answers["E"])
                continue
            client.sendall(self.after_query or self.answers["Q"])
            while self.flood and not select.select([client], [], [], 0)[0]:
                client.sendall(self.flood * 100)

    def check(self, *arguments):
        return pgconform("check", self.uri, "--cases", cases, "--timeout", "0.3", "--gate", "postgresql", "--report",
                         "json=out.json,junit=out.xml", *arguments)


cases = os.path.dirname(pgconform.file("cases/all.case", CASES))


def told():
    with open(os.path.join(pgconform.directory.name, "out.json"), encoding="utf-8") as file:
        return json.load(file)


def right():
    """a server that is right passes"""
    result = Server().check()
    status(result, 0)
    expect("3 passed" in result.stdout, result.stdout)


def unfinished():
    """a message that breaks off before the server closes is no closing"""
    result = Server(answers={"raw": error(b"FATAL", b"08P01")[:7]}).check("--run", "all/closes")
    status(result, 1)
    expect("unfinished" in result.stdout, result.stdout)


def garbage_of_another_version():
    """what cannot be read is no other version's answer"""
    later = os.path.dirname(pgconform.file("later/all.case", CASES.replace("level: must", "since: 99")))
    for answer, expected in ((error(b"ERROR", b"22000") + READY, 2), (b"SSH-2.0\r\n", 1), (DONE[:9], 1)):
        server = Server(answers={"E": answer})
        status(pgconform("check", server.uri, "--cases", later, "--run", "all/error", "--gate", "postgresql",
                         "--timeout", "0.3"), expected)


def dead():
    """a server that serves nobody after it has closed a connection is down"""
    result = Server(lives=3).check("--run", "all/closes")
    status(result, 1)
    expect("target down" in result.stdout, result.stdout)


def table_in_doubt():
    """a table is dropped even where its making was not answered as it should be"""
    server = Server(answers={"Q": DONE[:4] + b"\x7f"})
    tables = os.path.dirname(pgconform.file("tables/all.case", """=== table
title: A table is there

F Query {"query":"TABLE ${table:a int}"}
B RowDescription
B ReadyForQuery
"""))
    status(pgconform("check", server.uri, "--cases", tables, "--timeout", "0.3"), 3)
    expect(b"CREATE TABLE" in server.heard and b"DROP TABLE" in server.heard, server.heard)


def endless_rows():
    """rows without end are no answer, and are not all kept"""
    result = Server(after_query=COLUMNS, flood=ROW).check("--run", "all/one-row")
    status(result, 1)
    case = told()["cases"][0]
    expect(case["failures"][0]["no_answer"], case["failures"])
    expect(len(json.dumps(case)) < 8 << 20, len(json.dumps(case)))


def endless_notices():
    """notices without end end the patience of a login, and of an answer"""
    begun = time.monotonic()
    status(Server(login=message(b"R", b"\0\0\0\0"), flood=NOTICE).check(), 3)
    status(Server(after_query=NOTICE, flood=NOTICE).check("--run", "all/one-row"), 1)
    expect(time.monotonic() - begun < 20, time.monotonic() - begun)


def facet():
    """a profile may say in which message a facet differs"""
    server = Server(answers={"E": error(b"ERROR", b"22000") + READY})
    for actual, expected in ((FACET, 0), ('B ErrorResponse {"C":"0A000"}', 1)):
        profile = pgconform.file("p.json", json.dumps({"format": 1, "name": "p", "expect": [
            {"cases": "all/error", "verdict": "fail", "actual": actual, "reason": "known"}]}))
        status(server.check("--run", "all/error", "--profile", profile), expected)


def any_text():
    """what a server says never makes a report that cannot be read"""
    text = b"\xef\xbf\xbf \xed\xa0\x80 \x1b \xc0\x80 \xf4\x90\x80\x80 ]]> &"
    status(Server(answers={"Q": error(b"ERROR", b"42601", text) + READY}).check("--run", "all/one-row"), 1)
    xml.parse(os.path.join(pgconform.directory.name, "out.xml"))
    expect(told()["cases"], told())


def one_case(name, text):
    return os.path.dirname(pgconform.file(name + "/all.case", text))


def refused_tls():
    """a login that ends with the answer to SSLRequest tells that answer"""
    tls = one_case("tls", """=== tls
title: It logs in over TLS

connect {"tls":"negotiated"}
F Query {"query":"SELECT 1"}
B RowDescription
""")
    for answer, actual in ((b"N", 'B SSLResponse {"answer":"N"}'), (b"X", 'B SSLResponse {"answer":"X"}'),
                           (error(b"FATAL", b"08P01"), "B ErrorResponse {"), (b"SX", 'B raw {"hex":"58"}')):
        server = Server(first={struct.pack(">II", 8, 80877103): answer})
        pgconform("check", server.uri, "--cases", tls, "--timeout", "0.3", "--report", "json=out.json")
        expect(told()["cases"][0].get("actual", "").startswith(actual), answer, told()["cases"][0])


def stuffed_before_login():
    """what comes behind an answer is seen also where nobody logs in"""
    asking = one_case("asking", """=== asking
title: One byte is the answer

connect raw
F SSLRequest
B SSLResponse {"answer":{"$in":["S","N"]}}
""")
    for answer, expected in ((b"N", 0), (b"S", 0), (b"NN", 1), (b"S" + READY, 1)):
        server = Server(first={struct.pack(">II", 8, 80877103): answer})
        status(pgconform("check", server.uri, "--cases", asking, "--timeout", "0.3", "--gate", "postgresql"), expected)


def stuffed_after_a_lie():
    """what nothing waits for is seen also where the client broke the rules"""
    lying = one_case("lying", """=== lying
title: A message that is not what it says is an error

F Bind {"parameters":[],"$count":{"parameters":2}}
B ErrorResponse {"C":"08P01"}
B ReadyForQuery
""")
    once = error(b"ERROR", b"08P01") + READY
    for answer, expected in ((once, 0), (once + READY, 1), (once + READY[:3], 1), (once + error(b"FATAL", b"08P01"), 0)):
        server = Server(answers={"Q": answer})
        status(pgconform("check", server.uri, "--cases", lying, "--timeout", "0.3", "--gate", "postgresql"), expected)


def raw_patterns():
    """bytes that are no message can be held against a pattern"""
    raw = one_case("raw", """=== raw
title: An error of long ago

connect raw
F raw {"hex":"0000000800020000"}
B raw {"hex":{"$re":"45.*00"}}
B close
""")
    for answer, expected in ((b"EFATAL:  old\n\0", 0), (b"EFATAL:  old\n\0\0", 1), (b"NFATAL:  old\n\0", 1)):
        server = Server(first={struct.pack(">II", 8, 0x20000): answer}, closes=True)
        status(pgconform("check", server.uri, "--cases", raw, "--timeout", "0.3", "--gate", "postgresql"), expected)


def either_connection():
    """alternatives that are about different connections: whichever comes"""
    cases = one_case("either", """=== either
title: One of them is answered

[b] connect {}
[c] F Query {"query":"SELECT 1"}
either
  other: [b] B ReadyForQuery
  this: [c] B RowDescription
        [c] B DataRow
        [c] B CommandComplete
        [c] B ReadyForQuery
end
""")
    server = Server()
    status(pgconform("check", server.uri, "--cases", cases, "--timeout", "0.5", "--gate", "postgresql"), 0)
    # One to see whether anybody is there, one for TLS, and the two of the case.
    expect(server.connections == 4, server.connections)


def not_implemented():
    """0A000 is a clean refusal, but not where the case waits for it itself"""
    lines = ('=== refused\ntitle: It is refused\nneeds: listen\n\n', 'F Query {"query":"SELEKT"}\n',
             'B ErrorResponse {"C":"0A000"}\nB ReadyForQuery\n', 'B RowDescription\n')
    refuses = one_case("refuses", lines[0] + lines[1] + lines[3])
    twice = one_case("twice", lines[0] + lines[1] + lines[2] + lines[1] + lines[3])
    for cases, verdict, expected in ((refuses, "unsupported", 0), (twice, "fail", 1)):
        server = Server(answers={"E": error(b"ERROR", b"0A000") + READY})
        status(pgconform("check", server.uri, "--cases", cases, "--timeout", "0.3", "--gate", "postgresql", "--report",
                         "json=out.json"), expected)
        expect(told()["cases"][0]["verdict"] == verdict, told()["cases"][0])


def table_refused():
    """a table that is refused with 0A000 makes its case unsupported; another refusal breaks it, at its own level"""
    level = "level: must\n"
    for code, needs, gate, verdict, expected in ((b"0A000", "needs: ddl\n", "postgresql", "unsupported", 0),
                                                 (b"42601", "needs: ddl\n", "must", "broken", 0),
                                                 (b"42601", "needs: ddl\n" + level, "must", "broken", 1),
                                                 (b"0A000", "", "postgresql", "broken", 1)):
        server = Server(answers={"Q": error(b"ERROR", code) + READY})
        tables = one_case("refused-table", f"""=== table
title: Its table cannot be made
{needs}
F Query {{"query":"TABLE ${{table:a int}}"}}
B RowDescription

=== empty
title: It fails as is meant here

F Query {{"query":""}}
B ErrorResponse
B ReadyForQuery
""")
        status(pgconform("check", server.uri, "--cases", tables, "--timeout", "0.3", "--gate", gate, "--report",
                         "json=out.json"), expected)
        case = told()["cases"][0]
        expect(case["verdict"] == verdict, code, needs, told()["cases"])


def another_protocol():
    """who does not speak PostgreSQL is told so at once; who speaks it badly is judged by the cases"""
    http = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    for login, words in ((http, '"HTTP/1.1 400 Bad Request"'), (b"R\x7f\xff\xff\xff", '"R\\x7f\\xff\\xff\\xff"'),
                         (b"SSH-2.0-x\r\n", '"SSH-2.0-x"'), (b"J\0\0\0\x0a8.0.30", '"J\\x00\\x00\\x00\\x0a8.0.30"'),
                         (message(b"R", b"\0\0\0\x63"), None), (message(b"v", b"\0"), None),
                         (READY + http, None), (message(b"R", b"\0\0\0\0") + http, None), (b"Eold\n\0", None)):
        result = Server(login=login).check()
        if words:
            one_line(result, 3, "cannot use postgresql://", "does not speak PostgreSQL: it answered " + words)
        else:
            status(result, 1)
    server = Server(first={struct.pack(">II", 8, 80877103): http})
    one_line(pgconform("check", server.uri.replace("disable", "require"), "--cases", cases, "--timeout", "0.3"), 3,
             'it answered "HTTP/1.1 400 Bad Request"')


def interrupted_at_once():
    """Ctrl-C ends a login that nobody answers, with the report written"""
    server = Server(login=b"")
    child = pgconform.start("check", server.uri, "--cases", cases, "--timeout", "50", "--report", "json=out.json")
    try:
        expect(server.accepted.wait(20), "nobody came")
        child.send_signal(signal.SIGINT)
        output, trouble = child.communicate(timeout=20)
    finally:
        child.kill()
    expect(child.returncode == 130, child.returncode, output, trouble)
    expect(told()["interrupted"], told())


def interrupted_twice():
    """a second Ctrl-C ends at once, whatever the cases wait for"""
    server = Server(after_query=message(b"Z", b"I")[:3])
    slow = os.path.dirname(pgconform.file("slow/all.case", """=== table
title: Its table cannot be made

F Query {"query":"INSERT INTO ${table:a int} VALUES (1)"}
B CommandComplete
"""))
    child = pgconform.start("check", server.uri, "--cases", slow, "--timeout", "50", "--report", "json=out.json")
    try:
        expect(server.accepted.wait(20), "nobody came")
        while child.poll() is None:
            child.send_signal(signal.SIGINT)
            select.select([], [], [], 0.2)
        output, trouble = child.communicate(timeout=20)
    finally:
        child.kill()
    expect(child.returncode == 130, child.returncode, output, trouble)


run(right, unfinished, garbage_of_another_version, dead, table_in_doubt, endless_rows, endless_notices,
    facet, any_text, refused_tls, stuffed_before_login, stuffed_after_a_lie, raw_patterns, either_connection, not_implemented, table_refused, another_protocol,
    interrupted_at_once, interrupted_twice)
