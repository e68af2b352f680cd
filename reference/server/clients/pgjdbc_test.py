#!/usr/bin/env python3
"""The PostgreSQL JDBC driver against pgreference: Pgjdbc.java with a server and certificates. TAP.

usage: pgjdbc_test.py PGREFERENCE
"""

import os
import subprocess
import sys
import tempfile

from support import Server, certificates, sample_copy

HERE = os.path.dirname(os.path.abspath(__file__))
DRIVER = "/usr/share/java/postgresql.jar"

work = tempfile.TemporaryDirectory(prefix="pgconform-pgjdbc-")
certificates(work.name)
sample = sample_copy(work.name)
os.mkdir(os.path.join(sample, "users.d"))
with open(os.path.join(sample, "users.d", "salted.xml"), "w") as overlay:
    # The password is abacaba; the verifier was made by PostgreSQL 15.
    overlay.write("<clickhouse><users><salted><password_scram_sha256>SCRAM-SHA-256$4096:b0v51GliEfTwR8+LnaMMeQ==$G6lwjIPOsircRV3gXE9zd/ADwpZD6lUUlYiBpt8xTDs=:CcRbetY5EdBWN7R1MB5zEhCTG6XVcHctq4h48SETBrI=</password_scram_sha256></salted></users></clickhouse>")
server = Server(sys.argv[1], "-C", os.path.join(sample, "config.xml"), "--certificate", f"{work.name}/server.crt",
                "--private-key", f"{work.name}/server.key")
try:
    done = subprocess.run(["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", DRIVER, os.path.join(HERE, "Pgjdbc.java"),
                           str(server.port), f"{work.name}/ca.crt"], timeout=240)
finally:
    server.stop()
sys.exit(done.returncode)
