"""pgreference and PostgreSQL, each with an empty database for each connect()."""
import json
import os
import re
import subprocess
import tempfile
from urllib.parse import urlsplit

from connection import Connection

USER = "trust"  # a role of ci/targets/postgresql that is asked for no password
DATABASE = "default"  # pgreference's without a configuration


class PostgreSQL:
    def __init__(self, targets):
        self.state = tempfile.TemporaryDirectory(prefix="pgconform-differential-")
        told = subprocess.run([targets, "start", "--state", self.state.name], check=True, capture_output=True, text=True)
        target = json.loads(told.stdout)
        self.address = ("127.0.0.1", urlsplit(target["uri"]).port)
        role = target["roles"]["superuser"]
        self.superuser = {**os.environ, "PGPASSWORD": role["password"], "PGUSER": role["user"], "PGDATABASE": "postgres",
                          "PGHOST": self.address[0], "PGPORT": str(self.address[1])}
        self.targets = targets
        # Prepared transactions are switched off, as they are where nobody asks for them.
        subprocess.run(["psql", "-XqAt", "-c", "alter system set max_prepared_transactions = 0",], check=True, env=self.superuser)
        for what in ("stop", "start"):
            subprocess.run(target["control"][what], shell=True, check=True, capture_output=True)

    def connect(self):
        statements = [f'drop database if exists "{DATABASE}" with (force)',
                      f'create database "{DATABASE}" owner {USER} locale \'C\' template template0']
        subprocess.run(["psql", "-XqAt", *(x for s in statements for x in ("-c", s))], check=True, env=self.superuser,
                       capture_output=True)
        return Connection(self.address, USER, DATABASE)

    def stop(self):
        subprocess.run([self.targets, "stop", "--state", self.state.name], check=False)


class Pgreference:
    def __init__(self, program):
        self.program, self.process = program, None

    def connect(self):
        self.stop()
        self.process = subprocess.Popen([self.program, "--port", "0", "--no-password-user", USER], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        port = int(re.fullmatch(r"listening on .*:(\d+)\n", self.process.stdout.readline()).group(1))
        return Connection(("127.0.0.1", port), USER, DATABASE)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process.stdout.close()
