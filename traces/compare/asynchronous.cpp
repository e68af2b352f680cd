#include "compare/asynchronous.hpp"

namespace pgconform::compare {
namespace {

bool may_come_alone(std::string_view message) {
  return message == "NoticeResponse" || message == "ParameterStatus" || message == "NotificationResponse";
}

}  // namespace

void Asynchronous::collect(const std::vector<notation::Item>& items) {
  for (const notation::Item& item : items) {
    if (auto message = item.message();
        message && message->side == notation::Side::backend && may_come_alone(message->name)) {
      named_.emplace(item.connection, message->name);
    }
    if (auto block = item.block()) {
      collect(block->items);
      for (const notation::Alternative& one : block->alternatives) collect(one.items);
    }
  }
}

bool Asynchronous::tolerated(std::string_view connection, std::string_view message) const {
  return may_come_alone(message) && !named_.contains({std::string(connection), std::string(message)});
}

}  // namespace pgconform::compare
