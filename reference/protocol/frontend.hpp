#pragma once

#include "protocol/fields.hpp"
#include "protocol/stage.hpp"

// The messages a frontend sends, in the manual's order (protocol-message-formats). Decoder, encoder, JSON form, fuzz
// mutator and reference page are all derived from the layout functions here.
//
//   tag    the type byte; messages without one have a `request_code` or, as StartupMessage, are all that is left
//   stage  where the type byte means this message, if it means others elsewhere
namespace pgconform::protocol {

struct Bind {
  static constexpr std::string_view name = "Bind";
  static constexpr char tag = 'B';
  std::string_view portal, statement;
  FormatList parameter_formats;
  ValueList parameters;
  FormatList result_formats;
  // Too large for the compiler to inline by itself; see Decoder.
  [[gnu::always_inline]] static void layout(auto& io, auto& m) {
    io.cstring("portal", m.portal);
    io.cstring("statement", m.statement);
    io.list("parameter_formats", m.parameter_formats);
    io.list("parameters", m.parameters);
    io.list("result_formats", m.result_formats);
  }
};

struct CancelRequest {
  static constexpr std::string_view name = "CancelRequest";
  static constexpr Stage stage = Stage::startup;
  static constexpr std::uint32_t request_code = 80877102;
  std::int32_t pid = 0;
  wire::Bytes key;  // 4 bytes in protocol 3.0, up to 256 since 3.2
  static void layout(auto& io, auto& m) {
    io.int32("pid", m.pid);
    io.binary("key", m.key);
  }
};

struct Close {
  static constexpr std::string_view name = "Close";
  static constexpr char tag = 'C';
  char kind = 'S';  // S: prepared statement, P: portal
  std::string_view target;
  static void layout(auto& io, auto& m) {
    io.byte("kind", m.kind);
    io.cstring("name", m.target);
  }
};

struct CopyData {
  static constexpr std::string_view name = "CopyData";
  static constexpr char tag = 'd';
  wire::Bytes data;
  static void layout(auto& io, auto& m) { io.rest("data", m.data); }
};

struct CopyDone {
  static constexpr std::string_view name = "CopyDone";
  static constexpr char tag = 'c';
  static void layout(auto&, auto&) {}
};

struct CopyFail {
  static constexpr std::string_view name = "CopyFail";
  static constexpr char tag = 'f';
  std::string_view message;
  static void layout(auto& io, auto& m) { io.cstring("message", m.message); }
};

struct Describe {
  static constexpr std::string_view name = "Describe";
  static constexpr char tag = 'D';
  char kind = 'S';
  std::string_view target;
  static void layout(auto& io, auto& m) {
    io.byte("kind", m.kind);
    io.cstring("name", m.target);
  }
};

struct Execute {
  static constexpr std::string_view name = "Execute";
  static constexpr char tag = 'E';
  std::string_view portal;
  std::int32_t max_rows = 0;  // 0: all
  static void layout(auto& io, auto& m) {
    io.cstring("portal", m.portal);
    io.int32("max_rows", m.max_rows);
  }
};

struct Flush {
  static constexpr std::string_view name = "Flush";
  static constexpr char tag = 'H';
  static void layout(auto&, auto&) {}
};

struct FunctionCall {
  static constexpr std::string_view name = "FunctionCall";
  static constexpr char tag = 'F';
  std::uint32_t function = 0;
  FormatList argument_formats;
  ValueList arguments;
  std::int16_t result_format = 0;
  static void layout(auto& io, auto& m) {
    io.oid("function", m.function);
    io.list("argument_formats", m.argument_formats);
    io.list("arguments", m.arguments);
    io.int16("result_format", m.result_format);
  }
};

struct GSSENCRequest {
  static constexpr std::string_view name = "GSSENCRequest";
  static constexpr Stage stage = Stage::startup;
  static constexpr std::uint32_t request_code = 80877104;
  static void layout(auto&, auto&) {}
};

struct GSSResponse {
  static constexpr std::string_view name = "GSSResponse";
  static constexpr char tag = 'p';
  static constexpr Stage stage = Stage::gss;
  wire::Bytes data;
  static void layout(auto& io, auto& m) { io.binary("data", m.data); }
};

struct Parse {
  static constexpr std::string_view name = "Parse";
  static constexpr char tag = 'P';
  std::string_view statement, query;
  OidList parameter_types;  // 0: to be inferred
  static void layout(auto& io, auto& m) {
    io.cstring("statement", m.statement);
    io.cstring("query", m.query);
    io.list("parameter_types", m.parameter_types);
  }
};

struct PasswordMessage {
  static constexpr std::string_view name = "PasswordMessage";
  static constexpr char tag = 'p';
  static constexpr Stage stage = Stage::password;
  std::string_view password;
  static void layout(auto& io, auto& m) { io.cstring("password", m.password); }
};

struct Query {
  static constexpr std::string_view name = "Query";
  static constexpr char tag = 'Q';
  std::string_view query;
  static void layout(auto& io, auto& m) { io.cstring("query", m.query); }
};

struct SASLInitialResponse {
  static constexpr std::string_view name = "SASLInitialResponse";
  static constexpr char tag = 'p';
  static constexpr Stage stage = Stage::sasl_initial;
  std::string_view mechanism;
  Nullable data;  // null: no initial response
  static void layout(auto& io, auto& m) {
    io.cstring("mechanism", m.mechanism);
    io.value("data", m.data);
  }
};

struct SASLResponse {
  static constexpr std::string_view name = "SASLResponse";
  static constexpr char tag = 'p';
  static constexpr Stage stage = Stage::sasl;
  wire::Bytes data;
  static void layout(auto& io, auto& m) { io.rest("data", m.data); }
};

struct SSLRequest {
  static constexpr std::string_view name = "SSLRequest";
  static constexpr Stage stage = Stage::startup;
  static constexpr std::uint32_t request_code = 80877103;
  static void layout(auto&, auto&) {}
};

struct StartupMessage {
  static constexpr std::string_view name = "StartupMessage";
  static constexpr Stage stage = Stage::startup;
  std::uint32_t version = 0x00030000;  // major in the upper half, minor in the lower
  ParameterList parameters;
  static void layout(auto& io, auto& m) {
    io.version("version", m.version);
    io.list("parameters", m.parameters);
  }
};

struct Sync {
  static constexpr std::string_view name = "Sync";
  static constexpr char tag = 'S';
  static void layout(auto&, auto&) {}
};

struct Terminate {
  static constexpr std::string_view name = "Terminate";
  static constexpr char tag = 'X';
  static void layout(auto&, auto&) {}
};

}  // namespace pgconform::protocol
