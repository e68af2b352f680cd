"""What the client tests share: a pgreference of their own, certificates, psql with and without a terminal, TAP."""

import atexit
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SAMPLE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "sample")
DEADLINE = 30  # seconds, for anything that is waited for

for variable in [name for name in os.environ if name.startswith("PG") and not name.startswith("PGCONFORM")]:
    del os.environ[variable]
os.environ["PSQLRC"] = os.environ["PSQL_HISTORY"] = "/dev/null"
os.environ["LC_ALL"] = "C.UTF-8"

_checks = []


def check(name):
    """Register a function as one check; run() calls them in order."""
    def register(function):
        _checks.append((name, function))
        return function
    return register


def run():
    failed = 0
    print(f"1..{len(_checks)}", flush=True)
    for number, (name, function) in enumerate(_checks, 1):
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Exception as error:  # a failing check must not keep the others from running
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            for line in (str(error) or repr(error)).splitlines():
                print("#", line, flush=True)
    return 1 if failed else 0


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def expect_in(part, whole):
    expect(part in whole, f"expected to find {part!r} in:\n{whole}")


def certificates(directory):
    """A CA, a server certificate for localhost and 127.0.0.1, a client certificate, and a CA that vouches for nobody."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    def key():
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    for name in ("ca", "foreign"):
        openssl("req", "-x509", *key(), "-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", "2", "-subj", f"/CN={name}")
    for name, subject, names in (("server", "/CN=localhost", "DNS:localhost,IP:127.0.0.1"), ("client", "/CN=alice", "DNS:alice")):
        openssl("req", *key(), "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
        with open(os.path.join(directory, "ext"), "w") as extensions:
            extensions.write(f"subjectAltName={names}\n")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "ext", "-out", f"{name}.crt")


class Server:
    """A pgreference on a free port. `log` is what it has written to stderr; `port` where it listens."""

    def __init__(self, program, *arguments):
        self.log_file = tempfile.NamedTemporaryFile(prefix="pgreference-log-")
        self.process = subprocess.Popen([program, "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=self.log_file)
        atexit.register(self.process.kill)  # after a check that failed; no effect on a process that has ended
        line = self.process.stdout.readline().decode()
        match = re.fullmatch(r"listening on .*:(\d+)\n", line)
        if not match:
            self.process.wait(DEADLINE)
            raise AssertionError(f"pgreference did not start:\n{self.log()}")
        self.port = int(match.group(1))

    def log(self):
        with open(self.log_file.name, errors="replace") as text:
            return text.read()

    def wait_for_log(self, text, start=0):
        """What the log says from `start` on, once it holds `text`."""
        until = time.monotonic() + DEADLINE
        while text not in self.log()[start:]:
            expect(time.monotonic() < until, f"waited for {text!r} in the log:\n{self.log()[start:]}")
            select.select([], [], [], 0.01)
        return self.log()[start:]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE)


def sample_copy(directory, **replace):
    """The sample configuration in a directory of the test's own, so that files can be added to it."""
    target = os.path.join(directory, "sample")
    shutil.copytree(SAMPLE, target)
    return target


def psql(conninfo, *arguments, password=None, ok=True):
    """psql without a terminal: its stdout, or with ok=False its stderr once it has failed."""
    environment = dict(os.environ)
    if password is not None:
        environment["PGPASSWORD"] = password
    done = subprocess.run(["psql", "-XAtqw", conninfo, *arguments], env=environment, capture_output=True, text=True, timeout=DEADLINE)
    if (done.returncode == 0) != ok:
        raise AssertionError(f"psql {conninfo} {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout if ok else done.stderr


class Terminal:
    """A program on a terminal, as a person has it."""

    def __init__(self, *command):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "dumb"
            os.environ["PAGER"] = "cat"
            os.execvp(command[0], command)
        self.seen = ""

    def wait_for(self, text):
        """Read until `text` has been shown; what was shown up to its end."""
        until = time.monotonic() + DEADLINE
        while text not in self.seen:
            left = until - time.monotonic()
            ready, _, _ = select.select([self.terminal], [], [], max(left, 0))
            expect(ready, f"waited for {text!r}, saw:\n{self.seen}")
            try:
                arrived = os.read(self.terminal, 4096).decode(errors="replace")
            except OSError:
                arrived = ""
            expect(arrived, f"ended before {text!r}, saw:\n{self.seen}")
            self.seen += arrived.replace("\r", "")
        end = self.seen.index(text) + len(text)
        shown, self.seen = self.seen[:end], self.seen[end:]
        return shown

    def type(self, text):
        os.write(self.terminal, (text + "\n").encode())

    def interrupt(self):
        """Ctrl-C."""
        os.write(self.terminal, b"\x03")

    def skip_to(self, text):
        """Read until `text` has been shown after however much else."""
        until = time.monotonic() + DEADLINE
        while text not in self.seen:
            expect(select.select([self.terminal], [], [], max(0, until - time.monotonic()))[0], f"waited for {text!r}, saw last:\n{self.seen[-1000:]}")
            self.seen = self.seen[-1000:] + os.read(self.terminal, 65536).decode(errors="replace").replace("\r", "")
        self.wait_for(text)

    def end(self):
        os.close(self.terminal)
        os.waitpid(self.pid, 0)
