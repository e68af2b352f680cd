"""What a message means, in the project's JSON form with every field written out: a second reading of the manual
(protocol-message-formats), kept apart from the C++ one so that the golden pairs can catch a mistake in either."""
import struct


class Body:
    def __init__(self, data):
        self.data = data

    def take(self, count):
        assert len(self.data) >= count, "too short"
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(form)))[0]

    def string(self):
        end = self.data.index(0)
        return text(self.take(end + 1)[:-1])


def is_shown(character):
    return character in "\t\n\r" or not (ord(character) < 32 or 127 <= ord(character) < 160)


def text(data):
    """Text if it is printable UTF-8, else hex."""
    try:
        decoded = data.decode("utf-8")
    except UnicodeDecodeError:
        return hexed(data)
    return decoded if all(map(is_shown, decoded)) else hexed(data)


def hexed(data):
    return {"hex": data.hex()}


int8, int16, int32, oid = (lambda body, form=form: body.number(form) for form in "bhiI")


def string(body):
    return body.string()


def byte(body):
    return text(body.take(1))


def version(body):
    return "%d.%d" % (body.number("H"), body.number("H"))


def value(body):
    length = body.number("i")
    return None if length == -1 else text(body.take(length))


def rest(body):
    return text(body.take(len(body.data)))


def binary(body):
    return hexed(body.take(len(body.data)))


def salt(body):
    return hexed(body.take(4))


def counted(element, form="H"):
    return lambda body: [element(body) for _ in range(body.number(form))]


def terminated(element):
    def read(body):
        elements = []
        while body.data[:1] != b"\0":
            elements.append(element(body))
        body.take(1)
        return elements
    return read


def keyed(*element):
    def read(body):
        pairs = terminated(lambda body: [part(body) for part in element])(body)
        return dict(pairs) if len(dict(pairs)) == len(pairs) else pairs
    return read


def record(**fields):
    return lambda body: {name: read(body) for name, read in fields.items()}


column = record(name=string, table=oid, attribute=int16, type=oid, type_length=int16, type_modifier=int32, format=int16)
formats, values, oids = counted(int16), counted(value), counted(oid)
copy = {"format": int8, "column_formats": formats}
target = {"kind": byte, "name": string}
errors = keyed(byte, string)

# By name: the fields, in order. What is not here has none.
FRONTEND = {
    "Bind": {"portal": string, "statement": string, "parameter_formats": formats, "parameters": values,
             "result_formats": formats},
    "CancelRequest": {"pid": int32, "key": binary},
    "Close": target, "Describe": target,
    "CopyData": {"data": rest}, "CopyFail": {"message": string},
    "Execute": {"portal": string, "max_rows": int32},
    "FunctionCall": {"function": oid, "argument_formats": formats, "arguments": values, "result_format": int16},
    "GSSResponse": {"data": binary},
    "Parse": {"statement": string, "query": string, "parameter_types": oids},
    "PasswordMessage": {"password": string},
    "Query": {"query": string},
    "SASLInitialResponse": {"mechanism": string, "data": value}, "SASLResponse": {"data": rest},
    "StartupMessage": {"version": version, "parameters": keyed(string, string)},
}
BACKEND = {
    "AuthenticationMD5Password": {"salt": salt}, "AuthenticationGSSContinue": {"data": binary},
    "AuthenticationSASL": {"mechanisms": terminated(string)},
    "AuthenticationSASLContinue": {"data": rest}, "AuthenticationSASLFinal": {"data": rest},
    "BackendKeyData": {"pid": int32, "key": binary},
    "CommandComplete": {"tag": string},
    "CopyBothResponse": copy, "CopyInResponse": copy, "CopyOutResponse": copy, "CopyData": {"data": rest},
    "DataRow": {"values": values},
    "ErrorResponse": errors, "NoticeResponse": errors,
    "FunctionCallResponse": {"value": value},
    "GSSENCResponse": {"answer": byte}, "SSLResponse": {"answer": byte},
    "NegotiateProtocolVersion": {"version": version, "options": counted(string, "i")},
    "NotificationResponse": {"pid": int32, "channel": string, "payload": string},
    "ParameterDescription": {"parameter_types": oids},
    "ParameterStatus": {"name": string, "value": string},
    "ReadyForQuery": {"status": byte},
    "RowDescription": {"fields": counted(column)},
}
REQUESTS = ("CancelRequest", "SSLRequest", "GSSENCRequest")


def of(sender, name, frame):
    fields = (FRONTEND if sender == "F" else BACKEND).get(name, {})
    body = Body(frame)
    if not name.endswith(("SSLResponse", "GSSENCResponse")):
        if name not in REQUESTS and name != "StartupMessage":
            body.take(1)
        assert body.number("i") == len(body.data) + 4, "the length word"
        if name in REQUESTS or name.startswith("Authentication"):
            body.take(4)
    told = fields(body) if callable(fields) else record(**fields)(body)
    assert not body.data, "%s: %r left" % (name, body.data)
    return told
