"""pgreference and a live PostgreSQL with the same users, so that a suite of a client proves itself on the one and the
server on the other.

    pgreference = Pgreference(program); postgresql = PostgreSQL(script)

Each has `port`, `database`, `ca` (a file), `users` (way of login: (user, password)) and stop(). Everybody may make tables
and schemas.
"""

import json
import os
import subprocess
import tempfile
import time
from urllib.parse import urlsplit

from support import DEADLINE, Server, certificates, check

USERS = {"trust": ("trust", ""), "cleartext": ("cleartext", "open-sesame"), "md5": ("md5", "salted-once"), "scram": ("scram", "pencil")}


class Target:
    def conninfo(self, way="trust", **more):
        user, password = self.users[way]
        parts = {"host": "127.0.0.1", "port": self.port, "dbname": self.database, "user": user, "password": password, "sslmode": "disable", **more}
        return " ".join(f"{key}='{value}'" for key, value in parts.items() if value != "")

    def environment(self, way="trust"):
        """For programs that take libpq's variables."""
        user, password = self.users[way]
        return {**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGDATABASE": self.database, "PGUSER": user, "PGPASSWORD": password,
                "PGSSLMODE": "disable"}

    def wait_for_session(self, condition):
        """Until pg_stat_activity has a session of which `condition` holds."""
        until = time.monotonic() + DEADLINE
        while self.psql("-c", f"SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND {condition}") == "0\n":
            if time.monotonic() > until:
                raise AssertionError(f"no session where {condition}:\n" + self.psql("-c", "SELECT state, wait_event_type, wait_event, query FROM pg_stat_activity"))

    def psql(self, *arguments, way="trust", ok=True, **more):
        """psql's stdout; with ok=False its stderr, once it has failed."""
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.conninfo(way, **more), *arguments], capture_output=True, text=True, timeout=DEADLINE)
        if (done.returncode == 0) != ok:
            raise AssertionError(f"psql {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout if ok else done.stderr


class Pgreference(Target):
    name = "pgreference"

    def __init__(self, program):
        self.files = tempfile.TemporaryDirectory(prefix="pgconform-pgreference-")
        certificates(self.files.name)
        self.ca, self.database, self.users = f"{self.files.name}/ca.crt", "default", USERS
        secrets = {way: ":".join(pair) for way, pair in USERS.items()}
        self.server = Server(program, "--listen", "127.0.0.1", "--no-password-user", "trust", "--user", secrets["cleartext"], "--md5-user", secrets["md5"],
                             "--scram-user", secrets["scram"], "--certificate", f"{self.files.name}/server.crt", "--private-key", f"{self.files.name}/server.key")
        self.port = self.server.port

    def stop(self):
        if self.server.stop() != 0:
            raise SystemExit(f"pgreference did not end well:\n{self.server.log()[-3000:]}")


class PostgreSQL(Target):
    name = "PostgreSQL"

    def __init__(self, script):
        self.script, self.state = script, tempfile.TemporaryDirectory(prefix="pgconform-state-")
        told = json.loads(subprocess.run([script, "start", "--state", self.state.name], check=True, capture_output=True, text=True).stdout)
        uri = urlsplit(told["uri"])
        self.port, self.database, self.ca = uri.port, uri.path[1:], told["ca"]
        roles = {way: (role["user"], role["password"]) for way, role in told["roles"].items()}
        self.users = {**{way: roles[way] for way in USERS}, "superuser": roles["superuser"]}
        self.psql("-c", "GRANT CREATE ON SCHEMA public TO PUBLIC", "-c", f'GRANT CREATE ON DATABASE "{self.database}" TO PUBLIC', way="superuser")

    def stop(self):
        subprocess.run([self.script, "stop", "--state", self.state.name], check=False)


class Both:
    """The targets that arguments name: PGREFERENCE, and the script that starts a PostgreSQL if there is one."""

    def __init__(self, arguments):
        self.all = [Pgreference(arguments[0])] if arguments[0] != "-" else []
        try:
            self.all += [PostgreSQL(script) for script in arguments[1:2]]
        except BaseException:
            self.stop()
            raise

    def check(self, name):
        """Register a function of a target as one check on each."""
        def register(function):
            for target in self.all:
                check(f"{target.name}: {name}")(lambda target=target: function(target))
            return function
        return register

    def stop(self):
        for target in self.all:
            target.stop()
