#pragma once

#include <memory>

#include "types/object_names.hpp"

namespace pgconform::engine {

class SessionState;

// make_object_names: what names of relations, functions and the like mean in that session.
std::unique_ptr<types::ObjectNames> make_object_names(SessionState& session);

}  // namespace pgconform::engine
