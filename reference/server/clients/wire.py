"""Messages as bytes: what the tests send, and a reader of what comes back."""

import socket
import struct

PROTOCOL_3_0, PROTOCOL_3_2 = 0x30000, 0x30002


def frame(tag, body=b""):
    return tag + struct.pack("!I", len(body) + 4) + body


def text(string):
    return string.encode() + b"\0" if isinstance(string, str) else string + b"\0"


def codes(numbers):
    return struct.pack(f"!H{len(numbers)}h", len(numbers), *numbers)


def startup(user, database="default", version=PROTOCOL_3_0, **settings):
    body = struct.pack("!I", version)
    for name, value in {"user": user, "database": database, **settings}.items():
        body += text(name) + text(value)
    return frame(b"", body + b"\0")


def query(sql):
    return frame(b"Q", text(sql))


def parse(sql, *types, name=""):
    return frame(b"P", text(name) + text(sql) + struct.pack(f"!H{len(types)}I", len(types), *types))


def bind(*values, statement="", portal="", formats=(), results=()):
    """Values are str, bytes, or None for NULL."""
    body = text(portal) + text(statement) + codes(formats) + struct.pack("!H", len(values))
    for value in values:
        value = value.encode() if isinstance(value, str) else value
        body += struct.pack("!i", -1) if value is None else struct.pack("!I", len(value)) + value
    return frame(b"B", body + codes(results))


def describe(name="", kind=b"P"):
    return frame(b"D", kind + text(name))


def close(name="", kind=b"S"):
    return frame(b"C", kind + text(name))


def execute(portal="", rows=0):
    return frame(b"E", text(portal) + struct.pack("!i", rows))


def call(function, *values, formats=(), result=0):
    body = struct.pack("!I", function) + codes(formats) + struct.pack("!H", len(values))
    for value in values:
        body += struct.pack("!i", -1) if value is None else struct.pack("!I", len(value)) + value
    return frame(b"F", body + struct.pack("!H", result))


def copy_data(data):
    return frame(b"d", data)


SYNC, FLUSH, TERMINATE, COPY_DONE = frame(b"S"), frame(b"H"), frame(b"X"), frame(b"c")


class Client:
    """A connection to a server on 127.0.0.1; `opening` is sent at once."""

    reset_is_end = True  # a connection that the server resets counts as one that it ends

    def __init__(self, port, opening=b"", seconds=30):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        self.seconds, self.arrived = seconds, b""
        self.send(opening)

    def send(self, *messages):
        self.socket.sendall(b"".join(messages))

    def message(self):
        """The next message, type and body; None at the end of the stream."""
        while len(self.arrived) < 5 or len(self.arrived) < 1 + struct.unpack("!I", self.arrived[1:5])[0]:
            try:
                more = self.socket.recv(65536)
            except ConnectionError:
                if not self.reset_is_end:
                    raise
                return None
            if not more:
                return None
            self.arrived += more
        size = 1 + struct.unpack("!I", self.arrived[1:5])[0]
        message, self.arrived = self.arrived[:size], self.arrived[size:]
        return message[:1], message[5:]

    def until(self, tags=b"Z", count=1):
        """All messages up to the `count`th of these types, or to the end of the stream."""
        messages = []
        while count and (message := self.message()):
            messages.append(message)
            count -= message[0] in tags
        return messages

    def ask(self, *messages):
        self.send(*messages)
        return self.until()

    def close(self):
        self.socket.close()


def login(port, user, database="default", version=PROTOCOL_3_0, **settings):
    """A client that needs no password and is logged in; `greeting` is what it was told."""
    client = Client(port, startup(user, database, version, **settings))
    client.greeting = client.until()
    return client


def key(client):
    """The pid and the key of BackendKeyData."""
    return next((struct.unpack("!i", body[:4])[0], body[4:]) for tag, body in client.greeting if tag == b"K")


def cancel(port, pid, secret):
    """Send a cancel request; what the server says to it."""
    body = struct.pack("!Ii", 80877102, pid) + secret
    with socket.create_connection(("127.0.0.1", port), timeout=30) as request:
        request.sendall(frame(b"", body))
        try:
            return request.recv(100)
        except ConnectionError:
            return b""


def fields(body):
    """The fields of an ErrorResponse or NoticeResponse by their letters."""
    return {f[:1].decode(): f[1:].decode(errors="replace") for f in body.split(b"\0") if f}
