"""TAP for the suites in Python; the checks are coroutines or plain functions."""

import asyncio
import inspect
import os
import sys
import traceback

USERS = {"trust": "", "cleartext": "open-sesame", "md5": "salted-once", "scram": "pencil"}
HOST, PORT, DATABASE, CA = os.environ["PGHOST"], int(os.environ["PGPORT"]), os.environ["PGDATABASE"], os.environ["SERVER_CA"]
for name in ("PGHOST", "PGPORT", "PGDATABASE"):
    del os.environ[name]  # what a suite does not name itself, it does not get

_checks = []


def check(name):
    def register(function):
        _checks.append((name, function))
        return function
    return register


def equal(expected, actual):
    if expected != actual:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


async def _run():
    failed = 0
    print(f"1..{len(_checks)}", flush=True)
    for number, (name, function) in enumerate(_checks, 1):
        try:
            outcome = function()
            if inspect.isawaitable(outcome):
                await asyncio.wait_for(outcome, 30)
            print(f"ok {number} - {name}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            for line in traceback.format_exc().splitlines()[-12:]:
                print("#", line, flush=True)
    return 1 if failed else 0


def run():
    sys.exit(asyncio.run(_run()))
