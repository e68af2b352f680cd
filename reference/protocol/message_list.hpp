#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/backend.hpp"
#include "protocol/frontend.hpp"

// Every message of the protocol, once. Dispatch, names, golden files, the fuzz dictionary and the reference page walk
// these two lists; a message that is not in them does not exist.
namespace pgconform::protocol {

template <class... M>
struct MessageList {
  static constexpr std::size_t size = sizeof...(M);
  static constexpr std::array<std::string_view, size> names{M::name...};
  // each: call f.template operator()<M>() for every message.
  static constexpr void each(auto&& f) { (f.template operator()<M>(), ...); }
  // first: the same, until a call answers true; tells whether one did.
  static constexpr bool first(auto&& f) { return (f.template operator()<M>() || ...); }
};

using FrontendMessages = MessageList<Bind, CancelRequest, Close, CopyData, CopyDone, CopyFail, Describe, Execute, Flush,
                                     FunctionCall, GSSENCRequest, GSSResponse, Parse, PasswordMessage, Query,
                                     SASLInitialResponse, SASLResponse, SSLRequest, StartupMessage, Sync, Terminate>;

using BackendMessages =
    MessageList<AuthenticationOk, AuthenticationKerberosV5, AuthenticationCleartextPassword, AuthenticationMD5Password,
                AuthenticationSCMCredential, AuthenticationGSS, AuthenticationGSSContinue, AuthenticationSSPI,
                AuthenticationSASL, AuthenticationSASLContinue, AuthenticationSASLFinal, BackendKeyData, BindComplete,
                CloseComplete, CommandComplete, CopyBothResponse, CopyData, CopyDone, CopyInResponse, CopyOutResponse,
                DataRow, EmptyQueryResponse, ErrorResponse, FunctionCallResponse, GSSENCResponse,
                NegotiateProtocolVersion, NoData, NoticeResponse, NotificationResponse, ParameterDescription,
                ParameterStatus, ParseComplete, PortalSuspended, ReadyForQuery, RowDescription, SSLResponse>;

// with_messages: call f with the list of what `sender` sends.
constexpr auto with_messages(Sender sender, auto&& f) {
  return sender == Sender::frontend ? f(FrontendMessages{}) : f(BackendMessages{});
}

// stage_of: where the message stands; normal unless it says otherwise.
template <class M>
constexpr Stage stage_of() {
  if constexpr (requires { M::stage; })
    return M::stage;
  else
    return Stage::normal;
}

// tag_of: the type byte, or 0.
template <class M>
constexpr char tag_of() {
  if constexpr (requires { M::tag; })
    return M::tag;
  else
    return '\0';
}

// MessageType: which message, as a value: sender and place in the sender's list.
struct MessageType {
  Sender sender;
  std::uint8_t index;
  constexpr bool operator==(const MessageType&) const = default;
};

namespace detail {
template <class M, class List>
constexpr std::optional<std::uint8_t> index_in() {
  std::optional<std::uint8_t> found;
  std::uint8_t at = 0;
  List::each([&]<class Other>() {
    if (std::is_same_v<M, Other>) found = at;
    ++at;
  });
  return found;
}
}  // namespace detail

// type_of: the MessageType of a message struct.
template <Sender S, class M>
constexpr MessageType type_of() {
  using List = std::conditional_t<S == Sender::frontend, FrontendMessages, BackendMessages>;
  constexpr auto index = detail::index_in<M, List>();
  static_assert(index.has_value(), "this sender has no such message");
  return {S, *index};
}

// name_of: the manual's name.
constexpr std::string_view name_of(MessageType type) {
  return type.sender == Sender::frontend ? FrontendMessages::names[type.index] : BackendMessages::names[type.index];
}

// find_message: the message of that name, exactly as the manual spells it.
constexpr std::optional<MessageType> find_message(Sender sender, std::string_view name) {
  return with_messages(sender, [&]<class... M>(MessageList<M...>) {
    std::optional<MessageType> found;
    std::uint8_t at = 0;
    ((M::name == name ? void(found = MessageType{sender, at}) : void(), ++at), ...);
    return found;
  });
}

}  // namespace pgconform::protocol
