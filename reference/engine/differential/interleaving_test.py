#!/usr/bin/env python3
"""Sessions that get in each other's way, on pgreference and on PostgreSQL: the same random schedule of statements, whose
answers and waits have to be the same. TAP.

usage: interleaving_test.py PGREFERENCE TARGETS_POSTGRESQL [--seed N] [--schedules N]

A schedule is two or three sessions that write, lock and undo in two small tables with unique and foreign keys. A session
that waits is passed over until its answer has come. Each schedule is made of its own seed, which is named where the two
differ: --seed N --schedules 1 runs just that one again. Who ends a deadlock depends on the time, so after a statement
that has to wait the others wait until it has looked for one.
"""
import argparse
import json
import os
import random
import re
import subprocess
import tempfile
import time
from urllib.parse import urlsplit

from connection import Connection, fields, values

USER, DATABASE = "trust", "default"
LOOKS_FOR_DEADLOCK = 0.03  # deadlock_timeout, in seconds
COMPARED_FIELDS = "VCMstcdn"


class Server:
    """One of the two: its sessions, and who of them is waiting."""

    def __init__(self, address, monitor):
        self.address, self.monitor = address, monitor
        self.sessions, self.pending = {}, set()

    def session(self, name):
        if name not in self.sessions:
            self.sessions[name] = Connection(self.address, USER, DATABASE)
            pid = self.sessions[name].query("select pg_backend_pid()")
            self.sessions[name].pid = int(next(values(dict(pid)[b"D"])))
            self.prepare(self.sessions[name])
        return self.sessions[name]

    def close(self):
        """What is left of two that went different ways is of no use; who waits does not see that nobody is there."""
        for session in self.sessions.values():
            self.monitor.query(f"select pg_terminate_backend({session.pid})")
            session.close()
        self.monitor.close()

    def send(self, name, sql):
        self.session(name).send((b"Q", sql.encode() + b"\0"))
        self.pending.add(name)

    def settle(self):
        """Whose answers have come, once everybody else waits for a lock."""
        answers, until = {}, time.monotonic() + 30
        while True:
            for name in sorted(self.pending):
                if self.sessions[name].finished(0):
                    self.pending.remove(name)
                    answers[name] = seen(self.sessions[name].messages)
            if self.all_wait():
                return answers
            if time.monotonic() > until:
                raise SystemExit(f"neither an answer nor a lock that {self.pending} wait for")


class PostgreSQL(Server):
    def prepare(self, session):
        # Rows come, and are locked, in the order in which they were written.
        session.query("set enable_indexscan = off; set enable_indexonlyscan = off")

    def all_wait(self):
        if not self.pending:
            return True
        told = self.monitor.query("select pid from pg_locks where not granted")
        waiting = {int(next(values(body))) for tag, body in told if tag == b"D"}
        return all(self.sessions[name].pid in waiting for name in self.pending)


class Pgreference(Server):
    def prepare(self, session):
        pass

    def settle(self):
        # It does one thing after the other: what it could do is done when it has answered somebody else a few times.
        for _ in range(4):
            self.monitor.query("select 1")
        return super().settle()

    def all_wait(self):
        return True


def seen(messages):
    told, rows = [], []
    for tag, body in messages:
        if tag == b"D":
            rows.append([value and value.decode() for value in values(body)])
        elif tag in b"EN":
            told.append((tag.decode(), {k: v for k, v in fields(body).items() if k in COMPARED_FIELDS}))
        elif tag in b"CZ":
            told.append((tag.decode(), body.rstrip(b"\0").decode()))
    return rows, told


class Schedule:
    """What is to be done: the tables, and statements of sessions."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        r = self.random
        action = lambda: r.choice(["", "", " on delete cascade", " on delete set null", " on delete restrict",
                                   " on update cascade", " on update cascade on delete cascade", " on update set null",
                                   " on delete set default"])
        deferrable = r.choice(["", "", "", " deferrable initially deferred", " deferrable"])
        key = r.choice(["primary key", "primary key", "primary key", "unique"])
        other_key = r.choice(["", " unique", " unique", " unique deferrable initially deferred"])
        # What is deferred can be waited for in COMMIT only.
        self.always_in_block = "deferred" in deferrable + other_key
        self.tables = [f"create table p (id int {key}, u int{other_key}, v int default 0)",
                       f"create table c (id int primary key, p int default 1 references p (id){action()}{deferrable}, "
                       f"v int default 0{r.choice(['', '', ' check (v < 4)'])})",
                       "insert into p select i, i, 0 from generate_series(1, 3) i",
                       "insert into c select i, i, 0 from generate_series(1, 2) i"]
        self.names = ["a", "b"] + r.choice([[], ["c"]])
        self.savepoints = r.random() < 0.5
        self.open = set()  # sessions in a transaction
        self.steps = [(name := r.choice(self.names), self.statement(name)) for _ in range(r.randrange(8, 28))]

    def key(self):
        return self.random.randrange(1, 5)

    def where(self, alias=""):
        r = self.random
        return r.choice([f"{alias}id = {self.key()}"] * 4 + [f"{alias}id in ({self.key()}, {self.key()})",
                        f"{alias}id > {self.key()}", f"{alias}v = {r.randrange(3)}", "true"])

    def returning(self):
        return self.random.choice(["", "", " returning *"])

    def insert(self):
        r = self.random
        table = r.choice("ppc")
        row = lambda: f"({self.key()}, {r.choice([self.key(), self.key(), 'null'])}, {r.randrange(5)})"
        rows = ", ".join(row() for _ in range(r.choice([1, 1, 2])))
        conflict = r.choice(["", "", "", " on conflict do nothing", " on conflict (id) do nothing",
                             f" on conflict (id) do update set v = {table}.v + 1",
                             f" on conflict (id) do update set v = excluded.v where {table}.v < 2"])
        return f"insert into {table} values {rows}{conflict}{self.returning()}"

    def update(self):
        r = self.random
        change = r.choice(["p set v = v + 1"] * 3 + [f"p set u = {self.key()}", "p set id = id",
                          f"p set id = {self.key()}", "p set id = id + 10", "p set id = id, v = v + 1", "c set v = v + 1",
                          f"c set p = {self.key()}", f"c set id = {self.key()}", "c set p = p, v = v + 1"])
        if r.random() < 0.1:
            return f"update p set v = p.v + 1 from c where c.p = p.id and {self.where('c.')}"
        return f"update {change} where {self.where()}{self.returning()}"

    def delete(self):
        if self.random.random() < 0.1:
            return f"delete from c using p where c.p = p.id and {self.where('p.')}"
        return f"delete from {self.random.choice('pc')} where {self.where()}{self.returning()}"

    def merge(self):
        r = self.random
        what = lambda *actions: r.choice(actions)
        return (f"merge into p using (values ({self.key()}, {r.choice([self.key(), 'null::int'])})) s (id, u) on p.id = s.id "
                f"when matched then {what('update set v = p.v + 1', 'update set u = s.u', 'delete', 'do nothing')} "
                f"when not matched then {what('insert values (s.id, s.u, 0)', 'insert values (s.id, null, 1)', 'do nothing')}")

    def select(self):
        r = self.random
        strength = r.choice(["update", "no key update", "share", "key share"])
        lock = strength + r.choice([""] * 4 + [" of p", " of c", " nowait", " skip locked"])
        single = lock.replace(" of p", "").replace(" of c", "")
        return r.choice([f"select * from {r.choice('pc')} order by 1, 2, 3",
                         f"select * from {r.choice('pc')} where {self.where()} for {single}",
                         f"select * from p join c on c.p = p.id where {self.where('c.')} for {lock}",
                         f"select * from p join c on c.p = p.id where {self.where('p.')} for {lock}"])

    def begin(self):
        return self.random.choice(["begin"] * 3 + ["begin isolation level repeatable read"])

    def within(self):
        r = self.random
        if self.savepoints and r.random() < 0.5:
            return r.choice(["savepoint s", "savepoint s", "rollback to s", "rollback to s", "release s"])
        return r.choice(["commit"] * 4 + ["rollback"] * 2 + ["set constraints all immediate", "set constraints all deferred"])

    def statement(self, name):
        r = self.random
        if name not in self.open and (self.always_in_block or r.random() < 0.7):
            self.open.add(name)
            return self.begin()
        rows = [self.merge] + [self.insert] * 3 + [self.update] * 4 + [self.delete] * 2 + [self.select] * 3
        made = r.choice(rows + [self.within] * (3 if name in self.open else 0))()
        if made in ("commit", "rollback"):
            self.open.remove(name)
        return made


def told(answers):
    return "; ".join(f"{name}: {rows} {rest}" if rows else f"{name}: {rest}" for name, (rows, rest) in answers.items())


class Run:
    """A schedule on both servers."""

    def __init__(self, servers, schedule):
        self.servers, self.schedule, self.log = servers, schedule, []

    def both(self, name, sql):
        """Whether the two still agree."""
        ours, theirs = self.servers
        had_to_wait = set(theirs.pending)
        for server in self.servers:
            server.send(name, sql)
        answers = [server.settle() for server in self.servers]
        # Whoever has begun to wait looks once whether it is in a circle; that goes on until nobody begins any more.
        while any(server.pending for server in self.servers) and any(
                server.pending - had_to_wait or given for server, given in zip(self.servers, answers)):
            time.sleep(LOOKS_FOR_DEADLOCK * 3)
            more = [server.settle() for server in self.servers]
            answers = [{**first, **then} for first, then in zip(answers, more)]
            if not any(more):
                break
        self.log.append(f"{name}> {sql}")
        found = [(sorted(server.pending), sort(given)) for server, given in zip(self.servers, answers)]
        if found[0] == found[1]:
            self.log += [f"   {told(answers[1])}{' waiting: ' + ' '.join(theirs.pending) if theirs.pending else ''}"]
            return True
        for who, (pending, given) in zip(("pgreference", "PostgreSQL "), found):
            self.log.append(f"   {who} {told(given)}{' waiting: ' + ' '.join(pending) if pending else ''}")
        return False

    def run(self):
        ours, theirs = self.servers
        for sql in ["drop table if exists c, p", *self.schedule.tables]:
            for server in self.servers:
                server.monitor.query(sql)
        self.log += self.schedule.tables
        for name, sql in self.schedule.steps:
            if name not in theirs.pending and not self.both(name, sql):
                return False
        # Who does not wait ends its transaction; once nobody waits any more, so do those who did.
        for _ in range(2):
            while True:
                for name in self.schedule.names:
                    if name not in theirs.pending and not self.both(name, "commit"):
                        return False
                if not theirs.pending:
                    break
        return self.both("a", "select * from p order by 1, 2, 3") and self.both("a", "select * from c order by 1, 2, 3")

    def refused(self):
        return any("'C': '0A000'" in line for line in self.log)


def sort(answers):
    """Rows of one answer have no order of their own."""
    return {name: (sorted(rows, key=repr), rest) for name, (rows, rest) in answers.items()}


def start_pgreference(program):
    process = subprocess.Popen([program, "--port", "0", "--no-password-user", USER, "--set",
                                f"deadlock_timeout={LOOKS_FOR_DEADLOCK}s"], text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    port = int(re.fullmatch(r"listening on .*:(\d+)\n", process.stdout.readline()).group(1))
    address = ("127.0.0.1", port)
    return process, lambda: Pgreference(address, Connection(address, USER, DATABASE))


def start_postgresql(targets, state):
    target = json.loads(subprocess.run([targets, "start", "--state", state], check=True, capture_output=True,
                                       text=True).stdout)
    address = ("127.0.0.1", urlsplit(target["uri"]).port)
    role = target["roles"]["superuser"]
    environment = {**os.environ, "PGPASSWORD": role["password"], "PGUSER": role["user"], "PGDATABASE": "postgres",
                   "PGHOST": address[0], "PGPORT": str(address[1])}
    for sql in (f'create database "{DATABASE}" owner {USER} locale \'C\' template template0',
                f"alter role {USER} set deadlock_timeout = '{LOOKS_FOR_DEADLOCK}s'"):
        subprocess.run(["psql", "-XqAt", "-c", sql], check=True, env=environment, capture_output=True)
    return lambda: PostgreSQL(address, Connection(address, USER, DATABASE))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pgreference")
    parser.add_argument("targets_postgresql")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--schedules", type=int, default=300)
    chosen = parser.parse_args()
    refused = 0
    print(f"1..{chosen.schedules}", flush=True)
    with tempfile.TemporaryDirectory(prefix="pgconform-interleaving-") as state:
        process, connect_ours = start_pgreference(chosen.pgreference)
        try:
            connect_theirs = start_postgresql(chosen.targets_postgresql, state)
            servers = None
            for number in range(chosen.schedules):
                # Of two that are let go at once, either may be first: only what differs again and again is a difference.
                for _ in range(3):
                    servers = servers or (connect_ours(), connect_theirs())
                    run = Run(servers, Schedule(chosen.seed + number))
                    good = run.run()
                    if good:
                        break
                    for server in servers:
                        server.close()
                    servers = None
                if not good and run.refused():
                    refused += 1
                    good = True
                print(f"{'ok' if good else 'not ok'} {number + 1} - seed {chosen.seed + number}", flush=True)
                if not good:
                    print("\n".join(f"# {line}" for line in run.log), flush=True)
        finally:
            process.terminate()
            process.wait()
            subprocess.run([chosen.targets_postgresql, "stop", "--state", state], check=False)
    print(f"# {refused} of {chosen.schedules} schedules ended in a refusal")


if __name__ == "__main__":
    main()
