"""Tests of a program from outside, told as TAP: each function given to run() is a claim, named by its docstring."""
import os
import subprocess
import sys
import tempfile


class Program:
    """The program under test, in an environment that names no server, in an empty directory."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        self.directory = tempfile.TemporaryDirectory(prefix="pgconform-test-")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}

    def file(self, name, text):
        path = os.path.join(self.directory.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def __call__(self, *arguments, **environment):
        return subprocess.run([self.path, *arguments], capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, cwd=self.directory.name,
                              env={**self.environment, **environment}, check=False)

    def start(self, *arguments):
        return subprocess.Popen([self.path, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                stdin=subprocess.DEVNULL, cwd=self.directory.name, env=self.environment)


def expect(condition, *told):
    if not condition:
        raise AssertionError("\n".join(str(each) for each in told))


def status(result, expected):
    expect(result.returncode == expected, f"exit status {result.returncode}, expected {expected}", result.stdout,
           result.stderr)


def one_line(result, expected, *words):
    """one_line: it ends with that status and one line on stderr that has all the words."""
    status(result, expected)
    lines = result.stderr.splitlines()
    expect(len(lines) == 1 and lines[0].startswith("pgconform: "), "not one line of ours:", result.stderr)
    for word in words:
        expect(word in lines[0], f"{word!r} is not in:", lines[0])


def run(*tests):
    print(f"1..{len(tests)}")
    failed = 0
    for number, test in enumerate(tests, 1):
        try:
            test()
            verdict = "ok"
        except Exception as error:  # the other claims are to be tried as well
            verdict = "not ok"
            failed += 1
            for line in f"{type(error).__name__}: {error}".splitlines():
                print("# " + line)
        print(f"{verdict} {number} - {test.__doc__}", flush=True)
    sys.exit(1 if failed else 0)
