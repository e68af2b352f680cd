#include "engine/functions/packed_types.hpp"
#include "engine/session_state.hpp"

// Locks whose meaning is their users' affair. functions-admin, "Advisory Lock Functions"; explicit-locking.
namespace pgconform::engine {
namespace {

LockTarget target_of(const Call& c) {
  using enum LockTarget::Kind;
  if (c.args.size() == 2)
    return {integers, static_cast<std::uint32_t>(c.integer(0)), static_cast<std::uint32_t>(c.integer(1))};
  const auto key = static_cast<std::uint64_t>(c.integer(0));
  return {bigint, static_cast<std::uint32_t>(key >> 32), static_cast<std::uint32_t>(key)};
}

template <bool of_session, LockMode mode>
Value lock(Call& c) {
  c.context.session.waits().advisory(target_of(c), mode, of_session, true);
  return std::string();
}

template <bool of_session, LockMode mode>
Value try_lock(Call& c) {
  return c.context.session.waits().advisory(target_of(c), mode, of_session, false);
}

template <LockMode mode>
Value unlock(Call& c) {
  auto& session = c.context.session;
  const bool is_held = session.database().locks.release(&session, target_of(c), mode);
  if (is_held)
    session.database().locks.wake_all();
  else
    session.warn(sqlstate::warning, fmt::format("you don't own a lock of type {}", lock_name(mode)));
  return is_held;
}

Value unlock_all(Call& c) {
  auto& session = c.context.session;
  session.database().locks.release_all(&session, false);
  session.database().locks.wake_all();
  return std::string();
}

}  // namespace

void add_advisory_locks(Registry& r) {
  using enum LockMode;
  for (std::string key : {"_int8", "_int4"}) {
    r.add("pg_advisory_lock" + key, lock<true, exclusive>);
    r.add("pg_advisory_lock_shared" + key, lock<true, share>);
    r.add("pg_advisory_xact_lock" + key, lock<false, exclusive>);
    r.add("pg_advisory_xact_lock_shared" + key, lock<false, share>);
    r.add("pg_try_advisory_lock" + key, try_lock<true, exclusive>);
    r.add("pg_try_advisory_lock_shared" + key, try_lock<true, share>);
    r.add("pg_try_advisory_xact_lock" + key, try_lock<false, exclusive>);
    r.add("pg_try_advisory_xact_lock_shared" + key, try_lock<false, share>);
    r.add("pg_advisory_unlock" + key, unlock<exclusive>);
    r.add("pg_advisory_unlock_shared" + key, unlock<share>);
  }
  r.add("pg_advisory_unlock_all", unlock_all);
}

}  // namespace pgconform::engine
