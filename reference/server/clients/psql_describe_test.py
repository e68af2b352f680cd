#!/usr/bin/env python3
"""What psql's \\d commands show of a schema: pgreference's must be PostgreSQL's, to the letter. TAP.

usage: psql_describe_test.py PGREFERENCE TARGETS_POSTGRESQL
"""

import difflib
import re
import subprocess
import sys

from support import DEADLINE, check, expect, run
from targets import Both

targets = Both(sys.argv[1:])

SCHEMA = """
CREATE SCHEMA shop;
SET search_path = shop, public;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s fine');
CREATE DOMAIN positive AS integer DEFAULT 1 NOT NULL CHECK (VALUE > 0);
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE customer (
  id serial PRIMARY KEY, name varchar(40) NOT NULL, "Mixed Case" text DEFAULT 'x', balance numeric(10,2) DEFAULT 0.00 CHECK (balance >= 0),
  since timestamptz(3) DEFAULT now(), tags text[] DEFAULT '{}', m mood DEFAULT 'ok', how positive, UNIQUE (name, since), CONSTRAINT not_long CHECK (length(name) < 40));
CREATE TABLE orders (
  customer_id integer NOT NULL REFERENCES customer ON DELETE CASCADE ON UPDATE SET NULL, line smallint NOT NULL, body jsonb, code char(3), flags bit varying(5),
  at time(0) without time zone, price double precision, twice integer GENERATED ALWAYS AS (line * 2) STORED, PRIMARY KEY (customer_id, line),
  FOREIGN KEY (customer_id) REFERENCES customer (id) DEFERRABLE INITIALLY DEFERRED);
CREATE UNIQUE INDEX orders_code ON orders (code DESC NULLS LAST, line);
CREATE INDEX by_price ON orders (price);
CREATE SEQUENCE counter AS smallint START 5 INCREMENT 5 MAXVALUE 100 CYCLE;
CREATE VIEW cheap AS SELECT id, name FROM customer;
CREATE TABLE empty ();
CREATE TEMP TABLE temporary (a integer);
COMMENT ON TABLE customer IS 'who buys';
COMMENT ON COLUMN customer.name IS 'as they write it';
COMMENT ON SCHEMA shop IS 'all that is sold';
INSERT INTO customer (name) VALUES ('one');
"""

COMMANDS = [
    r"\d", r"\d customer", r"\d orders", r"\d empty", r"\d temporary", r"\d cheap", r"\d counter", r"\d customer_id_seq", r"\d orders_code", r"\d orders_pkey", r"\d shop.*", r"\d pair",
    r"\d nosuch", r"\d shop.nosuch", r"\d pg_catalog.pg_database", r"\dS pg_namespace", r"\d c*", r'\d "Customer"',
    r"\dt", r"\dt shop.*", r"\dt *.orders", r"\dt nosuch", r"\dtv", r"\dv", r"\di", r"\ds", r"\dm", r"\dE", r"\dtS pg_class", r"\dn", r"\dn shop", r"\dn+ shop",
    r"\dT", r"\dT mood", r"\dT+ mood", r"\dT+ positive", r"\dT int4", r"\dD", r"\df", r"\df nosuch*", r"\da nosuch*", r"\dp", r"\dp customer", r"\z orders", r"\ddp", r"\dL", r"\dc nosuch", r"\dC nosuch",
    r"\dd", r"\des", r"\dew", r"\dx nosuch", r"\dy", r"\dF nosuch", r"\dRp", r"\dRs", r"\dP", r"\drds", r"\db", r"\dO nosuch", r"\do nosuch", r"\dA btree", r"\dl", r"\dX",
    r"\df lower", r"\df pg_catalog.upper", r"\da count", r"\do ~~", r"\conninfo",
    r"\dt+ customer", r"\d+ customer", r"\d+ orders", r"\d+ counter", r"\d+ temporary", r"\di+ orders_code", r"\ds+ counter", r"\dv+ cheap", r"\dT+ pair", r"\d+ orders_code",
    r"\du trust", r"\dg trust", r"\l nosuch",
    r"\set SHOW_ALL_RESULTS off" "\nSELECT 1\\; SELECT 2;", r"TABLE customer \gdesc", r"SELECT * FROM orders \gdesc", r"SELECT how, m, id::oid, 'x'::pair FROM customer \gdesc",
]


def script(target, text):
    done = subprocess.run(["psql", "-Xq", "-P", "pager=off", "-v", "ON_ERROR_STOP=0", target.conninfo()], input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=DEADLINE)
    return done.stdout


def plain(target, text):
    """Without what has to differ: the name of the database, the port, whose the system's
    own things are, sizes of files, numbers of temporary schemas and
    where padding depends on those."""
    text = text.replace(f'"{target.database}"', '"DATABASE"').replace(str(target.port), "PORT")
    text = re.sub(r"\bpostgres\b", "trust", text)
    text = re.sub(r"\bpg_temp_\d+", "pg_temp_N", text)
    text = re.sub(r"\b\d+ (bytes|kB|MB)\b", "SIZE", text)
    text = re.sub(r"-{3,}", "---", text)
    text = re.sub(r" {2,}", " ", text)
    return "\n".join(line.rstrip() for line in text.splitlines())


def shown():
    """What each target shows, a command's part after a line that names it."""
    answers = {}
    for target in targets.all:
        text = SCHEMA + "".join(f"\\echo @@@{number}\n{command}\n" for number, command in enumerate(COMMANDS))
        parts = plain(target, script(target, text)).split("@@@")
        expect(not parts[0].strip(), f"{target.name}: {parts[0]}")
        answers[target.name] = {COMMANDS[int(number)]: said for number, _, said in (part.partition("\n") for part in parts[1:])}
    return answers


answers = {}


@check("the schema can be made, and psql goes through all commands")
def _():
    answers.update(shown())
    for name, said in answers.items():
        expect(len(said) == len(COMMANDS), f"{name}: {len(said)} of {len(COMMANDS)}")


for command in COMMANDS:
    @check(command.replace("\n", "  "))
    def _(command=command):
        expect(len(targets.all) == 2, "there is nothing to compare with")
        one, other = answers["pgreference"][command], answers["PostgreSQL"][command]
        expect(one == other, "\n".join(difflib.unified_diff(other.splitlines(), one.splitlines(), "PostgreSQL", "pgreference", lineterm="", n=1)))


try:
    status = run()
finally:
    targets.stop()
sys.exit(status)
