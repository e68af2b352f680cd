// node-postgres: text results, unnamed and named statements, pg-cursor's portals, pg-copy-streams.
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import Cursor from "pg-cursor";
import { ca, check, database, equal, fails, host, port, run, users } from "../tap.mjs";

async function connect(user = "trust", more = {}) {
  const client = new pg.Client({ host, port, database, user, password: users[user], ssl: false, ...more });
  await client.connect();
  return client;
}

async function using(act, user, more) {
  const client = await connect(user, more);
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

check("logs in in every way, plain and encrypted", async () => {
  for (const user of Object.keys(users))
    for (const ssl of [false, { rejectUnauthorized: false }, { ca: readFileSync(ca) }])
      await using(async (client) => equal(user, (await client.query("SELECT current_user AS u")).rows[0].u), user, { ssl });
  await using(async (client) => equal("scram", (await client.query("SELECT current_user AS u")).rows[0].u), "scram", { ssl: { ca: readFileSync(ca) }, enableChannelBinding: true });
  await fails(connect("scram", { password: "wrong" }), "28P01");
});

check("types both ways", () =>
  using(async (client) => {
    for (const [type, sent, got] of [
      ["int4", 7, 7], ["int8", "9007199254740993", "9007199254740993"], ["float8", 1.5, 1.5], ["numeric", "1.50", "1.50"], ["bool", true, true], ["text", "é", "é"], ["text", "", ""],
      ["int4[]", [1, null, 3], [1, null, 3]], ["text[]", ['a"b', "c,d"], ['a"b', "c,d"]], ["jsonb", { a: [1, null] }, { a: [1, null] }], ["text", null, null],
      ["uuid", "00000000-0000-4000-8000-00000000000f", "00000000-0000-4000-8000-00000000000f"],
    ])
      equal(got, (await client.query(`SELECT $1::${type} AS v`, [sent])).rows[0].v);
    equal("00ff", (await client.query("SELECT $1::bytea AS v", [Buffer.from("00ff", "hex")])).rows[0].v.toString("hex"));
    const when = new Date("2024-02-29T12:34:56.789Z");
    equal(when, (await client.query("SELECT $1::timestamptz AS v", [when])).rows[0].v);
    const { fields, command, rowCount } = await client.query("SELECT 1 AS a, 'x' AS b");
    equal([["a", "b"], [23, 25], "SELECT", 1], [fields.map((field) => field.name), fields.map((field) => field.dataTypeID), command, rowCount]);
    equal(["0", "ff"].join(), (await client.query({ text: "SELECT '\\x00'::bytea", rowMode: "array", binary: true })).rows[0][0].length === 1 ? "0,ff" : "");
  }));

check("several statements in one string", () =>
  using(async (client) => equal([1, 2], (await client.query("SELECT 1 AS a; SELECT 2 AS a")).map((result) => result.rows[0].a))));

check("named statements are parsed once", () =>
  using(async (client) => {
    for (let i = 0; i < 5; ++i) equal(i + 1, (await client.query({ name: "plus", text: "SELECT $1::int + 1 AS n", values: [i] })).rows[0].n);
    equal("plus", (await client.query("SELECT name FROM pg_prepared_statements")).rows[0].name);
  }));

check("transactions and errors with their fields", () =>
  using(async (client) => {
    await client.query("CREATE TEMP TABLE t (a int PRIMARY KEY)");
    await client.query("BEGIN");
    await client.query("INSERT INTO t VALUES ($1)", [1]);
    const error = await fails(client.query("INSERT INTO t VALUES ($1)", [1]), "23505");
    equal(["ERROR", "t_pkey", "t", "Key (a)=(1) already exists."], [error.severity, error.constraint, error.table, error.detail]);
    await fails(client.query("SELECT 1"), "25P02");
    await client.query("ROLLBACK");
    equal("0", (await client.query("SELECT count(*) AS n FROM t")).rows[0].n);
    equal("8", (await fails(client.query("SELECT nosuch"), "42703")).position);
    await fails(client.query("SELECT $1::int", ["x"]), "22P02");
  }));

check("large results, values, and a cursor that reads in portions", () =>
  using(async (client) => {
    equal(100000, (await client.query("SELECT g, repeat('x', 50) FROM generate_series(1, 100000) g")).rows.length);
    equal(10_000_000, (await client.query("SELECT length($1::text) AS n", ["x".repeat(10_000_000)])).rows[0].n);
    const cursor = client.query(new Cursor("SELECT g FROM generate_series(1, $1::int) g", [1000]));
    let total = 0;
    for (let rows; (rows = await cursor.read(70)).length > 0; ) total += rows.length;
    equal(1000, total);
    const broken = client.query(new Cursor("SELECT g FROM generate_series(1, 10) g"));
    await broken.read(3);
    await broken.close();
    equal(1, (await client.query("SELECT 1 AS a")).rows[0].a);
  }));

check("COPY both ways, and one that is given up", () =>
  using(async (client) => {
    await client.query("CREATE TEMP TABLE c (a int, b text)");
    await pipeline(Readable.from(Array.from({ length: 5000 }, (_, i) => `${i}\trow ${i}\n`)), client.query(copyFrom("COPY c FROM STDIN")));
    let bytes = "";
    for await (const chunk of client.query(copyTo("COPY (SELECT * FROM c ORDER BY a LIMIT 2) TO STDOUT CSV"))) bytes += chunk;
    equal("0,row 0\n1,row 1\n", bytes);
    await fails(pipeline(Readable.from(["x\ty\n"]), client.query(copyFrom("COPY c FROM STDIN"))), "22P02");
    equal("5000", (await client.query("SELECT count(*) AS n FROM c")).rows[0].n);
  }));

check("cancel from another session, and statement_timeout", async () => {
  await using(async (client) => {
    const pid = (await client.query("SELECT pg_backend_pid() AS pid")).rows[0].pid;
    const sleeping = fails(client.query("SELECT pg_sleep(30)"), "57014");
    await using((other) => other.query("SELECT pg_cancel_backend($1)", [pid]));
    await sleeping;
    equal(1, (await client.query("SELECT 1 AS a")).rows[0].a);
  });
  await using((client) => fails(client.query("SELECT pg_sleep(30)"), "57014"), "trust", { statement_timeout: 200 });
});

check("LISTEN and NOTIFY, notices", () =>
  using(async (listener) => {
    await listener.query("LISTEN news");
    const heard = new Promise((resolve) => listener.once("notification", resolve));
    await using((teller) => teller.query("SELECT pg_notify('news', 'it')"));
    const { channel, payload } = await heard;
    equal(["news", "it"], [channel, payload]);
    const said = new Promise((resolve) => listener.once("notice", resolve));
    await listener.query("DO $$BEGIN RAISE NOTICE 'hello'; END$$");
    equal("hello", (await said).message);
  }));

check("a pool", async () => {
  const pool = new pg.Pool({ host, port, database, user: "scram", password: users.scram, max: 5 });
  const rows = await Promise.all(Array.from({ length: 50 }, (_, i) => pool.query("SELECT $1::int AS i", [i])));
  equal(Array.from({ length: 50 }, (_, i) => i), rows.map((result) => result.rows[0].i));
  await pool.end();
});

await run();
