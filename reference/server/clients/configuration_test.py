#!/usr/bin/env python3
"""pgreference's configuration where it meets the world: files that change or are broken, client certificates, networks. TAP.

usage: configuration_test.py PGREFERENCE
"""

import hashlib
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile

from support import DEADLINE, Server, Terminal, certificates, check, expect, expect_in, psql, run

PROGRAM = sys.argv[1]
work = tempfile.TemporaryDirectory(prefix="pgconform-configuration-")
certificates(work.name)


def path(name):
    return os.path.join(work.name, name)


def write(name, text):
    """Put a file in place as a whole."""
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with open(path(name + ".new"), "w") as file:
        file.write(text)
    os.rename(path(name + ".new"), path(name))
    return path(name)


def configuration(directory, elements="", users="<bob><password>builder</password></bob>", mode=None, files="server"):
    """A configuration file; with `mode` it has TLS with that verificationMode."""
    tls = mode and f"""<openSSL><server><certificateFile>{path(files)}.crt</certificateFile>
      <privateKeyFile>{path(files)}.key</privateKeyFile><caConfig>{path("ca.crt")}</caConfig>
      <loadDefaultCAFile>false</loadDefaultCAFile><verificationMode>{mode}</verificationMode></server></openSSL>"""
    return write(f"{directory}/config.xml", f"""<clickhouse><listen_host>127.0.0.1</listen_host><postgresql_port>0</postgresql_port>
      {elements}{tls or ""}<users>{users}</users></clickhouse>""")


def started(*arguments):
    """How a pgreference that is not to start ends: exit status and stderr."""
    done = subprocess.run([PROGRAM, "--listen", "127.0.0.1", "--port", "0", *arguments], capture_output=True, text=True, timeout=DEADLINE)
    return done.returncode, done.stderr


def login(server, user="bob", password="builder", more="", ok=True):
    return psql(f"host=127.0.0.1 port={server.port} dbname=default user={user} {more}", "-c", "SELECT 'in'", password=password, ok=ok)


def reload(server, outcome="The configuration was reread"):
    before = len(server.log())
    server.process.send_signal(signal.SIGHUP)
    return server.wait_for_log(outcome, before)


@check("unusable files named by flags are fatal: one line that names the file, status 1")
def _():
    write("nonsense.pem", "nothing that is PEM\n")
    good = {"--certificate": path("server.crt"), "--private-key": path("server.key")}
    for flag, value, file in (("--certificate", path("missing.crt"), "missing.crt"), ("--certificate", path("nonsense.pem"), "nonsense.pem"),
                              ("--private-key", path("missing.key"), "missing.key"), ("--private-key", path("nonsense.pem"), "nonsense.pem"),
                              ("--private-key", path("client.key"), "client.key"),
                              ("--client-ca", path("missing.crt"), "missing.crt"), ("--client-ca", path("nonsense.pem"), "nonsense.pem")):
        for quiet in ([], ["--quiet"]):
            status, text = started(*(word for pair in (good | {flag: value}).items() for word in pair), *quiet)
            expect(status == 1, f"{flag} {value}: exit status {status}\n{text}")
            expect(text.count("\n") == 1, text)
            expect_in(file, text)


@check("unusable files named by a configuration switch TLS off, with an error in the log")
def _():
    server = Server(PROGRAM, "-C", configuration("broken", mode="relaxed", files="missing"))
    expect_in("<Error> Application: TLS is off: ", server.log())
    expect(login(server, more="sslmode=prefer") == "in\n", "plaintext")
    expect_in("server does not support SSL", login(server, more="sslmode=require", ok=False))
    server.stop()


good = f"sslcert={path('client.crt')} sslkey={path('client.key')}"
foreign = f"sslcert={path('foreign.crt')} sslkey={path('foreign.key')}"
for mode, admitted in (("none", {"good", "foreign", "absent"}), ("relaxed", {"good", "absent"}), ("strict", {"good"}), ("once", {"good"})):
    def verified(mode=mode, admitted=admitted):
        server = Server(PROGRAM, "-C", configuration(f"mode-{mode}", mode=mode))
        for version in ("TLSv1.2", "TLSv1.3"):
            for kind, certificate in (("good", good), ("foreign", foreign), ("absent", "")):
                logged = len(server.log())
                login(server, more=f"sslmode=require ssl_max_protocol_version={version} {certificate}", ok=kind in admitted)
                # The client is told before the log is: wait for the line that must come, and count them all at the end.
                if kind not in admitted:
                    server.wait_for_log("TLS was not established", logged)
        expect(login(server, more="sslmode=disable") == "in\n", "plaintext")
        server.stop()
        expect(server.log().count("TLS was not established") == 2 * (3 - len(admitted)), server.log())
    check(f"verificationMode {mode}, over TLS 1.2 and 1.3, takes a client certificate that is {', '.join(sorted(admitted))}")(verified)


@check("a certificate changed on disk is taken up by the next connection; broken files leave the old one in force")
def _():
    for name in ("server.crt", "server.key"):
        shutil.copy(path(name), path("live-" + name))
    server = Server(PROGRAM, "-C", configuration("live", mode="none", files="live-server"))
    old = f"sslmode=verify-ca sslrootcert={path('ca.crt')}"
    new = f"sslmode=verify-ca sslrootcert={path('foreign.crt')}"
    expect(login(server, more=old) == "in\n", "before")
    login(server, more=new, ok=False)

    staying = Terminal("psql", "-X", f"host=127.0.0.1 port={server.port} dbname=default user=bob password=builder {old}")
    staying.wait_for("default=")

    with open(path("foreign.crt")) as file:
        write("live-server.crt", file.read())
    logged = len(server.log())
    for _ in range(2):
        expect(login(server, more=old) == "in\n", "with a key that belongs to the other certificate")
    lines = server.log()[logged:].splitlines()
    expect(len(lines) == 1 and "<Error> Application: The old certificate stays in force: " in lines[0] and "live-server" in lines[0], str(lines))

    with open(path("foreign.key")) as file:
        write("live-server.key", file.read())
    expect(login(server, more=new) == "in\n", "after")
    login(server, more=old, ok=False)

    os.unlink(path("live-server.key"))
    expect(login(server, more=new) == "in\n", "after the key was removed")
    staying.type("SELECT 'still ' || 'here';")
    staying.wait_for("still here")
    staying.end()
    server.stop()


@check("TLS that was off for want of a file comes on when the file is there")
def _():
    server = Server(PROGRAM, "-C", configuration("late", mode="none", files="late"))
    expect_in("server does not support SSL", login(server, more="sslmode=require", ok=False))
    for end in ("crt", "key"):
        shutil.copy(path("server." + end), path("late." + end))
    expect(login(server, more="sslmode=require") == "in\n", "late")
    server.stop()


@check("SIGHUP rereads users, networks, limits, TLS and log level; sessions go on")
def _():
    server = Server(PROGRAM, "-C", configuration("hup"), "--user", "flag:stays")
    terminal = Terminal("psql", "-X", f"host=127.0.0.1 port={server.port} dbname=default user=bob password=builder")
    terminal.wait_for("default=")
    configuration("hup", users="<eve><password>one</password></eve><far><no_password/><networks><ip>192.0.2.0/24</ip></networks></far>",
                  mode="strict", elements="<postgresql_require_secure_transport>1</postgresql_require_secure_transport>")
    reload(server)
    expect_in("a secure connection is required", login(server, "eve", "one", ok=False, more="sslmode=disable"))
    login(server, "eve", "one", more="sslmode=require", ok=False)
    expect(login(server, "eve", "one", more=f"sslmode=require {good}") == "in\n", "eve")
    expect(login(server, "flag", "stays", more=f"sslmode=require {good}") == "in\n", "flag")
    for user in ("bob", "far"):
        expect_in("password authentication failed", login(server, user, more=f"sslmode=require {good}", ok=False))
    terminal.type("SELECT 'still ' || 'here';")
    terminal.wait_for("still here")
    terminal.end()

    before = len(server.log())
    configuration("hup", elements="<logger><level>warning</level></logger><listen_backlog>7</listen_backlog>")
    reload(server, "<listen_backlog> has changed")
    expect(login(server) == "in\n", "bob again")
    expect("<Information>" not in server.log()[before:], server.log())
    expect(server.stop() == 0, "exit status")


@check("a broken configuration changes nothing: one line in the log")
def _():
    server = Server(PROGRAM, "-C", configuration("kept", mode="none"))
    for breakage in (dict(users="<bob><password>other</password></bob><bob/>"), dict(mode="none", files="missing", users="<bob><password>other</password></bob>"),
                     dict(elements="<logger><level>loud</level></logger>", users="<bob><password>other</password></bob>")):
        configuration("kept", **breakage)
        before = len(server.log())
        reload(server, "The old configuration stays in force: ")
        expect(login(server, more="sslmode=require") == "in\n", "as before")
        login(server, password="other", ok=False)
        lines = [line for line in server.log()[before:].splitlines() if "Application" in line]
        expect(len(lines) == 1 and "<Error>" in lines[0], str(lines))
    server.stop()


@check("what cannot change while running is warned about and stays")
def _():
    server = Server(PROGRAM, "-C", configuration("fixed"))
    configuration("fixed", elements="<listen_host>::1</listen_host><listen_backlog>7</listen_backlog>"
                  f"<postgresql_server_version>1.2</postgresql_server_version><logger><log>{path('new.log')}</log></logger>")
    for _ in range(2):
        logged = len(server.log())
        reload(server)
        for name in ("listen_host", "listen_backlog", "postgresql_server_version", "log"):
            expect_in(f"<Warning> Application: <{name}> has changed, which takes a restart to come into force", server.log()[logged:])
    expect(login(server) == "in\n", "still listening")
    server.stop()


class Raw:
    """A client that says what it is told to, from an address of its own choice."""

    def __init__(self, server, user=None, source="127.0.0.1"):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE, source_address=(source, 0))
        if user is not None:
            body = struct.pack("!I", 0x30000) + f"user\0{user}\0database\0default\0\0".encode()
            self.socket.sendall(struct.pack("!I", len(body) + 4) + body)

    def to_the_end(self):
        arrived = b""
        while more := self.socket.recv(65536):
            arrived += more
        return arrived

    def mechanism(self):
        """AuthenticationSASL and the server's first message to a SCRAM login."""
        self.socket.recv(1024)
        first = b"n,,n=,r=abc"
        body = b"SCRAM-SHA-256\0" + struct.pack("!I", len(first)) + first
        self.socket.sendall(b"p" + struct.pack("!I", len(body) + 4) + body)
        match = re.search(rb"s=([^,]*),i=(\d+)$", self.socket.recv(1024))
        return match.group(1), match.group(2)


@check("a client that does not log in in time is closed without a word, as PostgreSQL does")
def _():
    server = Server(PROGRAM, "-C", configuration("slow", elements="<postgresql_authentication_timeout>1</postgresql_authentication_timeout>"))
    silent, halfway = Raw(server), Raw(server, "bob")
    expect(silent.to_the_end() == b"", "silent")
    expect(halfway.to_the_end() == b"R\0\0\0\x08\0\0\0\x03", "halfway")
    server.wait_for_log("canceling authentication due to timeout")
    server.stop()


@check("an unknown user is asked with the salt's length and the iterations of one that there is")
def _():
    salted = "<password_scram_sha256_hex{}>04e7a70338d7af7bb6142fe7e19fef46d9b605f3e78b932a60e8200ef9154976</password_scram_sha256_hex>"
    server = Server(PROGRAM, "-C", configuration("mock", users=f"<empty>{salted.format('')}</empty>"))
    expect(Raw(server, "empty").mechanism() == (b"", b"4096"), "empty")
    expect(Raw(server, "nobody").mechanism() == (b"", b"4096"), "nobody")
    configuration("mock", users="<bob>" + salted.format(' salt="c2FsdA=="') + "</bob>")
    reload(server)
    mock = Raw(server, "nobody").mechanism()
    expect(len(mock[0]) == 8 and mock[1] == b"4096", str(mock))
    expect(mock == Raw(server, "nobody").mechanism(), "another salt the second time")
    reload(server)
    expect(mock == Raw(server, "nobody").mechanism(), "another salt after rereading")
    server.stop()


def admits(networks, source, user="guest"):
    """Does a user of these networks get in without a password from this address? The answer's first message tells."""
    configuration("networks", users=f"<guest><no_password/><networks>{networks}</networks></guest>")
    reload(networks_server)
    return Raw(networks_server, user, source).socket.recv(9) == b"R\0\0\0\x08\0\0\0\0"


networks_server = Server(PROGRAM, "-C", configuration("networks"))


@check("networks: addresses with and without masks")
def _():
    for networks, near, far in (("<ip>127.0.0.1</ip>", True, False), ("<ip>127.9.0.0/16</ip>", False, True), ("<ip>127.0.0.0/8</ip>", True, True),
                                ("<ip>127.9.0.0/255.255.0.0</ip>", False, True), ("<ip>::/0</ip>", True, True), ("<ip>::1</ip>", False, False),
                                ("<ip>::ffff:127.0.0.1</ip>", True, False), ("<ip>::ffff:127.9.0.0/ffff:ffff:ffff:ffff:ffff:ffff:ffff:0</ip>", False, True),
                                ("<ip>192.0.2.1</ip><ip>127.9.9.9</ip>", False, True), ("", False, False)):
        expect(admits(networks, "127.0.0.1") == near, f"{networks} from 127.0.0.1")
        expect(admits(networks, "127.9.9.9") == far, f"{networks} from 127.9.9.9")


@check("networks: a host admits the addresses of its name, and a lookup that fails nobody")
def _():
    for networks, near in (("<host>localhost</host>", True), ("<host>127.0.0.1</host>", True), ("<host>does-not-exist.invalid</host>", False),
                           ("<host>does-not-exist.invalid</host><host>localhost</host>", True), ("<host>127.9.9.8</host><ip>127.0.0.1</ip>", True)):
        expect(admits(networks, "127.0.0.1") == near, f"{networks} from 127.0.0.1")
        expect(not admits(networks, "127.9.9.9"), f"{networks} from 127.9.9.9")


@check("networks: a pattern matches the whole name that the address has, and admits no address without one")
def _():
    own = re.escape(socket.gethostbyaddr("127.0.0.1")[0])
    for pattern, near in ((f"^{own}$", True), (own, True), (".*", True), (own[:-1], False), (f"{own}.+", False), ("other|" + own, True)):
        expect(admits(f"<host_regexp>{pattern}</host_regexp>", "127.0.0.1") == near, f"{pattern} from 127.0.0.1")
        expect(not admits(f"<host_regexp>{pattern}</host_regexp>", "127.9.9.9"), f"{pattern} from 127.9.9.9")
    for user in ("nobody", "guest2"):
        expect(not admits("<host_regexp>.*</host_regexp>", "127.0.0.1", user), user)


@check("networks: names are looked up behind TLS and SCRAM too, and a name that is refused looks like a wrong password")
def _():
    scram = "<password_scram_sha256_hex>04e7a70338d7af7bb6142fe7e19fef46d9b605f3e78b932a60e8200ef9154976</password_scram_sha256_hex>"
    server = Server(PROGRAM, "-C", configuration("names", mode="none", users=f"""
      <near>{scram}<networks><host>localhost</host></networks></near><far>{scram}<networks><host>does-not-exist.invalid</host></networks></far>"""))
    for mode in ("require", "disable"):
        expect(login(server, "near", "abacaba", f"sslmode={mode}") == "in\n", mode)
        expect_in('password authentication failed for user "far"', login(server, "far", "abacaba", f"sslmode={mode}", ok=False))
        server.wait_for_log('user "far" may not log in from 127.0.0.1:')
    server.stop()


@check("networks: a pattern that is none keeps the server from starting")
def _():
    file = configuration("pattern", users="<bob><no_password/><networks><host_regexp>a(</host_regexp></networks></bob>")
    status, text = started("-C", file)
    expect(status == 1 and text.startswith(file) and "<host_regexp>" in text and text.count("\n") == 1, text)


@check("an MD5 verifier, in PostgreSQL's form or made by a flag, is logged in with, and its hash alone is no password")
def _():
    # md5('builder' || 'bob')
    stored = "md5" + hashlib.md5(b"builderbob").hexdigest()
    server = Server(PROGRAM, "-C", configuration("md5", users=f"<bob><password_md5>{stored}</password_md5></bob>"), "--md5-user", "eve:apple")
    expect(login(server) == "in\n", "bob")
    expect(login(server, "eve", "apple") == "in\n", "eve")
    for wrong in ("wrong", stored, stored[3:]):
        expect_in("password authentication failed", login(server, password=wrong, ok=False))
    expect(Raw(server, "bob").socket.recv(8) == b"R\0\0\0\x0c\0\0\0", "AuthenticationMD5Password")
    server.stop()
    status, text = started("-C", configuration("md5", users="<bob><password_md5>md5ABC</password_md5></bob>"))
    expect(status == 1 and "<password_md5>: is no MD5 verifier, expected md5 and 32 lower-case" in text, text)


@check("a user whom flags name twice is wrong usage")
def _():
    for flags in (["--user", "bob:a", "--user", "bob:b"], ["--user", "bob:a", "--no-password-user", "bob"]):
        status, text = started(*flags)
        expect((status, text) == (2, "pgreference: user bob is given twice\n"), text)


@check("what cannot be written is told: a log file that is full, a line for users.xml that is lost")
def _():
    server = Server(PROGRAM, "-C", configuration("full", elements="<logger><log>/dev/full</log></logger>"))
    expect(server.log().count("<Error> Application: /dev/full: the log file cannot be written: No space left on device\n") == 1, server.log())
    expect(login(server) == "in\n", "served all the same")
    server.stop()
    with open("/dev/full", "w") as full:
        done = subprocess.run([PROGRAM, "--scram-line"], input="secret\n", stdout=full, stderr=subprocess.PIPE, text=True)
    expect((done.returncode, done.stderr) == (1, "pgreference: standard output cannot be written: No space left on device\n"), done.stderr)


@check("--scram-line makes a user's line from a password, typed without echo or piped")
def _():
    terminal = Terminal(PROGRAM, "--scram-line")
    terminal.wait_for("Password: ")
    terminal.type("pencil sharpener")
    terminal.wait_for("Again: ")
    terminal.type("pencil sharpener")
    seen = terminal.wait_for("</password_scram_sha256>")
    expect("pencil" not in seen, seen)
    typed = seen.strip()
    piped = subprocess.run([PROGRAM, "--scram-line"], input="pencil sharpener\n", capture_output=True, text=True, timeout=DEADLINE).stdout.strip()
    expect(typed != piped, "the salt is not random")
    terminal.end()
    server = Server(PROGRAM, "-C", configuration("line", users=f"<typed>{typed}</typed><piped>{piped}</piped>"))
    for user in ("typed", "piped"):
        expect(login(server, user, "pencil sharpener") == "in\n", user)
        login(server, user, "pencil", ok=False)
    server.stop()
    for nothing in ("", "\n"):
        done = subprocess.run([PROGRAM, "--scram-line"], input=nothing, capture_output=True, text=True, timeout=DEADLINE)
        expect(done.returncode == 1 and done.stdout == "" and done.stderr.count("\n") == 1, str(done))


sys.exit(run())
