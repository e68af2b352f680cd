"""libpq, by way of ctypes: as much of it as its own pipelines need. Whatever is waited for has a deadline."""

import ctypes
import select
import time
from ctypes import POINTER, c_char_p, c_int, c_uint, c_void_p

from support import DEADLINE, expect

_lib = ctypes.CDLL("libpq.so.5")


class Notify(ctypes.Structure):
    _fields_ = [("relname", c_char_p), ("be_pid", c_int), ("extra", c_char_p)]


_NOTICE_PROCESSOR = ctypes.CFUNCTYPE(None, c_void_p, c_char_p)


def _declare(result, *names, arguments=(c_void_p,)):
    for name in names:
        function = getattr(_lib, name)
        function.restype, function.argtypes = result, list(arguments)


_declare(c_void_p, "PQconnectdb", arguments=(c_char_p,))
_declare(c_int, "PQstatus", "PQtransactionStatus", "PQenterPipelineMode", "PQexitPipelineMode", "PQpipelineStatus", "PQpipelineSync", "PQsendFlushRequest",
         "PQsetSingleRowMode", "PQflush", "PQconsumeInput", "PQisBusy", "PQsocket", "PQresultStatus", "PQntuples", "PQnfields", "PQnparams", "PQbackendPID")
_declare(c_int, "PQsetnonblocking", arguments=(c_void_p, c_int))
_declare(c_char_p, "PQerrorMessage", "PQcmdStatus", "PQresultErrorMessage")
_declare(c_void_p, "PQgetResult", "PQgetCancel")
_declare(c_void_p, "PQexec", arguments=(c_void_p, c_char_p))
_declare(None, "PQclear", "PQfinish", "PQfreeCancel", "PQfreemem")
_declare(POINTER(Notify), "PQnotifies")
_declare(c_void_p, "PQsetNoticeProcessor", arguments=(c_void_p, _NOTICE_PROCESSOR, c_void_p))
_declare(c_int, "PQsendQuery", "PQsendDescribePrepared", "PQsendDescribePortal", arguments=(c_void_p, c_char_p))
_declare(c_int, "PQcancel", arguments=(c_void_p, c_char_p, c_int))
_declare(c_void_p, "PQgetvalue", arguments=(c_void_p, c_int, c_int))
_declare(c_int, "PQgetlength", "PQgetisnull", arguments=(c_void_p, c_int, c_int))
_declare(c_char_p, "PQfname", "PQresultErrorField", arguments=(c_void_p, c_int))
_declare(c_uint, "PQftype", "PQparamtype", arguments=(c_void_p, c_int))
_declare(c_int, "PQsendPrepare", arguments=(c_void_p, c_char_p, c_char_p, c_int, c_void_p))
_VALUES = (c_int, POINTER(c_char_p), POINTER(c_int), POINTER(c_int), c_int)
_declare(c_int, "PQsendQueryPrepared", arguments=(c_void_p, c_char_p, *_VALUES))
_declare(c_int, "PQsendQueryParams", arguments=(c_void_p, c_char_p, c_int, POINTER(c_uint), *_VALUES[1:]))

# ExecStatusType, in its order.
STATUS = ("EMPTY_QUERY", "COMMAND_OK", "TUPLES_OK", "COPY_OUT", "COPY_IN", "BAD_RESPONSE", "NONFATAL_ERROR", "FATAL_ERROR", "COPY_BOTH", "SINGLE_TUPLE",
          "PIPELINE_SYNC", "PIPELINE_ABORTED")
PIPELINE = ("OFF", "ON", "ABORTED")
TRANSACTION = ("IDLE", "ACTIVE", "INTRANS", "INERROR", "UNKNOWN")


class Result:
    """A PGresult, read and freed."""

    def __init__(self, handle):
        self.status = STATUS[_lib.PQresultStatus(handle)]
        self.tag = _lib.PQcmdStatus(handle).decode()
        self.sqlstate = (_lib.PQresultErrorField(handle, ord("C")) or b"").decode()
        self.message = (_lib.PQresultErrorField(handle, ord("M")) or _lib.PQresultErrorMessage(handle) or b"").decode()
        columns = range(_lib.PQnfields(handle))
        self.names, self.types = [_lib.PQfname(handle, i).decode() for i in columns], [_lib.PQftype(handle, i) for i in columns]
        self.parameter_types = [_lib.PQparamtype(handle, i) for i in range(_lib.PQnparams(handle))]
        self.rows = [tuple(None if _lib.PQgetisnull(handle, row, i) else
                           ctypes.string_at(_lib.PQgetvalue(handle, row, i), _lib.PQgetlength(handle, row, i)) for i in columns)
                     for row in range(_lib.PQntuples(handle))]
        _lib.PQclear(handle)

    def __repr__(self):
        return f"{self.status} {self.sqlstate or self.tag} {self.message or self.rows}"


class Connection:
    def __init__(self, conninfo):
        self.handle = _lib.PQconnectdb(conninfo.encode())
        expect(_lib.PQstatus(self.handle) == 0, self.error())
        self.notices = []
        self.processor = _NOTICE_PROCESSOR(lambda _, text: self.notices.append(text.decode()))  # kept from being freed
        _lib.PQsetNoticeProcessor(self.handle, self.processor, None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        _lib.PQfinish(self.handle)

    def error(self):
        return _lib.PQerrorMessage(self.handle).decode()

    def is_bad(self):
        return _lib.PQstatus(self.handle) != 0

    def pipeline_status(self):
        return PIPELINE[_lib.PQpipelineStatus(self.handle)]

    def transaction_status(self):
        return TRANSACTION[_lib.PQtransactionStatus(self.handle)]

    def may(self, function, *arguments):
        """Whether libpq lets it, by PQ's name of it."""
        return getattr(_lib, f"PQ{function}")(self.handle, *arguments) == 1

    def must(self, function, *arguments):
        expect(self.may(function, *arguments), f"PQ{function}: {self.error()}")

    def sync(self):
        self.must("pipelineSync")

    def nonblocking(self):
        expect(_lib.PQsetnonblocking(self.handle, 1) == 0, self.error())

    def flush(self):
        """As much as the socket takes now; whether that was all."""
        left = _lib.PQflush(self.handle)
        expect(left >= 0, self.error())
        return left == 0

    def send(self, query, *parameters, binary=False, types=None):
        values, lengths, formats = _marshal(parameters)
        oids = (c_uint * len(types))(*types) if types else None
        self.must("sendQueryParams", query.encode(), len(parameters), oids, values, lengths, formats, int(binary))

    def prepare(self, name, query):
        self.must("sendPrepare", name.encode(), query.encode(), 0, None)

    def execute(self, name, *parameters, binary=False):
        values, lengths, formats = _marshal(parameters)
        self.must("sendQueryPrepared", name.encode(), len(parameters), values, lengths, formats, int(binary))

    def is_busy(self):
        return _lib.PQisBusy(self.handle) == 1

    def wait(self, seconds=None, to_write=False):
        """Until the server has said something, or takes something, or that time is over; what it has said is read."""
        socket = _lib.PQsocket(self.handle)
        readable, writable, _ = select.select([socket], [socket] if to_write else [], [], seconds or DEADLINE)
        expect(readable or writable or seconds, "the server is silent")
        if readable:
            _lib.PQconsumeInput(self.handle)

    def result(self):
        """The next PGresult; None is what stands between the results of two commands."""
        until = time.monotonic() + DEADLINE
        while self.is_busy():
            expect(time.monotonic() < until, "no result in time")
            self.wait(to_write=not self.flush())
        handle = _lib.PQgetResult(self.handle)
        return Result(handle) if handle else None

    def one(self, status):
        """The only result of a command."""
        result = self.result()
        expect(result is not None and result.status == status, f"expected {status}, got {result}")
        if status not in ("PIPELINE_SYNC", "SINGLE_TUPLE"):
            end = self.result()
            expect(end is None, f"expected the end of a command, got {end}")
        return result

    def run(self, sql):
        """Outside of a pipeline."""
        result = Result(_lib.PQexec(self.handle, sql.encode()))
        expect(result.status in ("COMMAND_OK", "TUPLES_OK"), result.message)
        return result

    def cancel(self):
        cancel, buffer = _lib.PQgetCancel(self.handle), ctypes.create_string_buffer(256)
        sent = _lib.PQcancel(cancel, buffer, 256)
        _lib.PQfreeCancel(cancel)
        expect(sent == 1, buffer.value.decode())

    def notification(self):
        until = time.monotonic() + DEADLINE
        while not (found := _lib.PQnotifies(self.handle)):
            expect(time.monotonic() < until, "no notification in time")
            self.wait()
        told = found.contents.relname.decode(), found.contents.extra.decode()
        _lib.PQfreemem(ctypes.cast(found, c_void_p))
        return told


def _marshal(parameters):
    """Text for str, binary for bytes, NULL for None."""
    values = (c_char_p * len(parameters))(*(p.encode() if isinstance(p, str) else p for p in parameters))
    lengths = (c_int * len(parameters))(*(len(p) if isinstance(p, bytes) else 0 for p in parameters))
    formats = (c_int * len(parameters))(*(int(isinstance(p, bytes)) for p in parameters))
    return values, lengths, formats
