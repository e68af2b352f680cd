#!/usr/bin/env python3
"""pgreference against clients that mean no good: they break off, do not read, stay for ever, or are too many. TAP.

usage: hostile_test.py PGREFERENCE
"""

import os
import random
import socket
import struct
import sys
import tempfile
import threading

import wire
from support import DEADLINE, Server, check, expect, expect_in, run, sample_copy
from wire import frame, query

PROGRAM = sys.argv[1]
work = tempfile.TemporaryDirectory(prefix="pgconform-hostile-")


STARTUP = wire.startup("guest")
SSL_REQUEST = frame(b"", struct.pack("!I", 80877103))
PIPELINE = (frame(b"P", b"\0SELECT 1\0\0\0") + frame(b"B", b"\0\0" + bytes(6)) + frame(b"D", b"P\0") + frame(b"E", b"\0" + bytes(4)) + frame(b"S"))


class Client(wire.Client):
    reset_is_end = False

    def __init__(self, server, login=True):
        super().__init__(server.port, STARTUP if login else b"", DEADLINE)
        if login:
            self.answer()

    def answer(self):
        """All messages up to ReadyForQuery or the end."""
        return self.until()

    def ask(self, sql):
        self.socket.sendall(query(sql))
        return self.answer()


def start(*arguments):
    return Server(PROGRAM, "--listen", "127.0.0.1", "--no-password-user", "guest", *arguments)


def is_served(server):
    tags = b"".join(tag for tag, _ in Client(server).ask("SELECT 1"))
    expect(tags == b"TDCZ", f"the next client was answered {tags}")


def memory(server):
    with open(f"/proc/{server.process.pid}/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmRSS"))


@check("stops although clients send, sleep, do not read, or have not begun")
def stops():
    for _ in range(3):
        server = start()
        reader = Client(server)
        reader.ask("CREATE TABLE t(a text)")
        for _ in range(5):
            reader.ask("INSERT INTO t VALUES (repeat('x', 1000000))")
        silent = Client(server)
        silent.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        silent.socket.sendall(query("SELECT a FROM t;" * 20))
        sleeping = Client(server)
        sleeping.socket.sendall(query("SELECT pg_sleep(1e300)"))
        nobodies = [Client(server, login=False) for _ in range(3)]
        idle = Client(server)

        def send(client):
            try:
                while True:
                    client.socket.sendall(PIPELINE)
                    if not client.answer():
                        return
            except OSError:
                pass

        busy = [threading.Thread(target=send, args=[Client(server)]) for _ in range(8)]
        for thread in busy:
            thread.start()
        status = server.stop()
        expect(status == 0, f"ended with {status}\n{server.log()}")
        for thread in busy:
            thread.join()
        expect_in("C57P01", str(idle.answer()))
        expect(nobodies[0].socket.recv(100) == b"", "who has not logged in is told nothing")
        del reader, sleeping


@check("refuses more logins than max_connections and still takes cancel requests")
def full():
    config = sample_copy(work.name)
    with open(os.path.join(config, "config.d", "few.xml"), "w") as overlay:
        overlay.write("<clickhouse><max_connections>2</max_connections></clickhouse>")
    server = Server(PROGRAM, "-C", os.path.join(config, "config.xml"), "--listen", "127.0.0.1", "--no-password-user", "guest")
    first = Client(server, login=False)
    first.socket.sendall(STARTUP)
    key = next(body for tag, body in first.answer() if tag == b"K")
    second = Client(server)
    third = Client(server, login=False)
    third.socket.sendall(STARTUP)
    expect_in("C53300", str(third.answer()))
    first.socket.sendall(query("SELECT pg_sleep(1000)"))
    cancels = Client(server, login=False)
    cancels.socket.sendall(frame(b"", struct.pack("!I", 80877102) + key))
    expect_in("C57014", str(first.answer()))
    second.socket.close()
    third.socket.close()
    cancels.socket.close()
    first.ask("SELECT 1")
    server.stop()


@check("does not follow statements that execute themselves")
def circular():
    server = start()
    client = Client(server)
    for name, other in ((b"me", b"me"), (b"here", b"there"), (b"there", b"here")):
        client.socket.sendall(frame(b"P", name + b"\0EXECUTE " + other + b"\0\0\0") + frame(b"S"))
        client.answer()
    for name in ("me", "here"):
        expect_in("C54001", str(client.ask("EXECUTE " + name)))
    is_served(server)
    server.stop()


@check("does not wait for a field that is too long for COPY")
def long_field():
    server = start()
    client = Client(server)
    client.ask("CREATE TABLE t(a text)")
    client.socket.sendall(query("COPY t FROM STDIN BINARY"))
    row = struct.pack("!hi", 1, 0x7FFFFFFF)
    client.socket.sendall(frame(b"d", b"PGCOPY\n\xff\r\n\0" + bytes(8) + row))
    expect_in("C54000", str(client.answer()))
    server.stop()


@check("gives back what a long message took")
def long_message():
    server = start()
    client = Client(server)
    client.ask("SELECT 1")
    before = memory(server)
    size = 64 << 20
    client.socket.sendall(b"d" + struct.pack("!I", size + 4))
    for _ in range(size >> 20):
        client.socket.sendall(bytes(1 << 20))
    client.ask("SELECT 1")
    client.ask("SELECT 1")  # when this one is read, the server is done with the one before
    expect(memory(server) < before + (size >> 1), f"grew from {before} to {memory(server)} bytes")
    server.stop()


@check("serves the next client after conversations cut short and bytes changed at random")
def random_bytes():
    server = start()
    conversation = SSL_REQUEST + STARTUP + query("SELECT 1") + PIPELINE * 3 + query("BEGIN; SELECT 1/0") + frame(b"X")
    source = random.Random(1)
    for _ in range(300):
        bytes_ = bytearray(conversation[8 * source.randrange(2):source.randrange(8, len(conversation))])
        for _ in range(source.randrange(4)):
            bytes_[source.randrange(len(bytes_))] = source.randrange(256)
        client = Client(server, login=False)
        client.socket.settimeout(0.01)
        try:
            client.socket.sendall(bytes_)
            client.socket.recv(source.randrange(1, 200))
        except OSError:
            pass
        if source.randrange(2):
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.socket.close()
    is_served(server)
    expect(server.stop() == 0, server.log())


sys.exit(run())
