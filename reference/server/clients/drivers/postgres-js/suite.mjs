// postgres.js: pipelines by itself, describes statements first, fetches array types at the start.
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import postgres from "postgres";
import { ca, check, database, equal, fails, host, port, run, users } from "../tap.mjs";

const connect = (user = "trust", more = {}) => postgres({ host, port, database, user, password: users[user], ssl: false, max: 1, onnotice: () => {}, ...more });

async function using(act, user, more) {
  const sql = connect(user, more);
  try {
    return await act(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

check("logs in in every way, plain and encrypted", async () => {
  for (const user of Object.keys(users))
    for (const ssl of [false, { rejectUnauthorized: false }, { ca: readFileSync(ca), servername: "localhost" }])
      await using(async (sql) => equal(user, (await sql`SELECT current_user AS u`)[0].u), user, { ssl });
  await using((sql) => fails(sql`SELECT 1`, "28P01"), "scram", { password: "wrong" });
});

check("types both ways", () =>
  using(async (sql) => {
    equal([7, "9007199254740993", 1.5, true, "é", null], Object.values((await sql`SELECT ${7}::int, ${"9007199254740993"}::int8 AS b, ${1.5}::float8 AS c, ${true}::bool AS d, ${"é"}::text AS e, ${null}::text AS f`)[0]));
    equal([1, 2, 3], (await sql`SELECT ${[1, 2, 3]}::int[] AS v`)[0].v);
    equal(["a", "b,c"], (await sql`SELECT ${["a", "b,c"]}::text[] AS v`)[0].v);
    equal({ a: [1] }, (await sql`SELECT ${sql.json({ a: [1] })}::jsonb AS v`)[0].v);
    const when = new Date("2024-02-29T12:34:56.789Z");
    equal(when, (await sql`SELECT ${when}::timestamptz AS v`)[0].v);
    equal("00ff", (await sql`SELECT ${Buffer.from("00ff", "hex")}::bytea AS v`)[0].v.toString("hex"));
    equal(["a", "b"], (await sql`SELECT 1 AS a, 'x' AS b`).columns.map((column) => column.name));
  }));

check("statements: prepared, unprepared, described, simple", async () => {
  for (const prepare of [true, false])
    await using(async (sql) => {
      for (let i = 0; i < 5; ++i) equal(i + 1, (await sql`SELECT ${i}::int + 1 AS n`)[0].n);
    }, "trust", { prepare });
  await using(async (sql) => {
    equal([23], (await sql`SELECT ${1}::int AS a`.describe()).types);
    equal([[{ a: 1 }], [{ b: 2 }]], (await sql.unsafe("SELECT 1 AS a; SELECT 2 AS b").simple()).map((rows) => [...rows]));
  });
});

check("queries sent together are answered in order, errors among them", () =>
  using(async (sql) => {
    const settled = await Promise.allSettled(Array.from({ length: 100 }, (_, i) => sql`SELECT 100 / (${i}::int % 10) AS n`));
    equal(10, settled.filter((each) => each.status === "rejected" && each.reason.code === "22012").length);
    equal(25, settled[4].value[0].n);
  }));

check("transactions, savepoints, errors", () =>
  using(async (sql) => {
    await sql`CREATE TEMP TABLE t (a int PRIMARY KEY)`;
    await sql.begin(async (transaction) => {
      await transaction`INSERT INTO t ${transaction([{ a: 1 }, { a: 2 }])}`;
      await transaction.savepoint((inner) => inner`INSERT INTO t VALUES (1)`).catch((error) => equal(["23505", "t_pkey"], [error.code, error.constraint_name]));
    });
    equal([1, 2], (await sql`SELECT a FROM t ORDER BY a`).map((row) => row.a));
    await sql.begin(async (transaction) => {
      await transaction`DELETE FROM t`;
      throw new Error("roll back");
    }).catch((error) => equal("roll back", error.message));
    equal(2, (await sql`SELECT a FROM t`).length);
    equal("8", (await fails(sql`SELECT nosuch`, "42703")).position);
  }));

check("large results, a cursor, and forEach", () =>
  using(async (sql) => {
    equal(100000, (await sql`SELECT g, repeat('x', 50) FROM generate_series(1, 100000) g`).length);
    let total = 0;
    await sql`SELECT g FROM generate_series(1, 1000) g`.cursor(70, (rows) => void (total += rows.length));
    equal(1000, total);
    for await (const rows of sql`SELECT g FROM generate_series(1, 1000) g`.cursor(10)) {
      equal(10, rows.length);
      break;
    }
    equal(5_000_000, (await sql`SELECT length(${"x".repeat(5_000_000)}::text) AS n`)[0].n);
  }));

check("COPY both ways", () =>
  using(async (sql) => {
    await sql`CREATE TEMP TABLE c (a int, b text)`;
    await pipeline(Readable.from(Array.from({ length: 5000 }, (_, i) => `${i}\trow ${i}\n`)), await sql`COPY c FROM STDIN`.writable());
    let bytes = "";
    for await (const chunk of await sql`COPY (SELECT * FROM c ORDER BY a LIMIT 2) TO STDOUT`.readable()) bytes += chunk;
    equal("0\trow 0\n1\trow 1\n", bytes);
  }));

check("cancel", () =>
  using(async (sql) => {
    const sleeping = sql`SELECT pg_sleep(30)`;
    setTimeout(() => sleeping.cancel(), 200);
    await fails(sleeping, "57014");
    equal(1, (await sql`SELECT 1 AS a`)[0].a);
  }));

check("LISTEN and NOTIFY", () =>
  using(async (sql) => {
    let heard;
    const payload = new Promise((resolve) => (heard = resolve));
    const { unlisten } = await sql.listen("news", heard);
    await sql.notify("news", "it");
    equal("it", await payload);
    await unlisten();
  }, "trust", { max: 3 }));

await run();
