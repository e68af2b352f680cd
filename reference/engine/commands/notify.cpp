#include "engine/commands/command.hpp"

// NOTIFY, LISTEN, UNLISTEN; what they mean is in channels.hpp.
namespace pgconform::engine {
namespace {

std::string_view channel_of(const Prepared& statement) {
  return statement.raw->node().body().text("conditionname");
}

std::string notify(const Prepared& statement, SessionState& session) {
  session.mailbox().notify(channel_of(statement), statement.raw->node().body().text("payload"));
  return "NOTIFY";
}

std::string listen(const Prepared& statement, SessionState& session) {
  session.mailbox().listen(channel_of(statement));
  return "LISTEN";
}

std::string unlisten(const Prepared& statement, SessionState& session) {
  session.mailbox().unlisten(channel_of(statement));
  return "UNLISTEN";
}

}  // namespace

std::shared_ptr<const Command> analyze_notify(const RawStatement& raw) {
  const auto kind = raw.node().kind();
  if (kind == "NotifyStmt") return std::make_shared<AtOnceCommand>(notify);
  if (kind == "ListenStmt") return std::make_shared<AtOnceCommand>(listen);
  if (kind == "UnlistenStmt") return std::make_shared<AtOnceCommand>(unlisten);
  return nullptr;
}

}  // namespace pgconform::engine
