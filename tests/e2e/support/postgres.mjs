// A PostgreSQL server of the test's own: data in a temporary folder, a free port of 127.0.0.1, run by a user without
// rights (PostgreSQL refuses root's).
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

function programs() {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, "bin")), ...(process.env.PATH ?? "").split(delimiter)];
  return folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")));
}
const bin = programs();

// What to give to `test` as an option: loud where the server is absent.
export const needsPostgres = { skip: bin ? false : "SKIPPED: initdb and postgres are not on this machine; script/bootstrap --dev installs them" };

function unprivileged() {
  if (process.getuid() !== 0) return {};
  for (const name of ["postgres", "nobody"]) {
    const [uid, gid] = ["-u", "-g"].map((option) => Number(spawnSync("id", [option, name], { encoding: "utf8" }).stdout || NaN));
    if (uid > 0) return { uid, gid };
  }
  throw new Error("there is no user to run PostgreSQL as");
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

export async function startPostgres(t, seed) {
  const user = unprivileged();
  const path = mkdtempSync(join(tmpdir(), "switchboard-postgres-"));
  chmodSync(path, 0o755);
  if (user.uid) chownSync(path, user.uid, user.gid);
  const options = { ...user, cwd: "/", env: { LC_ALL: "C.UTF-8", TZ: "UTC", PATH: "/usr/bin:/bin" } };
  const data = join(path, "data");
  const made = spawnSync(join(bin, "initdb"), ["-D", data, "-U", "owner", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"], { ...options, encoding: "utf8" });
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const postgres = { port: await freePort() };
  let child, exited;

  postgres.start = async () => {
    child = spawn(join(bin, "postgres"), ["-D", data, "-k", path, "-p", String(postgres.port), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=16MB"], { ...options, stdio: ["ignore", "ignore", "pipe"] });
    exited = once(child, "exit");
    let log = "";
    const ready = new Promise((done) =>
      child.stderr.on("data", (bytes) => {
        log += bytes;
        if (log.includes("ready to accept connections")) done(true);
      }),
    );
    if ((await Promise.race([ready, exited])) !== true) throw new Error(`PostgreSQL did not start:\n${log}`);
  };
  // SIGINT: connections are ended, and nothing is lost.
  postgres.stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGINT");
    await exited;
  };
  // As the owner, past what is tested; rows as objects.
  postgres.sql = (query) => {
    const args = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", path, "-p", String(postgres.port), "-U", "owner", "-d", "postgres"];
    const text = /^select/i.test(query) ? `select coalesce(json_agg(r), '[]') from (${query}) r` : query;
    const done = spawnSync(join(bin, "psql"), args, { ...options, input: text, encoding: "utf8" });
    if (done.status !== 0) throw new Error(done.stderr);
    return done.stdout.trim() ? JSON.parse(done.stdout) : [];
  };
  t.after(async () => {
    await postgres.stop();
    rmSync(path, { recursive: true, force: true });
  });
  await postgres.start();
  postgres.sql(seed);
  postgres.url = (role, password) => `postgres://${role}:${encodeURIComponent(password)}@127.0.0.1:${postgres.port}/postgres`;
  return postgres;
}
