#!/usr/bin/env python3
"""The same statements on pgreference and on PostgreSQL: every message of the answers is compared. TAP.

usage: differential_test.py PGREFERENCE TARGETS_POSTGRESQL [NAME…]

The body are the files body/*.sql, statements that end with ";" at the end of a line, and the query strings of
../statements/*.expected. Each file starts on empty databases, and is run twice: as simple queries, whose values come
in text, and as extended ones, with binary values. NAME picks files.

What pgreference refuses, "… is not supported by this server", is counted and may be 2 % of the statements; PostgreSQL
is not asked it then, so what follows finds the same on both. Any other difference has to be the last statement of an
example in ../differences.md; an example that no longer differs fails.
"""
import glob
import itertools
import math
import os
import re
import struct
import sys

from connection import columns, fields, values
from servers import Pgreference, PostgreSQL

HERE = os.path.dirname(os.path.abspath(__file__))
ENGINE = os.path.dirname(HERE)
MOST_REFUSED = 0.02
SHOWN = 10  # differences of one file
FIRST_USER_OID = 16384
RECORD = 2249
OIDS = {26, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191}  # oid, regproc, regclass, regtype and their like
COMPARED_FIELDS = "VCMPstcdn"  # the wording of details and hints is looked at in ../statements
REPORTED_LATER = (b"scram_iterations\0", b"search_path\0")  # since PostgreSQL 16 and 18


def told_of(body):
    """What is compared of an error or notice. A session's temporary schema has its number."""
    return {k: re.sub(r"pg_temp_\d+", "pg_temp", v) for k, v in fields(body).items() if k in COMPARED_FIELDS}


def is_users(oid):
    return oid >= FIRST_USER_OID


def parts_of(value):
    """The parts of an array or a composite value in binary, the types in them as is_users() has it; None if it is neither."""
    def taken(at, count, typed):
        parts = []
        for _ in range(count):
            if typed:
                type, at = struct.unpack_from("!I", value, at)[0], at + 4
                parts.append("user's" if is_users(type) else type)
            length, at = struct.unpack_from("!i", value, at)[0], at + 4
            parts.append(apart_from_oids(value[at:at + length]) if length >= 0 else None)
            at += max(length, 0)
        return parts if at == len(value) else None

    try:
        dimensions, flags, element = struct.unpack_from("!iiI", value)
        if 0 <= dimensions <= 6 and flags in (0, 1) and is_users(element):
            header = 12 + 8 * dimensions
            sizes = struct.unpack_from("!" + "ii" * dimensions, value, 12)
            return ["array", flags, sizes, taken(header, math.prod(sizes[::2]) if sizes else 0, False)]
        fields = struct.unpack_from("!i", value)[0]
        return taken(4, fields, True) if 0 < fields <= 1600 else None
    except struct.error:
        return None


def apart_from_oids(value):
    return parts_of(value) or value


def row_of(body, types, binary):
    """The values of a row; the OIDs of users' objects, in values of users' types too, only as such."""
    def shown(value, type):
        if not binary or not value or type is None:
            return value
        if type in OIDS and is_users(int.from_bytes(value)):
            return "user's"
        return apart_from_oids(value) if is_users(type) or type == RECORD else value

    return [shown(value, type) for value, type in itertools.zip_longest(values(body), types)]


def seen(messages, binary):
    """What must be the same. Users' objects have OIDs of their own, and processes numbers."""
    told, types = [], []
    for tag, body in messages:
        if tag == b"T":
            types = [column[3] for column in columns(body)]
            told.append(("T", [(name, table != 0, attribute, "user's" if is_users(type) else type, *rest)
                               for name, table, attribute, type, *rest in columns(body)]))
        elif tag == b"D":
            told.append(("D", row_of(body, types, binary)))
        elif tag in b"EN":
            # Whether the description of no rows precedes an error is the planner's affair.
            if tag == b"E" and told and told[-1][0] == "T":
                told.pop()
            told.append((tag.decode(), told_of(body)))
        elif tag == b"A":
            told.append(("A", body[4:]))
        elif tag != b"S" or not body.startswith(REPORTED_LATER):
            told.append((tag.decode(), body))
    return told


def refusal(answer):
    """The message of pgreference's own 0A000."""
    return next((e["M"] for tag, e in answer
                 if tag == "E" and e["C"] == "0A000" and e["M"].endswith(" is not supported by this server")), None)


def sql_statements(text):
    """Statements up to a ";" at the end of a line. Comments before one are not sent."""
    lines = []
    for line in text.splitlines():
        if not lines and (not line.strip() or line.startswith("--")):
            continue
        lines.append(line)
        if line.rstrip().endswith(";"):
            yield "\n".join(lines).rstrip()[:-1]
            lines = []
    if lines:
        raise SystemExit(f"a statement without an end: {lines[0]}")


def statements_of(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if path.endswith(".sql"):
        return list(sql_statements(text))
    return [line[2:] for line in text.splitlines() if line.startswith("> ")]


def examples():
    with open(os.path.join(ENGINE, "differences.md"), encoding="utf-8") as file:
        return [list(sql_statements(block)) for block in re.findall(r"^ *```sql\n(.*?)^ *```", file.read(), re.M | re.S)]


class Comparison:
    def __init__(self, ours, theirs):
        self.ours, self.theirs = ours, theirs
        self.run_count, self.refused = 0, []

    def answers(self, statements, binary):
        """Each statement with pgreference's answer and PostgreSQL's, which is None where pgreference refuses."""
        def answer(connection, sql):
            return seen(connection.execute(sql) if binary else connection.query(sql), binary)

        ours, theirs = self.ours.connect(), self.theirs.connect()
        for sql in statements:
            told = answer(ours, sql)
            if refusal(told):
                yield sql, told, None
                if told[-1] != ("Z", b"I"):
                    theirs.query("refused")  # which is no SQL, so the transaction has failed there too
            else:
                yield sql, told, answer(theirs, sql)
        ours.close()
        theirs.close()

    def body(self, statements, known):
        """The differences of a file, each a text."""
        found = []
        for binary in (False, True):
            for sql, ours, theirs in self.answers(statements, binary):
                self.run_count += 1
                if ours == theirs or sql in known:
                    continue
                if theirs is None:
                    self.refused.append(f"{refusal(ours)}: {sql}")
                    continue
                at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
                found.append("\n".join([f"{'binary' if binary else 'text'}: {sql}",
                                        f"  pgreference {ours[at] if at < len(ours) else 'no more'}",
                                        f"  PostgreSQL  {theirs[at] if at < len(theirs) else 'no more'}"]))
        return found

    def is_stale(self, statements):
        last = (list(self.answers(statements, binary))[-1] for binary in (False, True))
        return all(ours == theirs for _, ours, theirs in last)


def tell(number, name, problems):
    print(f"{'not ok' if problems else 'ok'} {number} - {name}")
    for line in "\n".join(problems[:SHOWN] + ([f"and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else [])).splitlines():
        print("#", line)
    sys.stdout.flush()


def main():
    program, targets, *names = sys.argv[1:]
    files = sorted(glob.glob(os.path.join(HERE, "body", "*.sql")) +
                   glob.glob(os.path.join(ENGINE, "statements", "*.expected")))
    files = [f for f in files if not names or os.path.splitext(os.path.basename(f))[0] in names]
    known = examples()
    print(f"1..{len(files) + 2}", flush=True)
    ours, theirs = Pgreference(program), PostgreSQL(targets)
    try:
        comparison = Comparison(ours, theirs)
        for number, path in enumerate(files, 1):
            problems = comparison.body(statements_of(path), {example[-1] for example in known})
            tell(number, os.path.relpath(path, ENGINE), problems)
        stale = [example[-1] for example in known if comparison.is_stale(example)]
        tell(len(files) + 1, "every difference that is listed is one",
             [f"no longer a difference: {sql}" for sql in stale])
    finally:
        ours.stop()
        theirs.stop()
    share = len(comparison.refused) / max(comparison.run_count, 1)
    summary = f"{len(comparison.refused)} of {comparison.run_count} statements are refused ({share:.1%})"
    tell(len(files) + 2, "few statements are refused", [summary, *comparison.refused] if share > MOST_REFUSED else [])
    print("#", summary)


main()
