#!/usr/bin/env python3
"""pgreference under many clients and under slow ones: what it takes and whether it gives it back. TAP, figures as comments.

usage: load_test.py PGREFERENCE

Memory is the Pss that the system accounts to the process. Each side of the largest crowd holds 10,000 descriptors.
"""

import os
import resource
import select
import socket
import struct
import sys
import tempfile
import time

import wire
from support import DEADLINE, Server, check, expect, run, sample_copy

MIB = 1 << 20
CROWD, IN_TRANSACTION, MOST_FOR_CROWD = 2_000, 1_000, 200 * MIB
HALF_OPEN = 10_000
LEVEL = 16 * MIB  # what may stay behind: the allocator's, not a client's
MOST_TO_STOP = 1.0  # seconds

work = tempfile.TemporaryDirectory(prefix="pgconform-load-")
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
config = sample_copy(work.name)
with open(os.path.join(config, "config.d", "many.xml"), "w") as overlay:
    overlay.write("<clickhouse><max_connections>20000</max_connections></clickhouse>")
server = Server(sys.argv[1], "-C", os.path.join(config, "config.xml"), "--listen", "127.0.0.1", "--no-password-user", "guest",
                "--quiet")


def memory():
    with open(f"/proc/{server.process.pid}/smaps_rollup") as rollup:
        return next(int(line.split()[1]) << 10 for line in rollup if line.startswith("Pss:"))


def descriptors():
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def told(what, amount=None):
    print(f"# {what}" + ("" if amount is None else f": {amount / MIB:.1f} MiB"), flush=True)


def guest():
    return wire.login(server.port, "guest")


def is_served(client, times=100):
    """The longest of some answers, in seconds."""
    longest = 0
    for _ in range(times):
        begun = time.monotonic()
        tags = b"".join(tag for tag, _ in client.ask(wire.query("SELECT 1")))
        expect(tags == b"TDCZ", f"another client was answered {tags}")
        longest = max(longest, time.monotonic() - begun)
    told(f"another client is answered within {longest * 1000:.1f} ms")


def wait_until(holds, what):
    until = time.monotonic() + DEADLINE
    while not holds():
        expect(time.monotonic() < until, what())
        select.select([], [], [], 0.01)


def comes_back(memory_before, descriptors_before):
    wait_until(lambda: descriptors() <= descriptors_before,
               lambda: f"{descriptors()} descriptors stay open, before there were {descriptors_before}")
    wait_until(lambda: memory() <= memory_before + LEVEL,
               lambda: f"{memory() / MIB:.1f} MiB are kept, before it was {memory_before / MIB:.1f}")
    told("and afterwards it holds", memory())


other = guest()
other.ask(wire.query("CREATE TABLE t(a text)"))
idle = memory(), descriptors()
told("idle it holds", idle[0])


@check(f"holds {CROWD} connections, {IN_TRANSACTION} of them in a transaction, in {MOST_FOR_CROWD // MIB} MiB")
def crowd():
    clients = [guest() for _ in range(CROWD)]
    for client in clients[:IN_TRANSACTION]:
        client.ask(wire.query("BEGIN"), wire.query("SELECT 1"))
        client.until()
    held = memory()
    told("with them it holds", held)
    is_served(other)
    expect(held < MOST_FOR_CROWD, f"{held / MIB:.1f} MiB")
    for client in clients:
        client.close()
    comes_back(*idle)


@check("serves others while a client sends a byte at a time")
def trickle():
    slow = wire.Client(server.port)
    for byte in wire.startup("guest") + wire.query("SELECT 'slow'"):
        slow.send(bytes([byte]))
        expect(other.ask(wire.query("SELECT 1"))[-1][0] == b"Z", "another client was not answered")
    tags = b"".join(tag for tag, _ in slow.until(count=2))
    expect(tags.endswith(b"ZTDCZ"), f"the slow client was answered {tags}")
    slow.close()


@check("holds no more than a little of a result that nobody reads")
def unread():
    deaf = guest()
    deaf.send(wire.query("SELECT repeat('x', 1000) FROM generate_series(1, 10000000)"))
    select.select([deaf.socket], [], [], DEADLINE)  # the result has begun
    is_served(other)
    held = memory()
    told("with a client that does not read it holds", held)
    expect(held < idle[0] + LEVEL, f"{held / MIB:.1f} MiB, before it was {idle[0] / MIB:.1f}")
    deaf.close()
    comes_back(*idle)


@check("forgets clients that vanish in the middle of COPY")
def vanished():
    for _ in range(100):
        client = guest()
        client.send(wire.query("COPY t FROM STDIN"))
        client.until(b"G")
        client.send(wire.copy_data(b"a row\n" * 1000), wire.copy_data(b"half a r"))
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close() resets
        client.close()
    is_served(other)
    comes_back(*idle)
    rows = next(body for tag, body in other.ask(wire.query("SELECT count(*) FROM t")) if tag == b"D")
    expect(rows.endswith(b"0"), f"rows of COPYs that did not end are there: {rows}")


@check(f"serves others beside {HALF_OPEN} logins that stay half open, and again")
def half_open():
    opening = wire.startup("guest")[:-1]

    def come_and_go():
        crowd = [wire.Client(server.port, opening) for _ in range(HALF_OPEN)]
        told("with them it holds", memory())
        is_served(other)
        guest().close()
        for client in crowd:
            client.close()

    come_and_go()
    wait_until(lambda: descriptors() <= idle[1], lambda: f"{descriptors()} descriptors stay open, before there were {idle[1]}")
    # Pages of which something small is in use stay; a second crowd finds them.
    after_the_first = memory()
    told("and afterwards it holds", after_the_first)
    come_and_go()
    comes_back(after_the_first, idle[1])


@check(f"ends within {MOST_TO_STOP:g} s of SIGTERM beside clients that say nothing, take nothing, or have not begun")
def stops():
    silent = [guest() for _ in range(100)] + [wire.Client(server.port) for _ in range(100)]
    deaf = guest()
    deaf.send(wire.query("SELECT repeat('x', 1000) FROM generate_series(1, 10000000)"))
    select.select([deaf.socket], [], [], DEADLINE)
    begun = time.monotonic()
    status = server.stop()
    taken = time.monotonic() - begun
    told(f"it ends after {taken:.2f} s")
    expect(status == 0, f"ended with {status}")
    expect(taken < MOST_TO_STOP, f"took {taken:.2f} s")
    del silent


sys.exit(run())
