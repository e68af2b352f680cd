#!/usr/bin/env python3
"""What pgconform says and how it ends where it is used wrongly, or where there is no server: cli_test.py PGCONFORM"""
import json
import os
import socket
import subprocess
import sys
import xml.etree.ElementTree as xml

from tap import Program, expect, one_line, run, status

pgconform = Program(sys.argv[1])
CASE = '=== one\ntitle: One row\n\nF Query {"query":"SELECT 1"}\nB RowDescription\n'
DEAD = "postgresql://nobody@127.0.0.1:{}/none"


def dead_target():
    """A port on which nobody listens, and nobody can begin to while the socket is held."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    return holder, DEAD.format(holder.getsockname()[1])


def version():
    """--version tells the version"""
    result = pgconform("--version")
    status(result, 0)
    expect(result.stdout.startswith("pgconform "), result.stdout)


def help_text():
    """--help lists the commands"""
    result = pgconform("--help")
    status(result, 0)
    expect("check" in result.stdout and "explain" in result.stdout, result.stdout)


def no_command():
    """no command is wrong usage"""
    one_line(pgconform(), 2, "subcommand")


def unknown_command():
    """an unknown command is named"""
    one_line(pgconform("frobnicate"), 2, "no command frobnicate")


def unknown_option():
    """an unknown option is named"""
    one_line(pgconform("check", "--frobnicate"), 2, "--frobnicate", "see pgconform check --help")


def bad_values():
    """values out of range are wrong usage"""
    for option in (["--gate", "may"], ["--jobs", "0"], ["--timeout", "soon"], ["--deadline", "-1"]):
        one_line(pgconform("check", *option), 2, option[0])
    one_line(pgconform("check", "--postgresql", "new"), 2, "--postgresql new")
    for version in ("3", "99"):
        one_line(pgconform("check", DEAD.format(1), "--postgresql", version), 2, "--postgresql " + version, "9 to 18")
    one_line(pgconform("check", "--run", ""), 2, '--run "" names no case')


def empty_target():
    """an empty target never means the bundled server"""
    one_line(pgconform("check", ""), 2, "empty")


def empty_target_with_environment():
    """an empty target does not mean the environment's either"""
    one_line(pgconform("check", "", PGHOST="127.0.0.1"), 2, "empty")


def bad_target():
    """a target with an unknown key names it"""
    one_line(pgconform("check", "host=localhost colour=red"), 2, "colour")


def missing_description():
    """a target description that is not there is named"""
    one_line(pgconform("check", "@nowhere.json"), 2, "nowhere.json: No such file")
    one_line(pgconform("check", "@/"), 2, "@/: Is a directory")


def broken_description():
    """what is wrong with a target description is told with its place, and never shows what is written there"""
    path = pgconform.file("t.json", '{"uri":secret}')
    result = pgconform("check", "@" + path)
    one_line(result, 2, "t.json: byte 8: not JSON")
    expect("secret" not in result.stderr, result.stderr)
    for key in ("ca", "client_certificate", "client_key"):
        pgconform.file("t.json", json.dumps({"uri": DEAD.format(1), key: "nope.pem"}))
        one_line(pgconform("check", "@" + path), 2, f'"{key}"', "nope.pem: No such file")


def reported_unreachable(why):
    with open(os.path.join(pgconform.directory.name, "out.json"), encoding="utf-8") as file:
        told = json.load(file)
    expect(told["status"] == 3 and told["cases"] and why in told["problems"][0], told)
    expect(all(each["verdict"] == "skipped" for each in told["cases"]), told["cases"][0])
    root = xml.parse(os.path.join(pgconform.directory.name, "out.xml")).getroot()
    suites = {each.get("name"): each for each in root}
    expect(suites["the run itself"].get("failures") == "1", suites)
    cases = suites["query"]
    expect(cases.get("tests") == cases.get("skipped") == str(len(told["cases"])), cases.attrib)


def unreachable():
    """an unreachable target ends with 3, and the reports tell it of every case"""
    holder, target = dead_target()
    with holder:
        result = pgconform("check", target, "--run", "query/**", "--report", "json=out.json,junit=out.xml")
        one_line(result, 3, "127.0.0.1", "refused")
        expect(result.stdout.splitlines()[0].endswith(target + "?sslmode=prefer"), result.stdout)
        reported_unreachable("refused")


def environment_names_a_target():
    """without a target PGHOST and PGPORT name it"""
    holder, target = dead_target()
    with holder:
        port = target.split(":")[2].split("/")[0]
        one_line(pgconform("check", PGHOST="127.0.0.1", PGPORT=port, PGUSER="nobody"), 3, "127.0.0.1:" + port)


def profile_without_target():
    """--profile without a target is wrong usage"""
    one_line(pgconform("check", "--profile", "postgresql"), 2, "--profile")


def unknown_profile():
    """an unknown profile lists the known"""
    one_line(pgconform("check", DEAD.format(1), "--profile", "nope"), 2, "nope", "postgresql")


def broken_profile():
    """a broken profile is told with file, place and what was expected"""
    path = pgconform.file("p.json", json.dumps({"format": 1, "name": "p", "gate": "may"}))
    one_line(pgconform("check", DEAD.format(1), "--profile", path), 2, path, "/gate", "must, should, postgresql")


def unknown_case():
    """a pattern that names no case is named"""
    one_line(pgconform("check", DEAD.format(1), "--run", "no/such/*"), 2, "no/such/*")
    one_line(pgconform("check", DEAD.format(1), "--skip", "no/such/*"), 2, "no/such/*")


def nothing_selected():
    """selecting nothing is wrong usage"""
    one_line(pgconform("check", DEAD.format(1), "--skip", "**"), 2, "no case is selected")


def broken_catalogue():
    """a case that cannot be read is told with file and line"""
    path = pgconform.file("bad/x.case", CASE + "Z nonsense\n")
    one_line(pgconform("check", "--cases", os.path.dirname(path), "--list"), 2, "x.case:6")


def empty_catalogue():
    """a directory without cases is no catalogue"""
    os.mkdir(os.path.join(pgconform.directory.name, "empty"))
    one_line(pgconform("check", "--cases", "empty", "--list"), 2, "no .case file")


def bad_report():
    """a report that cannot be written is known before anything runs"""
    one_line(pgconform("check", DEAD.format(1), "--report", "json=/nowhere/x.json"), 2, "/nowhere")
    one_line(pgconform("check", DEAD.format(1), "--report", "yaml=x"), 2, "json=FILE or junit=FILE")


def unwritable():
    """what cannot be written is told, and is no success"""
    with open("/dev/full", "wb", buffering=0) as full:
        for arguments in (["--help"], ["check", "--list"], ["explain", "query/simple/one-row"]):
            for how, why in ((full, "No space left"), (None, "Bad file descriptor")):
                result = subprocess.run([pgconform.path, *arguments], stdout=how, stderr=subprocess.PIPE, text=True,
                                        timeout=60, check=False, env=pgconform.environment,
                                        preexec_fn=None if how else lambda: os.close(1))
                result.stdout = ""
                one_line(result, 3, "cannot write to standard output: " + why)
    result = pgconform("check", "--pgreference", "/bin/false", "--run", "query/**", "--report", "json=/dev/full")
    one_line(result, 3, "/dev/full", "No space left")


def listing():
    """--list tells id, level, requirements and title, and asks no server"""
    result = pgconform("check", "--list", "--run", "query/**")
    status(result, 0)
    expect("query/simple/one-row  [" in result.stdout and "SQ-01]" in result.stdout, result.stdout)
    expect("startup/" not in result.stdout, result.stdout)
    one = pgconform("check", "--list", "--run", "query/simple/one-row").stdout
    expect(one.endswith("\n1 case\n"), one)


def explaining():
    """explain shows a case as it is written"""
    path = pgconform.file("good/x.case", CASE)
    result = pgconform("explain", "x/one", "--cases", os.path.dirname(path))
    status(result, 0)
    expect("One row" in result.stdout and 'F Query {"query":"SELECT 1"}' in result.stdout, result.stdout)
    one_line(pgconform("explain", "x/two"), 2, "x/two")


def no_server():
    """a bundled server that cannot be started is told with why"""
    one_line(pgconform("check", "--pgreference", "/nowhere/pgreference"), 3, "/nowhere/pgreference", "No such file")
    one_line(pgconform("check", "--pgreference", "/bin/false", "--run", "query/**", "--report",
                       "json=out.json,junit=out.xml"), 3, "/bin/false", "status 1")
    reported_unreachable("/bin/false")


run(version, help_text, no_command, unknown_command, unknown_option, bad_values, empty_target,
    empty_target_with_environment, bad_target, missing_description, broken_description, unreachable, environment_names_a_target,
    profile_without_target, unknown_profile, broken_profile, unknown_case, nothing_selected, broken_catalogue,
    empty_catalogue, bad_report, unwritable, listing, explaining, no_server)
