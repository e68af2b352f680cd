#include "session/session.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "protocol/json/json.hpp"
#include "session/fake_engine.hpp"

namespace pgconform::session {
namespace {

using namespace std::string_literals;
using protocol::Sender;
using protocol::Stage;
using Json = nlohmann::ordered_json;

class People : public Accounts {
 public:
  std::optional<Account> find(std::string_view user) const override {
    if (user == "open") return Account{auth::NoPassword{}};
    if (user == "clear") return Account{auth::CleartextSecret{"secret"}};
    if (user == "md5") return Account{auth::Md5Secret{"md5" + std::string(32, '0')}};
    if (user == "scram") return Account{auth::make_verifier("secret", "0123456789abcdef")};
    if (user == "ldap") return Account{auth::NoPassword{}, false};
    return std::nullopt;
  }
  bool any_scram() const override { return true; }
};

// How the client's bytes reach the session.
enum class Delivery { whole, bytewise, coalesced };

std::string frame(const std::string& line) {
  const auto space = line.find(' ');
  const auto name = line.substr(0, space);
  std::string bytes;
  auto fields = space == std::string::npos ? Json::object() : Json::parse(line.substr(space));
  auto encoded = protocol::json::from_json(bytes, Sender::frontend, name, fields);
  EXPECT_TRUE(encoded) << line << ": " << (encoded ? "" : encoded.error().reason);
  return bytes;
}

// Conversation: a session in memory. What it says is collected as lines of text, brief: names, and the fields that
// tell outcomes apart.
class Conversation {
 public:
  explicit Conversation(Delivery delivery, bool tls = false, bool too_many = false) : delivery_(delivery) {
    Environment environment{.engine = engine, .accounts = people};
    environment.tls_available = tls;
    environment.too_many = too_many;
    environment.pid = 7;
    environment.random = [](std::span<unsigned char> out) { std::fill(out.begin(), out.end(), 'k'); };
    session.emplace(std::move(environment));
  }

  // say: lines of messages of the frontend; the whole of them is delivered as the delivery has it.
  std::string say(const std::string& text) {
    std::string all;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
      if (line.empty()) continue;
      auto bytes = frame(line);
      if (delivery_ == Delivery::whole) {
        session->receive(bytes);
        run();
      } else {
        all += bytes;
      }
    }
    return deliver(all);
  }
  std::string deliver(const std::string& bytes) {
    if (delivery_ == Delivery::bytewise)
      for (const char byte : bytes) {
        session->receive({&byte, 1});
        run();
      }
    else if (!bytes.empty()) {
      session->receive(bytes);
      run();
    }
    return std::exchange(heard_, "");
  }
  // run: let the session act until it wants to read, waits, or is over.
  void run() {
    for (;;) {
      auto action = session->next(now);
      if (auto* write = std::get_if<Session::Write>(&action))
        hear(write->bytes);
      else if (std::holds_alternative<Session::StartTls>(action)) {
        heard_ += "start-tls\n";
        session->tls_established("", application_protocol);
      } else if (auto* cancel = std::get_if<Session::Cancel>(&action))
        heard_ += "cancel " + std::to_string(cancel->pid) + "\n";
      else if (std::holds_alternative<Session::Again>(action))
        continue;
      else {
        closed = std::holds_alternative<Session::Close>(action);
        waiting = std::holds_alternative<Session::Wait>(action);
        return;
      }
    }
  }
  std::string heard() { return std::exchange(heard_, ""); }

  QueryCycle::Now now{};
  fake::FakeEngine engine;
  People people;
  std::optional<Session> session;
  std::string application_protocol;  // what a handshake ends with
  bool closed = false, waiting = false;

 private:
  void hear(std::string bytes) {
    // The answer to an encryption request is a bare byte, perhaps with an error behind it.
    if (bytes == "S" || bytes == "N" || bytes.starts_with("NE")) {
      heard_ += bytes.substr(0, 1) + "\n";
      bytes.erase(0, 1);
    }
    wire::FrameSplitter splitter;
    splitter.feed(bytes);
    for (;;) {
      auto next = splitter.next(wire::FrameKind::tagged);
      if (!next || !*next) break;
      auto spoken = protocol::json::speak(Sender::backend, Stage::normal, **next);
      heard_ += spoken.name;
      for (const auto key : {"C", "tag", "status", "values", "version", "options", "parameter_types", "mechanisms"})
        if (spoken.fields.contains(key)) heard_ += " " + spoken.fields[key].dump();
      if (spoken.name == "ErrorResponse") heard_ += " " + spoken.fields["V"].get<std::string>();
      if (spoken.name == "ParameterStatus") heard_ += " " + spoken.fields["value"].get<std::string>();
      heard_ += "\n";
    }
    EXPECT_TRUE(splitter.pending().empty()) << "half a message was written";
  }

  Delivery delivery_;
  std::string heard_;
};

const std::string login = R"(StartupMessage {"parameters":{"user":"open"}})";
const std::string greeting = "AuthenticationOk\nParameterStatus old\nBackendKeyData\nReadyForQuery \"I\"\n";

class EveryDelivery : public testing::TestWithParam<Delivery> {
 protected:
  // logged_in: a conversation after login.
  std::unique_ptr<Conversation> logged_in() {
    auto conversation = std::make_unique<Conversation>(GetParam());
    EXPECT_EQ(conversation->say(login), greeting);
    return conversation;
  }
};
INSTANTIATE_TEST_SUITE_P(Session, EveryDelivery,
                         testing::Values(Delivery::whole, Delivery::bytewise, Delivery::coalesced),
                         [](const auto& info) {
                           return info.param == Delivery::whole      ? "whole"
                                  : info.param == Delivery::bytewise ? "bytewise"
                                                                     : "coalesced";
                         });

TEST_P(EveryDelivery, SimpleQueriesAndErrors) {
  auto c = logged_in();
  EXPECT_EQ(c->say(R"(Query {"query":"rows 2; set new"})"),
            "RowDescription\nDataRow [\"0\"]\nDataRow [\"1\"]\nCommandComplete \"SELECT 2\"\nCommandComplete \"SET\"\n"
            "ParameterStatus new\nReadyForQuery \"I\"\n");
  EXPECT_EQ(c->say(R"(Query {"query":" ; "})"), "EmptyQueryResponse\nReadyForQuery \"I\"\n");
  EXPECT_EQ(c->say(R"(Query {"query":"fail-after 1; rows 5"})"),
            "RowDescription\nDataRow [\"0\"]\nErrorResponse \"22012\" ERROR\nReadyForQuery \"I\"\n");
  EXPECT_EQ(c->say(R"(Query {"query":"rows 5; syntax"})"), "ErrorResponse \"42601\" ERROR\nReadyForQuery \"I\"\n");
  EXPECT_EQ(c->say(R"(Query {"query":"notice"})"),
            "NoticeResponse \"00000\"\nCommandComplete \"DONE\"\nReadyForQuery \"I\"\n");
}

TEST_P(EveryDelivery, FailedTransactionsTakeOnlyTheirEnd) {
  auto c = logged_in();
  EXPECT_EQ(c->say(R"(Query {"query":"begin; fail; rollback"})"),
            "CommandComplete \"BEGIN\"\nErrorResponse \"22012\" ERROR\nReadyForQuery \"E\"\n");
  EXPECT_EQ(c->say(R"(Query {"query":"rows 1"})"), "ErrorResponse \"25P02\" ERROR\nReadyForQuery \"E\"\n");
  EXPECT_EQ(c->say(R"(Query {"query":""})"), "EmptyQueryResponse\nReadyForQuery \"E\"\n");
  EXPECT_EQ(c->say(R"(Query {"query":"commit"})"), "CommandComplete \"ROLLBACK\"\nReadyForQuery \"I\"\n");
}

TEST_P(EveryDelivery, ExtendedQueries) {
  auto c = logged_in();
  EXPECT_EQ(c->say("Parse {\"query\":\"echo\"}\nDescribe {\"kind\":\"S\"}\nBind {\"parameters\":[\"hi\"]}\n"
                   "Describe {\"kind\":\"P\"}\nExecute\nSync"),
            "ParseComplete\nParameterDescription [25]\nRowDescription\nBindComplete\nRowDescription\nDataRow [\"hi\"]\n"
            "CommandComplete \"SELECT 1\"\nReadyForQuery \"I\"\n");
}

TEST_P(EveryDelivery, RowLimitsSuspendEvenWhenNoRowIsLeft) {
  auto c = logged_in();
  EXPECT_EQ(c->say("Parse {\"query\":\"rows 3\"}\nBind\nExecute {\"max_rows\":2}\nExecute {\"max_rows\":1}\n"
                   "Execute {\"max_rows\":1}\nExecute\nSync"),
            "ParseComplete\nBindComplete\nDataRow [\"0\"]\nDataRow [\"1\"]\nPortalSuspended\nDataRow "
            "[\"2\"]\nPortalSuspended\n"
            "CommandComplete \"SELECT 0\"\nCommandComplete \"SELECT 0\"\nReadyForQuery \"I\"\n");
}

TEST_P(EveryDelivery, AnErrorSkipsEverythingUpToSync) {
  auto c = logged_in();
  EXPECT_EQ(
      c->say("Parse {\"query\":\"fail\"}\nBind\nExecute\nQuery {\"query\":\"rows 1\"}\nParse {\"query\":\"rows 1\"}\n"
             "CopyData\nFunctionCall\nSync\nQuery {\"query\":\"rows 0\"}"),
      "ParseComplete\nBindComplete\nErrorResponse \"22012\" ERROR\nReadyForQuery \"I\"\n"
      "RowDescription\nCommandComplete \"SELECT 0\"\nReadyForQuery \"I\"\n");
}

TEST_P(EveryDelivery, AQueryBehindAPipelineIsPartOfItsTransaction) {
  auto c = logged_in();
  EXPECT_EQ(c->say("Parse {\"query\":\"rows 0\"}\nBind\nExecute\nQuery {\"query\":\"rows 0\"}\nSync"),
            "ParseComplete\nBindComplete\nCommandComplete \"SELECT 0\"\nRowDescription\nCommandComplete \"SELECT 0\"\n"
            "ReadyForQuery \"T\"\nReadyForQuery \"I\"\n");
}

TEST_P(EveryDelivery, NamesThatAreUnknownOrTaken) {
  auto c = logged_in();
  EXPECT_EQ(c->say("Bind {\"statement\":\"nosuch\"}\nSync\nExecute {\"portal\":\"nosuch\"}\nSync\nBind\nSync"),
            "ErrorResponse \"26000\" ERROR\nReadyForQuery \"I\"\nErrorResponse \"34000\" ERROR\nReadyForQuery \"I\"\n"
            "ErrorResponse \"26000\" ERROR\nReadyForQuery \"I\"\n");
  EXPECT_EQ(
      c->say(
          "Parse {\"statement\":\"s\",\"query\":\"rows 1\"}\nParse {\"statement\":\"s\",\"query\":\"rows 1\"}\nSync\n"
          "Close {\"kind\":\"S\",\"name\":\"nosuch\"}\nBind {\"statement\":\"s\"}\nSync"),
      "ParseComplete\nErrorResponse \"42P05\" ERROR\nReadyForQuery \"I\"\nCloseComplete\nBindComplete\nReadyForQuery "
      "\"I\"\n");
}

TEST_P(EveryDelivery, PortalsEndWithTheirTransaction) {
  auto c = logged_in();
  EXPECT_EQ(c->say("Parse {\"query\":\"rows 1\"}\nBind {\"portal\":\"p\"}\nSync\nExecute {\"portal\":\"p\"}\nSync"),
            "ParseComplete\nBindComplete\nReadyForQuery \"I\"\nErrorResponse \"34000\" ERROR\nReadyForQuery \"I\"\n");
}

TEST_P(EveryDelivery, PortalsOfAFailedTransactionKeepTheirNamesUntilItsEnd) {
  auto c = logged_in();
  c->say("Query {\"query\":\"begin\"}\nParse {\"query\":\"rows 1\"}\nBind {\"portal\":\"p\"}\nSync");
  EXPECT_EQ(c->say("Execute {\"portal\":\"nosuch\"}\nSync\nExecute {\"portal\":\"p\"}\nSync\n"
                   "Describe {\"kind\":\"P\",\"name\":\"p\"}\nSync"),
            "ErrorResponse \"34000\" ERROR\nReadyForQuery \"E\"\nErrorResponse \"25P02\" ERROR\nReadyForQuery \"E\"\n"
            "ErrorResponse \"25P02\" ERROR\nReadyForQuery \"E\"\n");
  EXPECT_EQ(c->say("Query {\"query\":\"rollback\"}\nExecute {\"portal\":\"p\"}\nSync"),
            "CommandComplete \"ROLLBACK\"\nReadyForQuery \"I\"\nErrorResponse \"34000\" ERROR\nReadyForQuery \"I\"\n");
}

TEST_P(EveryDelivery, AFailedPortalNeverRunsAgain) {
  auto c = logged_in();
  c->say("Query {\"query\":\"begin\"}\nParse {\"query\":\"rollback\"}\nBind {\"portal\":\"p\"}\nSync");
  EXPECT_EQ(c->say("Query {\"query\":\"fail\"}\nExecute {\"portal\":\"p\"}\nSync"),
            "ErrorResponse \"22012\" ERROR\nReadyForQuery \"E\"\nErrorResponse \"55000\" ERROR\nReadyForQuery \"E\"\n");
}

TEST_P(EveryDelivery, StringsThatAreNoTextAreRefusedBeforeAnythingIsDone) {
  auto c = logged_in();
  const auto refused = "ErrorResponse \"22021\" ERROR\nReadyForQuery \"I\"\n"s;
  c->say("Parse {\"query\":\"rows 0\"}\nSync");
  EXPECT_EQ(c->deliver("P\0\0\0\x09\0\xff\0\0\0S\0\0\0\4"s), refused);
  EXPECT_EQ(c->deliver("B\0\0\0\x0d\xff\0\0\0\0\0\0\0\0S\0\0\0\4"s), refused);
  EXPECT_EQ(c->deliver("D\0\0\0\7S\xff\0S\0\0\0\4"s), refused);
  EXPECT_EQ(c->deliver("C\0\0\0\7S\xff\0S\0\0\0\4"s), refused);
  EXPECT_EQ(c->deliver("E\0\0\0\x0a\xff\0\0\0\0\0S\0\0\0\4"s), refused);
  EXPECT_EQ(c->deliver("Q\0\0\0\6\xff\0"s), refused);
  EXPECT_EQ(c->say("Bind\nSync"), "BindComplete\nReadyForQuery \"I\"\n") << "the unnamed statement is still there";
}

TEST(Session, DoesNotRepeatValuesOfParametersInErrors) {
  Conversation c(Delivery::coalesced);
  c.say(login + "\nParse {\"query\":\"echo\"}\nSync");
  c.session->receive("B\0\0\0\x13\0\0\0\0\0\1\0\0\0\3a\xff\x62\0\0"s);
  const auto told = std::get<Session::Write>(c.session->next({})).bytes;
  EXPECT_NE(told.find("Wunnamed portal parameter $1\0"s), told.npos);
}

TEST_P(EveryDelivery, WhatIsWholeOfATruncatedBindIsLookedAt) {
  auto c = logged_in();
  c->say("Parse {\"query\":\"echo\"}\nSync");
  const auto sync = "S\0\0\0\4"s;
  EXPECT_EQ(c->deliver("B\0\0\0\x0f\0x\0\0\0\0\1\0\0\0\3"s + sync),
            "ErrorResponse \"26000\" ERROR\nReadyForQuery \"I\"\n");
  EXPECT_EQ(c->deliver("B\0\0\0\x0e\0\0\0\0\0\2\0\0\0\3"s + sync),
            "ErrorResponse \"08P01\" ERROR\nReadyForQuery \"I\"\n");
  EXPECT_EQ(c->deliver("B\0\0\0\x10\0\0\0\0\0\1\0\0\0\1\xff\0"s + sync),
            "ErrorResponse \"22021\" ERROR\nReadyForQuery \"I\"\n");
}

TEST_P(EveryDelivery, MalformedBodiesAreErrorsOfTheirMessage) {
  auto c = logged_in();
  EXPECT_EQ(c->deliver("Q\0\0\0\5x"s), "ErrorResponse \"08P01\" ERROR\nReadyForQuery \"I\"\n");
  EXPECT_EQ(c->deliver("D\0\0\0\6X\0S\0\0\0\4"s), "ErrorResponse \"08P01\" ERROR\nReadyForQuery \"I\"\n");
  EXPECT_EQ(c->deliver("S\0\0\0\5x"s), "ErrorResponse \"08P01\" ERROR\nReadyForQuery \"I\"\n");
}

TEST_P(EveryDelivery, UnknownTypesAreFatalAndBadLengthsSilent) {
  auto c = logged_in();
  EXPECT_EQ(c->deliver("y\0\0\0\4"s), "ErrorResponse \"08P01\" FATAL\n");
  EXPECT_TRUE(c->closed);
  auto d = logged_in();
  EXPECT_EQ(d->deliver("S\0\0\0\3"s), "");
  EXPECT_TRUE(d->closed);
}

TEST_P(EveryDelivery, StartupIsRefusedAsPostgresqlDoes) {
  auto refused = [&](const std::string& bytes) {
    Conversation c(GetParam());
    auto heard = c.deliver(bytes);
    EXPECT_TRUE(c.closed);
    return heard;
  };
  EXPECT_EQ(refused(frame(R"(StartupMessage {"version":"4.0"})")), "ErrorResponse \"0A000\" FATAL\n");
  EXPECT_EQ(refused(frame(R"(StartupMessage {"version":"3.9","parameters":{"user":"open","replication":"maybe"}})")),
            "ErrorResponse \"22023\" FATAL\n");
  EXPECT_EQ(refused(frame(R"(StartupMessage {})")), "ErrorResponse \"28000\" FATAL\n");
  EXPECT_EQ(refused("\0\0\0\x0b\0\3\0\0use"s), "ErrorResponse \"08P01\" FATAL\n");
  EXPECT_EQ(refused("\0\0\0\7"s), "") << "a bad length is answered by silence";
  EXPECT_EQ(refused(frame(R"(StartupMessage {"parameters":{"user":"open","database":"nowhere"}})")),
            "AuthenticationOk\nErrorResponse \"3D000\" FATAL\n");
  EXPECT_EQ(refused(frame(R"(StartupMessage {"parameters":{"user":"ldap"}})")), "ErrorResponse \"0A000\" FATAL\n");
}

TEST(Session, AnswersOldProtocolsInTheFormOfProtocol2) {
  for (const auto& version : {"\0\2\0\0"s, "\0\0\0\7"s}) {
    Conversation c(Delivery::whole);
    c.session->receive("\0\0\0\x08"s + version);
    EXPECT_TRUE(
        std::get<Session::Write>(c.session->next({})).bytes.starts_with("EFATAL:  unsupported frontend protocol"));
  }
}

TEST_P(EveryDelivery, NewerProtocolsAreNegotiated) {
  Conversation c(GetParam());
  EXPECT_EQ(c.say(R"(StartupMessage {"version":"3.9999","parameters":{"user":"open","_pq_.x":"1"}})"),
            "NegotiateProtocolVersion \"3.2\" [\"_pq_.x\"]\n" + greeting);
  EXPECT_EQ(c.session->cancel_key().size(), 32u);
  Conversation old(GetParam());
  EXPECT_EQ(old.say(R"(StartupMessage {"parameters":{"user":"open","_pq_.":""}})"),
            "NegotiateProtocolVersion [\"_pq_.\"]\n" + greeting);
  EXPECT_EQ(old.session->cancel_key().size(), 4u);
}

TEST_P(EveryDelivery, PasswordsInClear) {
  auto with = [&](const std::string& user, const std::string& password) {
    Conversation c(GetParam());
    auto heard = c.say("StartupMessage {\"parameters\":{\"user\":\"" + user + "\"}}");
    return heard + c.deliver(password);
  };
  EXPECT_EQ(with("clear", frame(R"(PasswordMessage {"password":"secret"})")),
            "AuthenticationCleartextPassword\n" + greeting);
  EXPECT_EQ(with("clear", frame(R"(PasswordMessage {"password":"wrong"})")),
            "AuthenticationCleartextPassword\nErrorResponse \"28P01\" FATAL\n");
  EXPECT_EQ(with("clear", frame(R"(Query {"query":"rows 1"})")),
            "AuthenticationCleartextPassword\nErrorResponse \"08P01\" FATAL\n");
  EXPECT_EQ(with("md5", frame(R"(PasswordMessage {"password":"x"})")),
            "AuthenticationMD5Password\nErrorResponse \"28P01\" FATAL\n");
  EXPECT_EQ(with("nobody", ""), "AuthenticationSASL [\"SCRAM-SHA-256\"]\n")
      << "an unknown user looks like the commonest kind";
}

TEST_P(EveryDelivery, EncryptionIsRefusedAndTheConnectionGoesOn) {
  Conversation c(GetParam());
  EXPECT_EQ(c.say("SSLRequest"), "N\n");
  EXPECT_EQ(c.say("GSSENCRequest"), "N\n");
  EXPECT_EQ(c.say(login), greeting);
  Conversation twice(GetParam());
  twice.say("SSLRequest");
  EXPECT_EQ(twice.say("SSLRequest"), "ErrorResponse \"0A000\" FATAL\n");
}

TEST(Session, DoesNotReadPlaintextThatCameBeforeTheHandshake) {
  Conversation c(Delivery::coalesced, true);
  c.session->receive(frame("SSLRequest") + frame(login));
  auto first = c.session->next({});
  EXPECT_EQ(std::get<Session::Write>(first).bytes, "S");
  auto second = c.session->next({});
  EXPECT_EQ(std::get<Session::StartTls>(second).early, frame(login)) << "it is the handshake's, which will fail";
  Conversation off(Delivery::coalesced);
  EXPECT_EQ(off.deliver(frame("SSLRequest") + frame(login)), "N\nErrorResponse \"08P01\" FATAL\n");
}

TEST_P(EveryDelivery, BeginsWithTheHandshakeWhereTheClientDoes) {
  Conversation direct(GetParam(), true);
  direct.application_protocol = "postgresql";
  EXPECT_EQ(direct.deliver("\x16"), "start-tls\n");
  EXPECT_EQ(direct.say("SSLRequest"), "N\n");
  EXPECT_EQ(direct.say("GSSENCRequest"), "N\n");
  EXPECT_EQ(direct.say(login), greeting);

  Conversation third(GetParam(), true);
  third.application_protocol = "postgresql";
  third.deliver("\x16");
  third.say("GSSENCRequest");
  third.say("SSLRequest");
  EXPECT_EQ(third.say("GSSENCRequest"), "ErrorResponse \"0A000\" FATAL\n");
}

TEST_P(EveryDelivery, DropsDirectTlsWithoutAnApplicationProtocol) {
  Conversation anonymous(GetParam(), true);
  EXPECT_EQ(anonymous.deliver("\x16"), "start-tls\n");
  EXPECT_TRUE(anonymous.closed);
  Conversation plain(GetParam(), false);
  EXPECT_EQ(plain.deliver("\x16\x03\x01\x02"), "") << "no TLS, no answer";
  EXPECT_TRUE(plain.closed);
}

TEST_P(EveryDelivery, TakesAHandshakeForAPacketOnceItWasAskedFor) {
  Conversation asked(GetParam(), true);
  EXPECT_EQ(asked.say("GSSENCRequest"), "N\n");
  EXPECT_EQ(asked.deliver("\x16\x03\x01\x02"), "");
  EXPECT_TRUE(asked.closed);
}

TEST_P(EveryDelivery, CancelRequestsAreTakenInSilence) {
  Conversation c(GetParam());
  EXPECT_EQ(c.say(R"(CancelRequest {"pid":7,"key":{"hex":"6b6b6b6b"}})"), "cancel 7\n");
  EXPECT_TRUE(c.closed);
}

TEST_P(EveryDelivery, CancellingHurtsOnlyARunningQuery) {
  auto c = logged_in();
  c->session->cancel();
  c->run();
  EXPECT_EQ(c->say(R"(Query {"query":"rows 0"})"),
            "RowDescription\nCommandComplete \"SELECT 0\"\nReadyForQuery \"I\"\n");
  EXPECT_EQ(c->say(R"(Query {"query":"wait"})"), "");
  EXPECT_TRUE(c->waiting);
  c->session->cancel();
  c->run();
  EXPECT_EQ(c->heard(), "ErrorResponse \"57014\" ERROR\nReadyForQuery \"I\"\n");
}

TEST_P(EveryDelivery, TerminateEndsTheSessionAndWhatWasNotFlushedIsDropped) {
  auto c = logged_in();
  EXPECT_EQ(c->say("Parse {\"query\":\"rows 1\"}\nTerminate"), "");
  EXPECT_TRUE(c->closed);
}

TEST_P(EveryDelivery, ShutdownIsTold) {
  auto c = logged_in();
  c->session->terminate();
  c->run();
  EXPECT_EQ(c->heard(), "ErrorResponse \"57P01\" FATAL\n");
  EXPECT_TRUE(c->closed);
  Conversation early(GetParam());
  early.session->terminate();
  early.run();
  EXPECT_EQ(early.heard(), "") << "only after login";
  EXPECT_TRUE(early.closed);
}

TEST_P(EveryDelivery, AFullServerRefusesLoginsAndTakesCancelRequests) {
  Conversation c(GetParam(), false, true);
  EXPECT_EQ(c.say("SSLRequest"), "N\n");
  EXPECT_EQ(c.say(login), "ErrorResponse \"53300\" FATAL\n");
  Conversation cancels(GetParam(), false, true);
  EXPECT_EQ(cancels.say(R"(CancelRequest {"pid":7,"key":{"hex":"6b6b6b6b"}})"), "cancel 7\n");
}

TEST_P(EveryDelivery, CopyInTakesDataInAnyPieces) {
  auto c = logged_in();
  EXPECT_EQ(c->say(R"(Query {"query":"copy-in; rows 0"})"), "CopyInResponse\n");
  EXPECT_EQ(c->say("CopyData {\"data\":\"ab\"}\nCopyData\nSync\nFlush\nCopyData {\"data\":\"c\"}\nCopyDone"),
            "CommandComplete \"COPY 3\"\nRowDescription\nCommandComplete \"SELECT 0\"\nReadyForQuery \"I\"\n");
  EXPECT_EQ(c->say("Parse {\"query\":\"copy-in\"}\nBind\nExecute\nSync\nCopyData {\"data\":\"ab\"}\nCopyDone\nSync"),
            "ParseComplete\nBindComplete\nCopyInResponse\nCommandComplete \"COPY 2\"\nReadyForQuery \"I\"\n");
}

TEST_P(EveryDelivery, CopyInFailsAndItsRestIsDropped) {
  auto c = logged_in();
  EXPECT_EQ(c->say("Query {\"query\":\"copy-in; rows 0\"}\nCopyFail {\"message\":\"no\"}"),
            "CopyInResponse\nErrorResponse \"57014\" ERROR\nReadyForQuery \"I\"\n");
  EXPECT_EQ(c->say("Query {\"query\":\"copy-in\"}\nCopyData {\"data\":\"x\"}\nCopyData\nCopyDone\nCopyFail"),
            "CopyInResponse\nErrorResponse \"22P04\" ERROR\nReadyForQuery \"I\"\n");
  EXPECT_EQ(c->say("Parse {\"query\":\"copy-in\"}\nBind\nExecute\nSync\nCopyData {\"data\":\"x\"}\nCopyDone\nParse"),
            "ParseComplete\nBindComplete\nCopyInResponse\nErrorResponse \"22P04\" ERROR\n")
      << "the Sync inside the copy is gone";
  EXPECT_EQ(c->say("Sync"), "ReadyForQuery \"I\"\n");
  c->say(R"(Query {"query":"copy-in"})");
  EXPECT_EQ(c->deliver("f\0\0\0\6no"s), "ErrorResponse \"08P01\" ERROR\nReadyForQuery \"I\"\n");
  c->say(R"(Query {"query":"copy-in"})");
  c->session->cancel();
  EXPECT_EQ(c->heard(), "") << "until the client says something";
  EXPECT_EQ(c->say("CopyDone"), "ErrorResponse \"57014\" ERROR\nReadyForQuery \"I\"\n");
}

TEST_P(EveryDelivery, OtherMessagesInACopyInAreTheEnd) {
  for (const auto& other : {frame(R"(Query {"query":"rows 0"})"), "y"s, frame("Terminate"), "d\0\0\0\3"s}) {
    auto c = logged_in();
    c->say(R"(Query {"query":"copy-in"})");
    EXPECT_EQ(c->deliver(other), other[0] == 'd' ? "ErrorResponse \"08006\" ERROR\nErrorResponse \"08P01\" FATAL\n"
                                                 : "ErrorResponse \"08P01\" ERROR\nErrorResponse \"08P01\" FATAL\n");
    EXPECT_TRUE(c->closed);
  }
}

TEST_P(EveryDelivery, CopyOutSendsCopyData) {
  auto c = logged_in();
  EXPECT_EQ(c->say(R"(Query {"query":"copy-out 2; rows 0"})"),
            "CopyOutResponse\nCopyData\nCopyData\nCopyDone\nCommandComplete \"COPY 2\"\nRowDescription\n"
            "CommandComplete \"SELECT 0\"\nReadyForQuery \"I\"\n");
  EXPECT_EQ(c->say("Parse {\"query\":\"copy-out 1\"}\nBind {\"result_formats\":[1]}\nDescribe {\"kind\":\"P\"}\n"
                   "Execute {\"max_rows\":1}\nExecute\nSync"),
            "ParseComplete\nBindComplete\nNoData\nCopyOutResponse\nCopyData\nCopyDone\nCommandComplete \"COPY 1\"\n"
            "ErrorResponse \"55000\" ERROR\nReadyForQuery \"I\"\n");
}

TEST_P(EveryDelivery, NotificationsComeBeforeReadyForQueryAndWhileIdle) {
  auto c = logged_in();
  auto& backend = *c->engine.last;
  backend.notifications = {{1, "a", "b"}};
  EXPECT_EQ(c->say(R"(Query {"query":"rows 0"})"),
            "NotificationResponse\nRowDescription\nCommandComplete \"SELECT 0\"\nReadyForQuery \"I\"\n");
  backend.notifications = {{1, "a", "b"}, {1, "a", "c"}};
  c->run();
  EXPECT_EQ(c->heard(), "NotificationResponse\nNotificationResponse\n");
  c->say(R"(Query {"query":"begin"})");
  backend.notifications = {{1, "a", "b"}};
  c->run();
  EXPECT_EQ(c->heard(), "") << "a transaction is open";
  EXPECT_EQ(c->say(R"(Query {"query":"commit; set y"})"),
            "CommandComplete \"COMMIT\"\nCommandComplete \"SET\"\nNotificationResponse\nParameterStatus y\n"
            "ReadyForQuery \"I\"\n");
  c->say("Parse {\"query\":\"rows 0\"}\nFlush");
  backend.notifications = {{1, "a", "b"}};
  c->run();
  EXPECT_EQ(c->heard(), "") << "so it is in a pipeline";
  EXPECT_EQ(c->say("Sync"), "NotificationResponse\nReadyForQuery \"I\"\n");
}

TEST_P(EveryDelivery, TimeoutsEndStatementsAndSessions) {
  using std::chrono::milliseconds;
  auto c = logged_in();
  c->engine.last->limits.statement = milliseconds(10);
  c->say(R"(Query {"query":"wait"})");
  EXPECT_TRUE(c->waiting);
  c->now.steady += milliseconds(10);
  c->run();
  EXPECT_EQ(c->heard(), "ErrorResponse \"57014\" ERROR\nReadyForQuery \"I\"\n");
  c->engine.last->limits = {.idle_in_transaction = milliseconds(10), .idle_session = milliseconds(20)};
  c->say(R"(Query {"query":"rows 0"})");
  c->now.steady += milliseconds(19);
  c->run();
  EXPECT_FALSE(c->closed);
  c->say(R"(Query {"query":"begin"})");
  c->now.steady += milliseconds(10);
  c->run();
  EXPECT_EQ(c->heard(), "ErrorResponse \"25P03\" FATAL\n");
  EXPECT_TRUE(c->closed);

  auto idle = logged_in();
  idle->engine.last->limits = {.idle_session = milliseconds(20), .transaction = milliseconds(50)};
  idle->say("Parse {\"query\":\"rows 0\"}\nBind\nExecute\nFlush");
  idle->now.steady += milliseconds(30);
  idle->run();
  EXPECT_FALSE(idle->closed) << "an open pipeline is not idle";
  idle->now.steady += milliseconds(20);
  idle->run();
  EXPECT_EQ(idle->heard(), "ErrorResponse \"25P04\" FATAL\n");
}

TEST_P(EveryDelivery, FunctionCallsAreAnsweredEachByItself) {
  auto c = logged_in();
  EXPECT_EQ(c->say("FunctionCall {\"function\":1,\"arguments\":[\"x\"]}\nFunctionCall {\"function\":1}\n"
                   "FunctionCall {\"function\":9}\nFunctionCall {\"function\":1,\"arguments\":[null]}"),
            "FunctionCallResponse\nReadyForQuery \"I\"\nErrorResponse \"08P01\" ERROR\nReadyForQuery \"I\"\n"
            "ErrorResponse \"42883\" ERROR\nReadyForQuery \"I\"\nFunctionCallResponse\nReadyForQuery \"I\"\n");
  c->say(R"(FunctionCall {"function":2})");
  EXPECT_TRUE(c->waiting);
  c->session->cancel();
  c->run();
  EXPECT_EQ(c->heard(), "ErrorResponse \"57014\" ERROR\nReadyForQuery \"I\"\n");
}

TEST(SendRow, RefusesARowThatNoBufferOfPostgresqlHolds) {
  const std::vector<Column> columns(2, Column{.name = "t", .type = types::text_oid});
  const types::Value row[]{std::string(50, 'x'), std::string(50, 'y')};
  Output out;
  out.raw("before");
  auto sent = send_row(out, columns, Formats(), row, {}, 100);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().sqlstate, sqlstate::program_limit_exceeded);
  EXPECT_EQ(out.bytes(), "before");
  EXPECT_TRUE(send_row(out, columns, Formats(), row, {}, 200));
}

TEST_P(EveryDelivery, LongResultsAreWrittenInPieces) {
  auto c = logged_in();
  const auto heard = c->say(R"(Query {"query":"rows 5000"})");
  EXPECT_EQ(std::count(heard.begin(), heard.end(), '\n'), 5003);
}

}  // namespace
}  // namespace pgconform::session
