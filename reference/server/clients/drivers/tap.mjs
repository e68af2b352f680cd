// TAP for the suites in JavaScript.
export const users = { trust: "", cleartext: "open-sesame", md5: "salted-once", scram: "pencil" };
export const { PGHOST: host, PGDATABASE: database, SERVER_CA: ca } = process.env;
export const port = Number(process.env.PGPORT);
for (const name of ["PGHOST", "PGPORT", "PGDATABASE"]) delete process.env[name];

const checks = [];
export const check = (name, act) => checks.push([name, act]);

export function equal(expected, actual) {
  const [a, b] = [expected, actual].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`expected ${a}, got ${b}`);
}

export async function fails(promise, code) {
  try {
    await promise;
  } catch (error) {
    equal(code, error.code);
    return error;
  }
  throw new Error("no error");
}

export async function run() {
  let failed = 0;
  console.log(`1..${checks.length}`);
  for (const [index, [name, act]] of checks.entries()) {
    let timer;
    try {
      await Promise.race([act(), new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("30 s have passed")), 30000)))]);
      console.log(`ok ${index + 1} - ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`not ok ${index + 1} - ${name}`);
      console.log(`# ${String(error?.stack ?? error).replaceAll("\n", "\n# ")}`);
    }
    clearTimeout(timer);
  }
  process.exit(failed ? 1 : 0);
}
