#include "engine/catalog/cache.hpp"

#include <functional>

#include "engine/session_state.hpp"

namespace pgconform::engine {

std::size_t hash_of(const Value& value) {
  switch (value.index()) {
    case 1:
      return std::get<bool>(value) ? 1 : 2;
    case 2:
      return std::hash<std::int64_t>{}(std::get<std::int64_t>(value)) * 0x9e3779b97f4a7c15;
    case 5:
      return std::hash<std::string>{}(std::get<std::string>(value));
    default:
      return 0;
  }
}

const CatalogCache::Places& CatalogCache::Cached::find(std::size_t column, const Value& value) {
  auto [index, fresh] = by_value_.try_emplace(column);
  if (fresh)
    for (std::size_t i = 0; i < rows_.size(); ++i)
      if (const Value& each = rows_[i][column]; !types::is_null(each)) index->second[hash_of(each)].push_back(i);
  static const Places none;
  auto found = index->second.find(hash_of(value));
  return found == index->second.end() ? none : found->second;
}

std::shared_ptr<CatalogCache::Cached> CatalogCache::rows(const Table& table, SessionState& session,
                                                         const Snapshot& snapshot) {
  if (snapshot.own != own_ || snapshot.running != running_ || snapshot.next != next_ || snapshot.command != command_) {
    clear();
    own_ = snapshot.own;
    running_ = snapshot.running;
    next_ = snapshot.next;
    command_ = snapshot.command;
  }
  auto& cached = tables_[&table];
  if (!cached) cached = std::make_shared<Cached>(rows_of(table, session, snapshot));
  return cached;
}

}  // namespace pgconform::engine
