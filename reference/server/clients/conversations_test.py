#!/usr/bin/env python3
"""The conversations of conversations.py on pgreference and on a live PostgreSQL: both must answer the same. TAP.

usage: conversations_test.py PGREFERENCE TARGETS_POSTGRESQL [VERSION [NAME]]

VERSION is PostgreSQL's, default 15; what only later versions answer so is then not compared. NAME picks by a part.
"""

import json
import re
import select
import struct
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlsplit

from conversations import CONVERSATIONS
from support import Server, check, expect, run
from wire import cancel, fields, key, login, query

PROGRAM, TARGETS = sys.argv[1:3]
VERSION = int(sys.argv[3]) if len(sys.argv) > 3 else 15
PICKED = sys.argv[4] if len(sys.argv) > 4 else ""
USER = "trust"  # a role of ci/targets/postgresql that is asked for no password


class Reference:
    database = "default"

    def __init__(self):
        self.server = Server(PROGRAM, "--listen", "127.0.0.1", "--no-password-user", USER)
        self.port = self.server.port


class PostgreSQL:
    def __init__(self):
        self.state = tempfile.TemporaryDirectory(prefix="pgconform-conversations-")
        told = subprocess.run([TARGETS, "start", "--version", str(VERSION), "--state", self.state.name], check=True, capture_output=True, text=True)
        uri = urlsplit(json.loads(told.stdout)["uri"])
        self.port, self.database = uri.port, uri.path[1:]

    def stop(self):
        subprocess.run([TARGETS, "stop", "--state", self.state.name], check=False)


def count(flight):
    """How many ReadyForQuery a flight brings where nothing goes wrong with its frames."""
    found, place = 0, 0
    while place + 5 <= len(flight):
        found += flight[place:place + 1] in b"QSF"
        place += 1 + struct.unpack("!I", flight[place + 1:place + 5])[0]
    return found


def told(client, sent, wanted):
    """The answers to a flight: up to ReadyForQuery messages, to a message of some type, or to the end."""
    client.send(sent)
    if wanted is None:
        return client.until(b"") + [(b"end", b"")]
    if isinstance(wanted, bytes):
        return client.until(wanted)
    return client.until(b"Z", wanted)


def normal(messages, pids):
    """What must be the same: all but places in the server's source and numbers that are the server's own."""
    seen = []
    for tag, body in messages:
        if tag in (b"E", b"N"):
            body = {code: value for code, value in fields(body).items() if code not in "FLR"}
            if "W" in body:
                body["W"] = re.sub(r"COPY t, line \d+(: \".*\")?$", "COPY t, line", body["W"])  # may be behind by a read buffer
            if "s" in body:
                body["s"] = body["s"].rstrip("0123456789")
        elif tag == b"T":
            body = [(name, table > 0, *rest) for name, table, *rest in columns(body)]
        elif tag == b"A":
            body = (pids.index(struct.unpack("!i", body[:4])[0]), body[4:])
        elif tag == b"S" and body.split(b"\0")[0] in (b"search_path", b"scram_iterations"):
            continue
        seen.append((tag.decode(), body))
    return seen


def columns(body):
    place = 2
    for _ in range(struct.unpack("!H", body[:2])[0]):
        end = body.index(b"\0", place)
        yield (body[place:end].decode(), *struct.unpack_from("!ihihih", body, end + 1))
        place = end + 19


def busy(client):
    """Wait until what a client has sent runs. There is nothing to be seen of it, so both servers get the same time."""
    select.select([client.socket], [], [], 0.1)


def play(server, flights):
    clients = {}

    def client(name):
        if name not in clients:
            clients[name] = login(server.port, USER, server.database)
            clients[name].socket.settimeout(5)
        return clients[name]

    client(0)
    answers = []
    for flight in flights:
        try:
            if flight[0] == "cancel":
                busy(client(flight[1]))
                answers.append(cancel(server.port, *key(client(flight[1]))))
            elif flight[0] == "terminate":
                busy(client(flight[1]))
                client("other").ask(query(f"SELECT pg_terminate_backend({key(client(flight[1]))[0]})"))
                answers.append(None)
            else:
                name, sent, wanted = flight if isinstance(flight, tuple) else (0, flight, count(flight))
                pids = [key(each)[0] for each in clients.values()]
                answers.append(normal(told(client(name), sent, wanted), pids))
        except TimeoutError:
            answers.append("silence")
    for each in clients.values():
        each.close()
    return answers


reference, postgresql = Reference(), PostgreSQL()


def same(flights):
    def compare():
        ours, theirs = play(reference, flights), play(postgresql, flights)
        differences = [f"flight {number}: {flights[number]!r:.300}\n  here       {a!r}\n  PostgreSQL {b!r}" for number, (a, b) in enumerate(zip(ours, theirs)) if a != b]
        expect(not differences, "\n".join(differences)[:3000])
    return compare


for rows, name, flights, *since in CONVERSATIONS:
    if PICKED in f"{rows} {name}" and (not since or since[0] <= VERSION):
        check(f"{rows}: {name}")(same(flights))
try:
    status = run()
finally:
    reference.server.stop()
    postgresql.stop()
sys.exit(status)
