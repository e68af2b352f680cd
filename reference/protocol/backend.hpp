#pragma once

#include "protocol/fields.hpp"
#include "protocol/frontend.hpp"  // CopyData and CopyDone go both ways

// The messages a backend sends, in the manual's order (protocol-message-formats). See frontend.hpp for the notation;
// the Authentication messages share their tag and differ by an Int32 `code`.
namespace pgconform::protocol {

struct AuthenticationOk {
  static constexpr std::string_view name = "AuthenticationOk";
  static constexpr char tag = 'R';
  static constexpr std::uint32_t code = 0;
  static void layout(auto&, auto&) {}
};

struct AuthenticationKerberosV5 {
  static constexpr std::string_view name = "AuthenticationKerberosV5";
  static constexpr char tag = 'R';
  static constexpr std::uint32_t code = 2;
  static void layout(auto&, auto&) {}
};

struct AuthenticationCleartextPassword {
  static constexpr std::string_view name = "AuthenticationCleartextPassword";
  static constexpr char tag = 'R';
  static constexpr std::uint32_t code = 3;
  static void layout(auto&, auto&) {}
};

struct AuthenticationMD5Password {
  static constexpr std::string_view name = "AuthenticationMD5Password";
  static constexpr char tag = 'R';
  static constexpr std::uint32_t code = 5;
  wire::Bytes salt;
  static void layout(auto& io, auto& m) { io.fixed("salt", m.salt, 4); }
};

struct AuthenticationSCMCredential {
  static constexpr std::string_view name = "AuthenticationSCMCredential";
  static constexpr char tag = 'R';
  static constexpr std::uint32_t code = 6;
  static void layout(auto&, auto&) {}
};

struct AuthenticationGSS {
  static constexpr std::string_view name = "AuthenticationGSS";
  static constexpr char tag = 'R';
  static constexpr std::uint32_t code = 7;
  static void layout(auto&, auto&) {}
};

struct AuthenticationGSSContinue {
  static constexpr std::string_view name = "AuthenticationGSSContinue";
  static constexpr char tag = 'R';
  static constexpr std::uint32_t code = 8;
  wire::Bytes data;
  static void layout(auto& io, auto& m) { io.binary("data", m.data); }
};

struct AuthenticationSSPI {
  static constexpr std::string_view name = "AuthenticationSSPI";
  static constexpr char tag = 'R';
  static constexpr std::uint32_t code = 9;
  static void layout(auto&, auto&) {}
};

struct AuthenticationSASL {
  static constexpr std::string_view name = "AuthenticationSASL";
  static constexpr char tag = 'R';
  static constexpr std::uint32_t code = 10;
  StringList mechanisms;  // the server's preference first
  static void layout(auto& io, auto& m) { io.list("mechanisms", m.mechanisms); }
};

struct AuthenticationSASLContinue {
  static constexpr std::string_view name = "AuthenticationSASLContinue";
  static constexpr char tag = 'R';
  static constexpr std::uint32_t code = 11;
  wire::Bytes data;
  static void layout(auto& io, auto& m) { io.rest("data", m.data); }
};

struct AuthenticationSASLFinal {
  static constexpr std::string_view name = "AuthenticationSASLFinal";
  static constexpr char tag = 'R';
  static constexpr std::uint32_t code = 12;
  wire::Bytes data;
  static void layout(auto& io, auto& m) { io.rest("data", m.data); }
};

struct BackendKeyData {
  static constexpr std::string_view name = "BackendKeyData";
  static constexpr char tag = 'K';
  std::int32_t pid = 0;
  wire::Bytes key;  // 4 bytes before protocol 3.2, then 4 to 256
  static void layout(auto& io, auto& m) {
    io.int32("pid", m.pid);
    io.binary("key", m.key);
  }
};

struct BindComplete {
  static constexpr std::string_view name = "BindComplete";
  static constexpr char tag = '2';
  static void layout(auto&, auto&) {}
};

struct CloseComplete {
  static constexpr std::string_view name = "CloseComplete";
  static constexpr char tag = '3';
  static void layout(auto&, auto&) {}
};

struct CommandComplete {
  static constexpr std::string_view name = "CommandComplete";
  static constexpr char tag = 'C';
  std::string_view command;  // the command tag, such as "INSERT 0 1"
  static void layout(auto& io, auto& m) { io.cstring("tag", m.command); }
};

// CopyShape: what the three messages that begin a copy have in common.
struct CopyShape {
  std::int8_t format = 0;  // 0 textual, 1 binary
  FormatList column_formats;
  static void layout(auto& io, auto& m) {
    io.int8("format", m.format);
    io.list("column_formats", m.column_formats);
  }
};

struct CopyBothResponse : CopyShape {
  static constexpr std::string_view name = "CopyBothResponse";
  static constexpr char tag = 'W';
};

struct CopyInResponse : CopyShape {
  static constexpr std::string_view name = "CopyInResponse";
  static constexpr char tag = 'G';
};

struct CopyOutResponse : CopyShape {
  static constexpr std::string_view name = "CopyOutResponse";
  static constexpr char tag = 'H';
};

struct DataRow {
  static constexpr std::string_view name = "DataRow";
  static constexpr char tag = 'D';
  ValueList values;
  static void layout(auto& io, auto& m) { io.list("values", m.values); }
};

struct EmptyQueryResponse {
  static constexpr std::string_view name = "EmptyQueryResponse";
  static constexpr char tag = 'I';
  static void layout(auto&, auto&) {}
};

struct ErrorResponse {
  static constexpr std::string_view name = "ErrorResponse";
  static constexpr char tag = 'E';
  ErrorFieldList fields;
  static void layout(auto& io, auto& m) { io.list("", m.fields); }
};

struct FunctionCallResponse {
  static constexpr std::string_view name = "FunctionCallResponse";
  static constexpr char tag = 'V';
  Nullable value;
  static void layout(auto& io, auto& m) { io.value("value", m.value); }
};

// GSSENCResponse: the bare byte that answers GSSENCRequest, `G` or `N`. The manual gives it no name.
// protocol-flow-gssapi.
struct GSSENCResponse {
  static constexpr std::string_view name = "GSSENCResponse";
  static constexpr Stage stage = Stage::gssenc_answer;
  char answer = 'N';
  static void layout(auto& io, auto& m) { io.byte("answer", m.answer); }
};

struct NegotiateProtocolVersion {
  static constexpr std::string_view name = "NegotiateProtocolVersion";
  static constexpr char tag = 'v';
  std::uint32_t version = 0x00030000;  // the whole version number, whatever the manual says of "minor"
  CountedStringList options;           // protocol options that were not recognized
  static void layout(auto& io, auto& m) {
    io.version("version", m.version);
    io.list("options", m.options);
  }
};

struct NoData {
  static constexpr std::string_view name = "NoData";
  static constexpr char tag = 'n';
  static void layout(auto&, auto&) {}
};

struct NoticeResponse {
  static constexpr std::string_view name = "NoticeResponse";
  static constexpr char tag = 'N';
  ErrorFieldList fields;
  static void layout(auto& io, auto& m) { io.list("", m.fields); }
};

struct NotificationResponse {
  static constexpr std::string_view name = "NotificationResponse";
  static constexpr char tag = 'A';
  std::int32_t pid = 0;
  std::string_view channel, payload;
  static void layout(auto& io, auto& m) {
    io.int32("pid", m.pid);
    io.cstring("channel", m.channel);
    io.cstring("payload", m.payload);
  }
};

struct ParameterDescription {
  static constexpr std::string_view name = "ParameterDescription";
  static constexpr char tag = 't';
  OidList parameter_types;
  static void layout(auto& io, auto& m) { io.list("parameter_types", m.parameter_types); }
};

struct ParameterStatus {
  static constexpr std::string_view name = "ParameterStatus";
  static constexpr char tag = 'S';
  std::string_view parameter, value;
  static void layout(auto& io, auto& m) {
    io.cstring("name", m.parameter);
    io.cstring("value", m.value);
  }
};

struct ParseComplete {
  static constexpr std::string_view name = "ParseComplete";
  static constexpr char tag = '1';
  static void layout(auto&, auto&) {}
};

struct PortalSuspended {
  static constexpr std::string_view name = "PortalSuspended";
  static constexpr char tag = 's';
  static void layout(auto&, auto&) {}
};

struct ReadyForQuery {
  static constexpr std::string_view name = "ReadyForQuery";
  static constexpr char tag = 'Z';
  char status = 'I';  // I idle, T in a transaction block, E in a failed one
  static void layout(auto& io, auto& m) { io.byte("status", m.status); }
};

struct RowDescription {
  static constexpr std::string_view name = "RowDescription";
  static constexpr char tag = 'T';
  FieldList fields;
  static void layout(auto& io, auto& m) { io.list("fields", m.fields); }
};

// SSLResponse: the bare byte that answers SSLRequest, `S` or `N`. The manual gives it no name. protocol-flow-ssl.
struct SSLResponse {
  static constexpr std::string_view name = "SSLResponse";
  static constexpr Stage stage = Stage::ssl_answer;
  char answer = 'N';
  static void layout(auto& io, auto& m) { io.byte("answer", m.answer); }
};

}  // namespace pgconform::protocol
