#!/usr/bin/env python3
"""Record what PostgreSQL answers to the statements of ../statements/*.expected, in their own files.

usage: record.py TARGETS_POSTGRESQL NAME…

A new file needs a comment that says what it is about and its statements, each a line "> …". Comments and empty lines
stay. After a line "# with fields", details, hints and the names in errors are recorded too. A statement that
pgreference refuses has an "E … 0A000 …" of its own, which is to be put back by hand.
"""
import os
import sys

from connection import Connection, columns, fields, values
from servers import DATABASE, USER, PostgreSQL

STATEMENTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "statements")
MORE = "DHstcdn"


def escaped(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n")


class Recorder:
    def __init__(self, server):
        self.connection = server.connect()
        self.names = Connection(server.address, USER, DATABASE)
        self.known = {}

    def close(self):
        self.connection.close()
        self.names.close()

    def type_name(self, oid, modifier, status):
        """As format_type() tells it. A type that is not committed is known to its own session only."""
        if (oid, modifier) not in self.known:
            for asked in [self.names, self.connection] if status != b"E" else [self.names]:
                told = asked.query(f"select format_type({oid}, {modifier})")
                name = next(next(values(body)) for tag, body in told if tag == b"D").decode()
                if name != "???":
                    break
            self.known[oid, modifier] = name
        return self.known[oid, modifier]

    def report(self, tag, body, with_fields):
        told = fields(body)
        at = f" @{told['P']}" if "P" in told else ""
        yield f"{tag} {told['V']} {told['C']} {escaped(told['M'])}{at}"
        more = "".join(f" {name}={escaped(told[name])}" for name in MORE if name in told)
        if with_fields and more:
            yield "F" + more

    def answer(self, sql, with_fields):
        lines = []
        messages = self.connection.query(sql)
        if not messages or messages[-1][0] != b"Z":
            raise SystemExit(f"PostgreSQL does not come to an end with: {sql}")
        status = messages[-1][1]
        for tag, body in messages:
            if tag == b"T":
                lines.append("T" + "".join(
                    f" {escaped(name)}:{self.type_name(type, modifier, status)}" + f"#{attribute}" * (attribute != 0)
                    for name, _, attribute, type, _, modifier, _ in columns(body)))
            elif tag == b"D":
                lines.append("D " + " | ".join("\\N" if value is None else escaped(value.decode()) for value in values(body)))
            elif tag == b"C":
                lines.append("C " + body[:-1].decode())
            elif tag in b"EN":
                # Whether the description of no rows precedes an error is the planner's affair.
                if tag == b"E" and lines and lines[-1].startswith("T"):
                    lines.pop()
                lines += self.report(tag.decode(), body, with_fields)
            elif tag == b"I":
                lines.append("I")
            elif tag == b"Z":
                lines.append("Z " + body.decode())
        return lines


def main():
    targets, *names = sys.argv[1:]
    server = PostgreSQL(targets)
    try:
        for name in names:
            path = os.path.join(STATEMENTS, name + ".expected")
            with open(path, encoding="utf-8") as file:
                kept = [line for line in file.read().splitlines() if not line or line[0] in "#>"]
            recorder, out, with_fields = Recorder(server), [], False
            for line in kept:
                out.append(line)
                with_fields = with_fields or line == "# with fields"
                if line.startswith("> "):
                    out += recorder.answer(line[2:], with_fields)
            recorder.close()
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n".join(out) + "\n")
    finally:
        server.stop()


main()
