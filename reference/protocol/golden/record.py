#!/usr/bin/env python3
"""Write the golden pairs: the bytes of every message, recorded where PostgreSQL or its own clients can be made to say
them, and beside them what they mean.

    record.py TARGET15 TARGET18

Each TARGET is the description that `ci/targets/postgresql start [--version N]` prints, in a file. Running it again
changes what differs from run to run: process ids, keys, salts. The meaning (.json) comes from meaning.py, which shares
nothing with the project's decoder.
"""
import json
import os
import re
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time

import meaning

HERE = os.path.dirname(os.path.abspath(__file__))


def write(sender, name, variant, frame, source):
    path = os.path.join(HERE, "-".join(filter(None, (sender, name, variant))))
    with open(path + ".bin", "wb") as file:
        file.write(frame)
    with open(path + ".json", "w") as file:
        json.dump({"source": source, "fields": meaning.of(sender, name, frame)}, file, indent=2, ensure_ascii=False)
        file.write("\n")


def tagged(tag, *parts):
    body = b"".join(parts)
    return tag.encode() + struct.pack(">i", len(body) + 4) + body


def untagged(*parts):
    body = b"".join(parts)
    return struct.pack(">i", len(body) + 4) + body


def i16(*values):
    return struct.pack(">%dh" % len(values), *values)


def i32(*values):
    return struct.pack(">%di" % len(values), *values)


def cstring(*values):
    return b"".join(value.encode() + b"\0" for value in values)


def value(data):
    return i32(-1) if data is None else i32(len(data)) + data


def startup(version, **parameters):
    return untagged(i32(version), *(cstring(k.replace("pq_", "_pq_."), v) for k, v in parameters.items()), b"\0")


def frames(stream):
    while stream:
        size = 1 + struct.unpack(">i", stream[1:5])[0]
        yield stream[:size]
        stream = stream[size:]


class Server:
    def __init__(self, path):
        with open(path) as file:
            description = json.load(file)
        found = re.match(r"postgresql://[^@]*@([^:/]+):(\d+)/(\w+)", description["uri"])
        self.host, self.port, self.database = found[1], int(found[2]), found[3]
        self.roles = description["roles"]
        session = self.session("trust")
        self.version = "PostgreSQL " + session.parameters["server_version"].split()[0]

    def connect(self):
        return Connection(socket.create_connection((self.host, self.port), 10))

    def session(self, role, version=0x30000, **more):
        connection = self.connect()
        connection.startup = startup(version, user=role, database=self.database, **more)
        connection.send(connection.startup)
        connection.greeting = connection.until("Z")
        connection.parameters = dict(
            part[5:-1].decode().split("\0") for part in connection.greeting if part[:1] == b"S")
        return connection


class Connection:
    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def send(self, *parts):
        self.sock.sendall(b"".join(parts))

    def exactly(self, count):
        while len(self.buffer) < count:
            arrived = self.sock.recv(65536)
            if not arrived:
                raise EOFError("the server closed")
            self.buffer += arrived
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def frame(self):
        head = self.exactly(5)
        return head + self.exactly(struct.unpack(">i", head[1:])[0] - 4)

    def until(self, tag):
        """The frames up to the first one of that tag, which is among them."""
        got = []
        while not got or got[-1][:1] != tag.encode():
            got.append(self.frame())
        return got

    def query(self, sql):
        self.send(tagged("Q", cstring(sql)))
        return self.until("Z")

    def cycle(self, *messages):
        self.send(*messages, tagged("S"))
        return self.until("Z")


def first(got, tag, nth=0):
    return [frame for frame in got if frame[:1] == tag.encode()][nth]


def relayed(server, command, password="", interrupt=None):
    """Run a client through a relay: for each connection it makes, what the client and what the server said."""
    listener = socket.create_server(("127.0.0.1", 0))
    environment = dict(os.environ, PGHOST="127.0.0.1", PGPORT=str(listener.getsockname()[1]), PGPASSWORD=password,
                       PGSSLMODE="disable", PGGSSENCMODE="disable", PGDATABASE=server.database, PGAPPNAME="",
                       PGCLIENTENCODING="UTF8", PGOPTIONS="")
    client = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    client.stdin.close()
    said, peer = [], {}
    while client.poll() is None or peer:
        ready = select.select([listener, *peer], [], [], 0.2)[0]
        for sock in ready:
            if sock is listener:
                near = listener.accept()[0]
                far = socket.create_connection((server.host, server.port))
                said.append({"F": b"", "B": b""})
                peer[near], peer[far] = (far, said[-1], "F"), (near, said[-1], "B")
                continue
            if sock not in peer:
                continue
            other, record, sender = peer[sock]
            try:
                arrived = sock.recv(65536)
            except ConnectionError:
                arrived = b""
            if not arrived:
                for each in (sock, other):
                    peer.pop(each)
                    each.close()
                continue
            record[sender] += arrived
            if interrupt and sender == "F" and interrupt in arrived:
                time.sleep(0.5)  # until the server really works on it
                client.send_signal(signal.SIGINT)
                interrupt = None
            try:
                other.sendall(arrived)
            except ConnectionError:
                pass
    listener.close()
    for record in said:  # the frontend's first packet has no type byte
        size = struct.unpack(">i", record["F"][:4])[0]
        record["F"] = [record["F"][:size], *frames(record["F"][size:])]
        record["B"] = list(frames(record["B"]))
    return said


def clients(server):
    """What PostgreSQL's own clients say, and what they are told while they log in."""
    version = subprocess.run(["psql", "--version"], capture_output=True, text=True).stdout.split()[2]
    by, told = "sent by psql %s (libpq)" % version, "recorded from " + server.version

    def psql(role, *commands, **options):
        known = server.roles.get(role, {"user": role, "password": ""})
        return relayed(server, ["psql", "-X", "-q", "-U", known["user"], *sum((["-c", c] for c in commands), [])],
                       known["password"], **options)

    scram = psql("scram", "SELECT 'grün', 1 AS \"Eins\"")[0]
    write("F", "StartupMessage", "3.0", scram["F"][0], by)
    write("B", "AuthenticationSASL", "", scram["B"][0], told)
    write("F", "SASLInitialResponse", "", scram["F"][1], by)
    write("B", "AuthenticationSASLContinue", "", scram["B"][1], told)
    write("F", "SASLResponse", "", scram["F"][2], by)
    write("B", "AuthenticationSASLFinal", "", scram["B"][2], told)
    write("B", "AuthenticationOk", "", scram["B"][3], told)
    write("F", "Query", "", scram["F"][3], by)
    write("F", "Terminate", "", scram["F"][4], by)
    cleartext = psql("cleartext", "SELECT 1")[0]
    write("B", "AuthenticationCleartextPassword", "", cleartext["B"][0], told)
    write("F", "PasswordMessage", "cleartext", cleartext["F"][1], by)
    md5 = psql("md5", "SELECT 1")[0]
    write("B", "AuthenticationMD5Password", "", md5["B"][0], told)
    write("F", "PasswordMessage", "md5", md5["F"][1], by)
    copy = psql("trust", "CREATE TEMP TABLE t(a int, b text)", "\\copy t from program 'printf \"1\\tx\\n2\\t\\\\\\\\N\\n\"'",
                "\\copy t to /dev/null")[0]
    write("F", "CopyData", "text", first(copy["F"], "d"), by)
    write("F", "CopyDone", "", first(copy["F"], "c"), by)
    write("B", "CopyInResponse", "text", first(copy["B"], "G"), told)
    write("B", "CopyOutResponse", "text", first(copy["B"], "H"), told)
    write("B", "CopyData", "text", first(copy["B"], "d"), told)
    write("B", "CopyDone", "", first(copy["B"], "c"), told)
    cancelled = psql("trust", "SELECT pg_sleep(20)", interrupt=b"pg_sleep")
    write("F", "CancelRequest", "4-byte-key", cancelled[1]["F"][0], by)
    write("B", "ErrorResponse", "cancelled", first(cancelled[0]["B"], "E"), told)
    replication = relayed(server, ["psql", "-X", "replication=true user=replicator", "-c", "START_REPLICATION 0/1000000"],
                          server.roles["replicator"]["password"])[0]
    write("B", "CopyBothResponse", "", first(replication["B"], "W"), told)

    script = os.path.join(HERE, ".pgbench.sql")
    with open(script, "w") as file:
        file.write("\\set a 7\n\\set b 35\nSELECT :a::int + :b::int;\n")
    pgbench = relayed(server, ["pgbench", "-n", "-t", "1", "-M", "prepared", "-f", script, "-U", "trust"])[-1]
    os.unlink(script)
    by = "sent by pgbench %s (libpq)" % version
    for name, tag in (("Parse", "P"), ("Bind", "B"), ("Describe", "D"), ("Execute", "E"), ("Sync", "S")):
        write("F", name, "libpq", first(pgbench["F"], tag), by)


def conversations(server):
    """What the server says to messages assembled here, and those messages, once it has taken them."""
    told, taken = "recorded from " + server.version, "assembled by record.py, taken by " + server.version

    plain = server.session("trust")
    write("B", "ParameterStatus", "", next(f for f in plain.greeting if b"server_version\0" in f), told)
    write("B", "BackendKeyData", "4-byte-key", first(plain.greeting, "K"), told)
    write("B", "ReadyForQuery", "idle", plain.greeting[-1], told)
    write("B", "ReadyForQuery", "transaction", plain.query("BEGIN")[-1], told)
    write("B", "ReadyForQuery", "failed", plain.query("nonsense")[-1], told)
    plain.query("ROLLBACK")
    write("B", "ErrorResponse", "position", first(plain.query("SELECT 1 +\n  'a'::texd"), "E"), told)
    write("B", "NoticeResponse", "", first(plain.query("DROP TABLE IF EXISTS nowhere"), "N"), told)
    plain.query("CREATE TEMP TABLE people(id int PRIMARY KEY, name varchar(20), height numeric(5,2))")
    write("B", "CommandComplete", "insert", first(plain.query("INSERT INTO people VALUES (1,'',NULL),(2,'Žofie',1.62)"), "C"),
          told)
    write("B", "ErrorResponse", "constraint", first(plain.query("INSERT INTO people VALUES (2,'x',0)"), "E"), told)
    rows = plain.query("SELECT *, ctid FROM people ORDER BY id")
    write("B", "RowDescription", "table", first(rows, "T"), told)
    write("B", "DataRow", "null-and-empty", first(rows, "D"), told)
    write("B", "DataRow", "text", first(rows, "D", 1), told)
    nothing = plain.query("SELECT FROM people")
    write("B", "RowDescription", "no-columns", first(nothing, "T"), told)
    write("B", "DataRow", "no-columns", first(nothing, "D"), told)
    write("B", "CommandComplete", "select", first(nothing, "C"), told)
    write("B", "EmptyQueryResponse", "", plain.query("")[0], told)
    write("F", "Query", "empty", tagged("Q", cstring("")), taken)
    plain.query("LISTEN ch")
    write("B", "NotificationResponse", "", first(plain.query("NOTIFY ch, 'hello'"), "A"), told)

    # The extended query protocol.
    parse = tagged("P", cstring("s", "SELECT $1::int4, $2::text, $3::bytea"), i16(2), i32(23, 0))
    binds = {
        "no-formats": tagged("B", cstring("", "s"), i16(0), i16(3), value(b"1"), value(None), value(b""), i16(0)),
        "one-format": tagged("B", cstring("p", "s"), i16(1, 1), i16(3), value(i32(7)), value(b"x"), value(b"\0\xff"),
                             i16(1, 1)),
        "a-format-each": tagged("B", cstring("p", "s"), i16(3, 0, 0, 1), i16(3), value(b"-1"), value("ü".encode()),
                                value(None), i16(3, 1, 0, 1)),
    }
    describe_s, describe_p = tagged("D", b"S", cstring("s")), tagged("D", b"P", cstring("p"))
    got = plain.cycle(parse, describe_s)
    write("F", "Parse", "two-types", parse, taken)
    write("B", "ParseComplete", "", got[0], told)
    write("F", "Describe", "statement", describe_s, taken)
    write("B", "ParameterDescription", "", got[1], told)
    write("B", "RowDescription", "expressions", got[2], told)
    for variant, bind in binds.items():
        portal = "p" if variant != "no-formats" else ""
        got = plain.cycle(bind, tagged("D", b"P", cstring(portal)), tagged("E", cstring(portal), i32(0)))
        assert [f[:1] for f in got] == [b"2", b"T", b"D", b"C", b"Z"], got
        write("F", "Bind", variant, bind, taken)
        write("B", "BindComplete", "", got[0], told)
        write("B", "DataRow", "extended-" + variant, got[2], told)
        if variant == "one-format":
            write("B", "RowDescription", "binary", got[1], told)
    write("F", "Describe", "portal", describe_p, taken)
    some = tagged("E", cstring(""), i32(1))
    none = tagged("P", cstring("", "SET DateStyle = 'ISO'"), i16(0))
    got = plain.cycle(tagged("P", cstring("", "VALUES (1),(2)"), i16(0)), tagged("B", cstring("", ""), i16(0, 0, 0)), some)
    write("F", "Execute", "one-row", some, taken)
    write("B", "PortalSuspended", "", first(got, "s"), told)
    got = plain.cycle(none, tagged("D", b"S", cstring("")))
    write("F", "Parse", "no-types", none, taken)
    write("B", "ParameterDescription", "none", got[1], told)
    write("B", "NoData", "", got[2], told)
    closes = {"statement": tagged("C", b"S", cstring("s")), "portal": tagged("C", b"P", cstring("nowhere"))}
    got = plain.cycle(*closes.values())
    assert [f[:1] for f in got] == [b"3", b"3", b"Z"], got
    for variant, close in closes.items():
        write("F", "Close", variant, close, taken)
    write("B", "CloseComplete", "", got[0], told)
    flush = tagged("H")
    plain.send(none, flush)
    assert plain.frame()[:1] == b"1"
    write("F", "Flush", "", flush, taken)
    write("F", "Sync", "", tagged("S"), taken)
    plain.cycle()

    # Function calls: abs(int4) is 1397, int4pl 177.
    for variant, call in (("text", tagged("F", i32(1397), i16(0), i16(1), value(b"-5"), i16(0))),
                          ("binary", tagged("F", i32(177), i16(1, 1), i16(2), value(i32(40)), value(i32(2)), i16(1))),
                          ("null", tagged("F", i32(1397), i16(1, 0), i16(1), value(None), i16(0)))):
        plain.send(call)
        answer = plain.until("Z")[0]
        assert answer[:1] == b"V", answer
        write("F", "FunctionCall", variant, call, taken)
        write("B", "FunctionCallResponse", variant, answer, told)

    # Copy, binary and refused.
    got = plain.query("COPY (SELECT 1::int4, NULL::text) TO STDOUT (FORMAT binary)")
    write("B", "CopyOutResponse", "binary", got[0], told)
    write("B", "CopyData", "binary", got[1], told)
    plain.send(tagged("Q", cstring("COPY people(id, name) FROM STDIN (FORMAT binary)")))
    write("B", "CopyInResponse", "binary", plain.frame(), told)
    fail = tagged("f", cstring("no more of this"))
    plain.send(fail)
    write("F", "CopyFail", "", fail, taken)
    plain.until("Z")
    plain.send(tagged("Q", cstring("COPY people(id) FROM STDIN")))
    plain.frame()
    empty = tagged("d")
    plain.send(empty, tagged("c"))
    plain.until("Z")
    write("F", "CopyData", "empty", empty, taken)

    # Requests in the place of a StartupMessage.
    requests = (("SSLRequest", "SSLResponse", 80877103, "S"), ("GSSENCRequest", "GSSENCResponse", 80877104, "G"))
    for name, response, code, positive in requests:
        connection = server.connect()
        connection.send(untagged(i32(code)))
        answer = connection.exactly(1)
        write("F", name, "", untagged(i32(code)), taken)
        write("B", response, "accepted" if answer == positive.encode() else "refused", answer, told)
        if name == "SSLRequest" and answer == b"S":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection.sock = context.wrap_socket(connection.sock)
            connection.send(startup(0x30000, user="scram"))
            write("B", "AuthenticationSASL", "channel-binding", connection.frame(), told)
    newer = server.session("trust", 0x30063, pq_future="1")
    write("B", "NegotiateProtocolVersion", "", first(newer.greeting, "v"), told)


def newer(server):
    """What only protocol 3.2 has: PostgreSQL 18."""
    told, taken = "recorded from " + server.version, "assembled by record.py, taken by " + server.version
    session = server.session("trust", 0x30002)
    write("F", "StartupMessage", "3.2", session.startup, taken)
    key = first(session.greeting, "K")
    write("B", "BackendKeyData", "32-byte-key", key, told)
    session.send(tagged("Q", cstring("SELECT pg_sleep(20)")))
    time.sleep(0.5)  # until the server really works on it
    cancel = untagged(i32(80877102), key[5:])
    server.connect().send(cancel)
    assert b"57014" in b"".join(session.until("Z"))
    write("F", "CancelRequest", "32-byte-key", cancel, taken)
    future = server.session("trust", 0x30063, pq_one="1", pq_two="2")
    write("F", "StartupMessage", "options", future.startup, taken)
    write("B", "NegotiateProtocolVersion", "two-options", first(future.greeting, "v"), told)
    connection = server.connect()
    connection.send(untagged(i32(80877104)))
    write("B", "GSSENCResponse", "refused", connection.exactly(1), told)


def by_hand():
    """What neither server can be made to say without Kerberos or Windows, and what no longer exists."""
    manual = "assembled by hand from the manual, protocol-message-formats"
    for name, code in (("KerberosV5", 2), ("SCMCredential", 6), ("GSS", 7), ("SSPI", 9)):
        write("B", "Authentication" + name, "", tagged("R", i32(code)), manual)
    token = bytes.fromhex("6082010006092a864886f712010202")
    write("B", "AuthenticationGSSContinue", "", tagged("R", i32(8), token), manual)
    write("F", "GSSResponse", "", tagged("p", token), manual)
    write("F", "SASLInitialResponse", "no-data", tagged("p", cstring("SCRAM-SHA-256"), i32(-1)), manual)
    write("B", "SSLResponse", "refused", b"N", "assembled by hand from the manual, protocol-flow-ssl")
    write("B", "NoticeResponse", "no-fields", tagged("N", b"\0"), manual)
    write("F", "StartupMessage", "no-parameters", untagged(i32(0x30000), b"\0"), manual)
    write("F", "StartupMessage", "doubled-key",
          untagged(i32(0x30000), cstring("user", "a", "user", "b"), b"\0"), manual)
    write("B", "AuthenticationSASL", "none", tagged("R", i32(10), b"\0"), manual)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    fifteen, eighteen = Server(sys.argv[1]), Server(sys.argv[2])
    clients(fifteen)
    conversations(fifteen)
    newer(eighteen)
    by_hand()
