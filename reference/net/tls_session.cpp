#include "net/tls_session.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "net/boring.hpp"
#include "net/host_name.hpp"
#include "net/record_walk.hpp"

namespace pgconform::net {
namespace {

// One record at most is decrypted at a time: 16 KiB of text, its header, and the 2 KiB that TLS 1.2 lets a cipher add.
constexpr std::size_t input_capacity = 16 * 1024 + 2048 + 5;
constexpr std::size_t record_size = 16 * 1024;

}  // namespace

struct TlsSession::State {
  std::shared_ptr<const TlsContextData> context;
  bssl::UniquePtr<SSL> ssl;
  std::unique_ptr<char[]> input = std::make_unique_for_overwrite<char[]>(input_capacity);
  std::size_t input_begin = 0, input_end = 0;
  bool input_ended = false;
  RecordWalk walk;  // a client's, until the handshake is done
  std::string output;
  std::string host;
  bool client = false;
  bool shut_down = false;
  bool done = false;
  bool is_failed = false;
  NetError error;
  int alert_received = -1, alert_sent = -1;

  State(std::shared_ptr<const TlsContextData> shared, bool as_client);
  void fail(NetError reason) {
    is_failed = true;
    error = std::move(reason);
  }
  Status outcome(int result);
  void explain(int ssl_error);
  std::string reason();
};

// The BIO through which BoringSSL sees the buffers: nothing is copied twice, and a write always succeeds, so that
// SSL_write never has to be repeated with the same arguments.
struct Transport {
  template <class S>
  static BIO_METHOD* method() {
    static BIO_METHOD* const shared = [] {
      auto m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "memory");
      BIO_meth_set_read(m, [](BIO* bio, char* out, int size) {
        auto& s = *static_cast<S*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        auto n = std::min(static_cast<std::size_t>(size), s.input_end - s.input_begin);
        if (n == 0) {
          if (s.input_ended) return 0;
          BIO_set_retry_read(bio);
          return -1;
        }
        std::memcpy(out, s.input.get() + s.input_begin, n);
        s.input_begin += n;
        return static_cast<int>(n);
      });
      BIO_meth_set_write(m, [](BIO* bio, const char* in, int size) {
        static_cast<S*>(BIO_get_data(bio))->output.append(in, static_cast<std::size_t>(size));
        return size;
      });
      BIO_meth_set_ctrl(m, [](BIO*, int command, long, void*) -> long { return command == BIO_CTRL_FLUSH; });
      return m;
    }();
    return shared;
  }

  template <class S>
  static void note_alert(const SSL* ssl, int where, int value) {
    auto& s = *static_cast<S*>(SSL_get_ex_data(ssl, 0));
    if (where == SSL_CB_READ_ALERT) s.alert_received = value & 0xff;
    if (where == SSL_CB_WRITE_ALERT) s.alert_sent = value & 0xff;
  }
};

TlsSession::State::State(std::shared_ptr<const TlsContextData> shared, bool as_client)
    : context(std::move(shared)), client(as_client) {
  ERR_clear_error();
  ssl.reset(SSL_new(context->ctx.get()));
  BIO* bio = ssl ? BIO_new(Transport::method<State>()) : nullptr;
  if (!bio) {
    fail({ErrorKind::tls, "cannot make a TLS session: " + boring::error_text()});
    return;
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl.get(), bio, bio);
  SSL_set_ex_data(ssl.get(), 0, this);
  SSL_set_info_callback(ssl.get(), Transport::note_alert<State>);
  if (client) {
    SSL_set_connect_state(ssl.get());
  } else {
    SSL_set_accept_state(ssl.get());
  }
}

std::string TlsSession::State::reason() {
  auto verified = SSL_get_verify_result(ssl.get());
  auto text = boring::error_text();
  if (verified != X509_V_OK && SSL_get_verify_mode(ssl.get()) != SSL_VERIFY_NONE) {
    text.append(" (").append(X509_verify_cert_error_string(verified)).append(")");
  }
  if (alert_sent > 0) text += "; alert " + std::to_string(alert_sent) + " sent";
  return text;
}

// explain: turn BoringSSL's failure into an error that tells what the peer did apart from what we did not like.
void TlsSession::State::explain(int ssl_error) {
  std::string where = done ? "TLS" : "TLS handshake";
  auto code = ERR_peek_error();
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) >= SSL_AD_REASON_OFFSET) {
    int alert = ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET;
    ERR_clear_error();
    auto name = SSL_alert_desc_string_long(alert);
    return fail(
        {ErrorKind::tls_alert, where + ": the peer sent alert " + std::to_string(alert) + " (" + name + ")", alert});
  }
  bool cut = ssl_error == SSL_ERROR_SYSCALL || (ssl_error == SSL_ERROR_SSL && code == 0);
  if (cut && input_ended) {
    ERR_clear_error();
    if (!walk.rest().empty())
      return fail({ErrorKind::truncated, where + ": the peer closed in the midst of a record", -1, walk.rest()});
    if (!done) return fail({ErrorKind::eof, "the peer closed the connection during the TLS handshake"});
    return fail({ErrorKind::truncated, "the peer closed the connection without a TLS close_notify"});
  }
  fail({ErrorKind::tls, where + " failed: " + reason(), alert_sent > 0 ? alert_sent : -1,
        walk.foreign() ? walk.rest() : ""});
}

TlsSession::Status TlsSession::State::outcome(int result) {
  int code = SSL_get_error(ssl.get(), result);
  if (code == SSL_ERROR_WANT_READ) return Status::want_input;
  if (code == SSL_ERROR_ZERO_RETURN && done) return Status::closed;
  explain(code);
  return Status::failed;
}

TlsSession::TlsSession(const TlsServerContext& context) : state_(std::make_unique<State>(context.data_, false)) {}

TlsSession::TlsSession(const TlsClientContext& context, std::string_view host)
    : state_(std::make_unique<State>(context.data_, true)) {
  auto& s = *state_;
  s.host = host;
  if (s.is_failed) return;
  if (s.context->verify_name && host.empty()) {
    s.fail({ErrorKind::tls, "a host name is needed for sslmode=verify-full"});
    return;
  }
  if (s.context->sni && !host.empty() && !is_ip_address(host) && host.front() != '/') {
    SSL_set_tlsext_host_name(s.ssl.get(), s.host.c_str());
  }
}

TlsSession::~TlsSession() = default;
TlsSession::TlsSession(TlsSession&&) noexcept = default;
TlsSession& TlsSession::operator=(TlsSession&&) noexcept = default;

std::span<char> TlsSession::prepare() {
  auto& s = *state_;
  if (s.input_begin == s.input_end) s.input_begin = s.input_end = 0;
  return {s.input.get() + s.input_end, input_capacity - s.input_end};
}

void TlsSession::commit(std::size_t size) {
  auto& s = *state_;
  if (s.client && !s.done) s.walk.feed({s.input.get() + s.input_end, size});
  s.input_end += size;
}

std::size_t TlsSession::feed(std::string_view ciphertext) {
  auto room = prepare();
  auto n = std::min(room.size(), ciphertext.size());
  std::memcpy(room.data(), ciphertext.data(), n);
  commit(n);
  return n;
}

void TlsSession::end_of_input() {
  state_->input_ended = true;
}

bool TlsSession::has_output() const {
  return !state_->output.empty();
}

std::string TlsSession::take_output() {
  return std::exchange(state_->output, {});
}

TlsSession::Status TlsSession::handshake() {
  auto& s = *state_;
  if (s.is_failed) return Status::failed;
  if (s.done) return Status::ok;
  ERR_clear_error();
  int result = SSL_do_handshake(s.ssl.get());
  if (result != 1) return s.outcome(result);
  if (s.client && s.context->verify_name) {
    if (auto named = check_host_name(peer_certificate(), s.host); !named) {
      s.fail(named.error());
      return Status::failed;
    }
  }
  s.done = true;
  return Status::ok;
}

bool TlsSession::handshake_done() const {
  return state_->done;
}

TlsSession::ReadResult TlsSession::read(std::span<char> buffer) {
  auto& s = *state_;
  if (s.is_failed) return {Status::failed, 0};
  ERR_clear_error();
  int result = SSL_read(s.ssl.get(), buffer.data(), static_cast<int>(std::min(buffer.size(), record_size)));
  if (result > 0) return {Status::ok, static_cast<std::size_t>(result)};
  return {s.outcome(result), 0};
}

std::size_t TlsSession::write(std::string_view plaintext) {
  auto& s = *state_;
  std::size_t taken = 0;
  while (taken < plaintext.size() && s.output.size() < output_limit && s.done && !s.shut_down && !s.is_failed) {
    ERR_clear_error();
    auto size = std::min(plaintext.size() - taken, record_size);
    int result = SSL_write(s.ssl.get(), plaintext.data() + taken, static_cast<int>(size));
    if (result <= 0) {
      s.explain(SSL_get_error(s.ssl.get(), result));
      break;
    }
    taken += static_cast<std::size_t>(result);
  }
  return taken;
}

void TlsSession::shutdown() {
  auto& s = *state_;
  if (!s.done || s.shut_down || s.is_failed) return;
  s.shut_down = true;
  ERR_clear_error();
  SSL_shutdown(s.ssl.get());
  ERR_clear_error();
}

bool TlsSession::failed() const {
  return state_->is_failed;
}
const NetError& TlsSession::error() const {
  return state_->error;
}
int TlsSession::alert_received() const {
  return state_->alert_received;
}
int TlsSession::alert_sent() const {
  return state_->alert_sent;
}

std::string_view TlsSession::version() const {
  return state_->ssl ? SSL_get_version(state_->ssl.get()) : "";
}

std::string_view TlsSession::cipher() const {
  auto current = state_->ssl ? SSL_get_current_cipher(state_->ssl.get()) : nullptr;
  return current ? SSL_CIPHER_standard_name(current) : "";
}

std::string_view TlsSession::alpn() const {
  const std::uint8_t* name = nullptr;
  unsigned size = 0;
  if (state_->ssl) SSL_get0_alpn_selected(state_->ssl.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string_view TlsSession::server_name() const {
  auto name = state_->ssl ? SSL_get_servername(state_->ssl.get(), TLSEXT_NAMETYPE_host_name) : nullptr;
  return name ? name : "";
}

std::string TlsSession::peer_certificate() const {
  if (!state_->ssl) return {};
  bssl::UniquePtr<X509> certificate(SSL_get_peer_certificate(state_->ssl.get()));
  return boring::der(certificate.get());
}

std::string TlsSession::own_certificate() const {
  return state_->context->certificate;
}

}  // namespace pgconform::net
