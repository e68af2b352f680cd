#!/usr/bin/env python3
"""Each lie of a server is noticed by the catalogue: faults_test.py PGCONFORM PGREFERENCE FAULTY"""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from tap import Program, expect, run  # noqa: E402

pgconform = Program(sys.argv[1])
started = []


def start(*command):
    """start: a server that tells where it listens; the port."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    started.append(process)
    return int(process.stdout.readline().rsplit(":", 1)[1])


def failing(port):
    """failing: the cases that fail, and how many of them by a message that the conversation's rules forbid."""
    # One try of what never comes must not take long: nothing here takes time on a server that is right.
    pgconform("check", f"postgresql://trust@127.0.0.1:{port}/default?sslmode=disable", "--run",
              "extended/**,query/**,transaction/**,errors/**", "--gate", "postgresql", "--profile", "pgreference",
              "--jobs", "8", "--timeout", "0.4", "--report", "json=out.json")
    with open(os.path.join(pgconform.directory.name, "out.json"), encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    failed = [each for each in cases if each["verdict"] == "fail"]
    expect(len(cases) > len(failed) and not any(each["verdict"] == "broken" for each in cases), cases[:1])
    by_monitor = [each for each in failed if any("# against the protocol" in line for line in each["conversation"])]
    return failed, by_monitor


def noticed(name, what):
    def test():
        failed, by_monitor = failing(start(sys.argv[3], name, str(upstream)))
        expect(failed, f"no case fails where {what}")
        print(f"# {name}: {len(failed)} cases fail, in {len(by_monitor)} of them the monitor sees it")
    test.__doc__ = f"it is noticed where {what}"
    return test


def right():
    """without a lie nothing fails"""
    failed, _ = failing(upstream)
    expect(not failed, [(each["id"], each["failures"][0]["text"]) for each in failed])


try:
    upstream = start(sys.argv[2], "--listen", "127.0.0.1", "--port", "0", "--no-password-user", "trust", "--quiet")
    lies = subprocess.run([sys.argv[3], "--list"], capture_output=True, text=True, check=True).stdout.splitlines()
    run(right, *(noticed(*lie.split("\t")) for lie in lies))
finally:
    for each in started:
        each.kill()
