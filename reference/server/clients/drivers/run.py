#!/usr/bin/env python3
"""Run a driver's suite on pgreference or on PostgreSQL: run.py SERVER COMMAND…

SERVER is the program pgreference, or the script ci/targets/postgresql. The command finds the server in PGHOST, PGPORT,
PGDATABASE and SERVER_CA, and the users of targets.py there.
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from targets import Pgreference, PostgreSQL  # noqa: E402

server = sys.argv[1]
target = (Pgreference if os.path.basename(server) == "pgreference" else PostgreSQL)(server)
try:
    environment = {**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(target.port), "PGDATABASE": target.database, "SERVER_CA": target.ca}
    status = subprocess.run(sys.argv[2:], env=environment, timeout=300).returncode
finally:
    target.stop()
sys.exit(status)
