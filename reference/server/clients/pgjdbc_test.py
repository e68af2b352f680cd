#!/usr/bin/env python3
"""The PostgreSQL JDBC driver on pgreference and on PostgreSQL: the suite in pgjdbc/. TAP.

usage: pgjdbc_test.py PGREFERENCE [TARGETS_POSTGRESQL [ONLY_CHECKS_WITH_THIS_IN_THEIR_NAME]]
"""

import glob
import os
import subprocess
import sys
import tempfile

from support import Server, sample_copy
from targets import Both

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pgjdbc")
DRIVER = "/usr/share/java/postgresql.jar"

work = tempfile.TemporaryDirectory(prefix="pgconform-pgjdbc-")
subprocess.run(["javac", "-J-XX:TieredStopAtLevel=1", "-Xlint:all", "-Werror", "-encoding", "UTF-8", "-cp", DRIVER, "-d", work.name, *glob.glob(f"{SOURCES}/*.java")], check=True)
targets = Both(sys.argv[1:])
servers = [part for target in targets.all for part in (target.name, str(target.port), target.database, target.ca)]
documented = None
try:
    if sys.argv[1] != "-":
        sample = sample_copy(work.name)
        os.mkdir(os.path.join(sample, "users.d"))
        with open(os.path.join(sample, "users.d", "salted.xml"), "w") as overlay:
            # The password is abacaba; the verifier was made by PostgreSQL 15.
            overlay.write("<clickhouse><users><salted><password_scram_sha256>SCRAM-SHA-256$4096:b0v51GliEfTwR8+LnaMMeQ==$G6lwjIPOsircRV3gXE9zd/ADwpZD6lUUlYiBpt8xTDs=:CcRbetY5EdBWN7R1MB5zEhCTG6XVcHctq4h48SETBrI=</password_scram_sha256></salted></users></clickhouse>")
        files = targets.all[0].files.name
        documented = Server(sys.argv[1], "-C", os.path.join(sample, "config.xml"), "--certificate", f"{files}/server.crt", "--private-key", f"{files}/server.key")
        servers += ["documented", str(documented.port), "default", f"{files}/ca.crt"]
    only = [f"-Donly={text}" for text in sys.argv[3:4]]
    done = subprocess.run(["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Duser.timezone=America/New_York", "-Dfile.encoding=UTF-8", *only,
                           "-cp", f"{work.name}:{DRIVER}", "Suite", *servers], timeout=240)
finally:
    if documented:
        documented.stop()
    targets.stop()
sys.exit(done.returncode)
