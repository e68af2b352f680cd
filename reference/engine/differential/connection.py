"""A client that shows messages as they came: simple queries in text, extended ones in binary."""
import select
import socket
import struct
import time


class Connection:
    """Logs in without a password. `connect` is an address as socket.connect takes it."""

    def __init__(self, address, user, database):
        self.socket = socket.socket(socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX)
        self.socket.connect(address)
        self.buffer = b""
        body = f"user\0{user}\0database\0{database}\0TimeZone\0UTC\0\0".encode()
        self.socket.sendall(struct.pack("!ii", len(body) + 8, 196608) + body)
        while True:
            tag, body = self.read()
            if tag == b"E":
                raise SystemExit(f"login failed: {fields(body)['M']}")
            if tag == b"Z":
                break

    def close(self):
        self.socket.close()

    def exactly(self, n):
        while len(self.buffer) < n:
            chunk = self.socket.recv(65536)
            if not chunk:
                raise SystemExit("the server closed the connection")
            self.buffer += chunk
        taken, self.buffer = self.buffer[:n], self.buffer[n:]
        return taken

    def read(self):
        tag, length = struct.unpack("!ci", self.exactly(5))
        return tag, self.exactly(length - 4)

    def send(self, *messages):
        self.socket.sendall(b"".join(tag + struct.pack("!i", len(body) + 4) + body for tag, body in messages))
        self.messages = []

    def finished(self, seconds):
        """Whether the whole answer has come, or comes before `seconds` have passed."""
        until = time.monotonic() + seconds
        while not self.messages or self.messages[-1][0] != b"Z":
            if not self.buffer and not select.select([self.socket], [], [], max(0, until - time.monotonic()))[0]:
                return False
            self.messages.append(self.read())
        return True

    def query(self, sql):
        """The answer to a simple query."""
        self.send((b"Q", sql.encode() + b"\0"))
        self.finished(60)
        return self.messages

    def execute(self, sql):
        """The answer to Parse, Bind with results in binary, Describe, Execute, Sync."""
        self.send((b"P", b"\0" + sql.encode() + b"\0\0\0"), (b"D", b"S\0"), (b"B", b"\0\0\0\0\0\0\0\1\0\1"),
                  (b"E", b"\0\0\0\0\0"), (b"S", b""))
        self.finished(60)
        return self.messages


def fields(body):
    """The fields of an ErrorResponse or NoticeResponse by their letters."""
    return {f[:1].decode(): f[1:].decode() for f in body.split(b"\0") if f}


def columns(body):
    """The columns of a RowDescription: name, table, attribute, type, size, modifier, format."""
    count, place = struct.unpack_from("!h", body)[0], 2
    for _ in range(count):
        end = body.index(b"\0", place)
        yield (body[place:end].decode(), *struct.unpack_from("!ihihih", body, end + 1))
        place = end + 19


def values(body):
    """The values of a DataRow: bytes, None for NULL."""
    count, place = struct.unpack_from("!h", body)[0], 2
    for _ in range(count):
        length = struct.unpack_from("!i", body, place)[0]
        place += 4
        yield None if length < 0 else body[place:place + length]
        place += max(length, 0)
