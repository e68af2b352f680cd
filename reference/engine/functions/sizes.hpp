#pragma once

namespace pgconform::engine {

class Registry;

// add_sizes: pg_size_pretty() and pg_size_bytes(), unistr(). Called by add_texts().
void add_sizes(Registry& registry);

}  // namespace pgconform::engine
