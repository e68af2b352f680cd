#include "engine/user_types.hpp"

#include <algorithm>
#include <set>

#include "engine/evaluate.hpp"
#include "engine/quoting.hpp"
#include "engine/session_state.hpp"
#include "engine/stack.hpp"

namespace pgconform::engine {

using types::Failure;
using types::Result;

SessionTypes::~SessionTypes() {
  if (types::made_types() == this) types::use_made_types(nullptr);
}

// With one version there is nothing to choose: who knows the OID may see what it stands for.
const UserType* SessionTypes::find(Oid oid) const {
  const auto& all = session_.database().types;
  auto it = all.find(oid);
  if (it == all.end()) return nullptr;
  const auto& versions = it->second;
  if (versions.size() > 1)
    if (auto seen = version(oid)) return seen.get();
  return versions.back().get();
}

std::shared_ptr<UserType> SessionTypes::version(Oid oid) const {
  const auto& all = session_.database().types;
  auto it = all.find(oid);
  if (it == all.end()) return nullptr;
  auto seen = std::ranges::find_if(it->second.rbegin(), it->second.rend(),
                                   [&](const auto& type) { return session_.is_visible(type->stamp); });
  return seen == it->second.rend() ? nullptr : *seen;
}

std::vector<std::shared_ptr<UserType>> SessionTypes::all(const Snapshot& snapshot) const {
  std::vector<std::shared_ptr<UserType>> list;
  for (const auto& [oid, versions] : session_.database().types)
    for (const auto& type : versions)
      if (type->stamp.visible(snapshot)) list.push_back(type);
  std::ranges::sort(list, {}, [](const auto& type) { return type->oid; });
  return list;
}

std::shared_ptr<UserType> SessionTypes::named(std::string_view schema, std::string_view name) const {
  std::shared_ptr<UserType> found;
  const auto& path = session_.search_path();
  std::size_t found_at = path.size();
  for (const auto& [oid, versions] : session_.database().types)
    for (const auto& type : versions) {
      if (type->name != name || (!schema.empty() && type->schema != schema)) continue;
      const auto at = static_cast<std::size_t>(std::ranges::find(path, type->schema) - path.begin());
      if ((schema.empty() && at >= found_at) || !session_.is_visible(type->stamp)) continue;
      found = type;
      found_at = at;
    }
  return found;
}

std::string SessionTypes::shown(const types::MadeType& type) const {
  if (type.element != 0) return types::type_name(type.element) + "[]";
  const auto& made = static_cast<const UserType&>(type);
  const auto meant = named("", made.name);
  std::string name = quoted_name(made.name);
  return meant && meant->oid == made.oid && !types::find_type(made.name) ? name : quoted_name(made.schema) + "." + name;
}

float SessionTypes::order(Oid label) const {
  const auto& all = session_.database().label_order;
  auto it = all.find(label);
  return it == all.end() ? 0 : it->second;
}

// check_safe_enum_use(): a label that came with its type is as good as the type.
Result<bool> SessionTypes::may_use(const types::MadeType& type, const types::Label& label) const {
  const auto& transactions = session_.database().transactions;
  const auto& versions = session_.database().types.at(type.oid);
  for (const auto& version : versions) {
    if (std::ranges::find(version->labels, label.oid, &types::Label::oid) == version->labels.end()) continue;
    if (version == versions.front() || !transactions.is_running(version->stamp.made)) return true;
    break;
  }
  return std::unexpected(
      Failure{sqlstate::unsafe_new_enum_value_usage,
              fmt::format("unsafe use of new value \"{}\" of enum type {}", label.text, types::type_name(type.oid)),
              {},
              "New enum values must be committed before they can be used."});
}

Value SessionTypes::checked(Oid domain, Value value, const Context* around) const {
  StackBase::check();
  const auto* type = find(domain);
  if (!type) fail(sqlstate::internal_error, fmt::format("cache lookup failed for type {}", domain));
  auto violated = [&](std::string_view state, std::string message, std::string_view constraint) {
    Failure failure{state, std::move(message), {}, {}};
    failure.schema = type->schema;
    failure.data_type = type->name;
    failure.constraint = constraint;
    fail(failure);
  };
  if (const auto* base = types::find_made(type->base); base && base->kind == 'd')
    value = checked(type->base, std::move(value), around);
  if (type->not_null && types::is_null(value))
    violated(sqlstate::not_null_violation,
             fmt::format("domain {} does not allow null values", types::type_name(type->oid)), "");
  if (type->checks.empty()) return value;
  Context context{session_};
  context.style = around ? around->style : session_.style();
  context.row = std::span<const Value>(&value, 1);
  for (const auto& each : type->checks) {
    Value good;
    try {
      good = evaluate(*each.condition, context);
    } catch (const Suspend&) {
      refuse("waiting in a domain's constraint");
    } catch (const Pause&) {
      refuse("so much work in a domain's constraint");
    }
    if (!types::is_null(good) && !std::get<bool>(good))
      violated(
          sqlstate::check_violation,
          fmt::format("value for domain {} violates check constraint \"{}\"", types::type_name(type->oid), each.name),
          each.name);
  }
  return value;
}

Result<Value> SessionTypes::check(const types::MadeType& domain, Value value) const {
  try {
    return checked(domain.oid, std::move(value), nullptr);
  } catch (const SqlError& error) {
    // A failure does not own its state.
    static thread_local std::set<std::string> states;
    Failure failure{*states.insert(error.report.sqlstate).first, error.report.message, error.report.detail,
                    error.report.hint};
    failure.schema = error.report.schema;
    failure.data_type = error.report.data_type;
    failure.constraint = error.report.constraint;
    return std::unexpected(std::move(failure));
  }
}

}  // namespace pgconform::engine
