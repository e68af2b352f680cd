#!/usr/bin/env python3
"""Random queries and changes on pgreference and on PostgreSQL. TAP.

usage: random_test.py PGREFERENCE TARGETS_POSTGRESQL [--seed N] [--statements N]

The same seed gives the same statements. Rows are compared in any order. Of two errors it is enough that both fail: which
is found first depends on the order of rows. Every change is undone, after all tables have been compared.
"""
import argparse

from connection import fields, values
from random_statements import SETUP, TABLES, Statements
from servers import Pgreference, PostgreSQL

SHOWN = 10
LONGEST = 3000  # characters of a statement
TOO_SLOW = "57014"


class Answer:
    def __init__(self, messages):
        self.error = next((fields(body) for tag, body in messages if tag == b"E"), None)
        self.rows = sorted(repr(list(values(body))) for tag, body in messages if tag == b"D")
        self.tags = [body for tag, body in messages if tag == b"C"]

    def is_refusal(self):
        return self.error and self.error["C"] == "0A000" and self.error["M"].endswith(" is not supported by this server")

    def is_timeout(self):
        return self.error and self.error["C"] == TOO_SLOW

    def __eq__(self, other):
        return bool(self.error) == bool(other.error) and (bool(self.error) or (self.rows, self.tags) == (other.rows, other.tags))

    def __str__(self):
        return f"{self.error['C']} {self.error['M']}" if self.error else f"{self.tags} {self.rows}"[:500]


class Comparison:
    def __init__(self, ours, theirs):
        self.sides = ours.connect(), theirs.connect()
        self.differences, self.refused, self.failed = [], 0, 0
        for sql in ["set timezone = 'UTC'", "set statement_timeout = '10s'", *SETUP]:
            for side in self.sides:
                if error := Answer(side.query(sql)).error:
                    raise SystemExit(f"{error['M']}: {sql}")

    def ask(self, sql):
        return [Answer(side.query(sql)) for side in self.sides]

    def compare(self, sql, is_change):
        if is_change:
            self.ask("begin")
        ours, theirs = self.ask(sql)
        if ours.is_refusal():
            self.refused += 1
        elif not ours.is_timeout() and not theirs.is_timeout():
            self.failed += bool(theirs.error)
            if ours != theirs:
                self.differences.append(f"{sql}\n  pgreference {ours}\n  PostgreSQL  {theirs}")
            elif is_change and not ours.error:
                self.compare_tables(sql)
        if is_change:
            self.ask("rollback")

    def compare_tables(self, sql):
        for table in TABLES:
            ours, theirs = self.ask(f"select * from {table}")
            if ours != theirs:
                self.differences.append(f"{sql}\n  leaves in {table}\n  pgreference {ours}\n  PostgreSQL  {theirs}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("targets")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--statements", type=int, default=2000)
    options = parser.parse_args()
    print("1..1", flush=True)
    ours, theirs = Pgreference(options.program), PostgreSQL(options.targets)
    try:
        comparison, statements, asked = Comparison(ours, theirs), Statements(options.seed), 0
        while asked < options.statements:
            is_change = asked % 2 == 1
            sql = statements.change() if is_change else statements.query()
            if len(sql) <= LONGEST:
                comparison.compare(sql, is_change)
                asked += 1
    finally:
        ours.stop()
        theirs.stop()
    found = comparison.differences
    print(f"{'not ok' if found else 'ok'} 1 - {asked} statements of seed {options.seed} have the same answers")
    for line in "\n".join(found[:SHOWN]).splitlines():
        print("#", line)
    print(f"# {len(found)} differences, {comparison.failed} errors on both, {comparison.refused} refused")
    raise SystemExit(1 if found else 0)


main()
