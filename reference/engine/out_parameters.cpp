#include "engine/out_parameters.hpp"

#include <charconv>
#include <map>

#include "engine/catalog/initial_rows.hpp"

namespace pgconform::engine {
namespace {

// The members of an array such as {2277,2283} or {"",x,n}, of which none needs more quoting than the empty one.
std::vector<std::string_view> members(std::string_view array) {
  std::vector<std::string_view> list;
  array.remove_prefix(1);
  array.remove_suffix(1);
  while (!array.empty()) {
    const auto end = std::min(array.find(','), array.size());
    auto one = array.substr(0, end);
    list.push_back(one == "\"\"" ? std::string_view() : one);
    array.remove_prefix(std::min(end + 1, array.size()));
  }
  return list;
}

types::Oid read_oid(std::string_view text) {
  types::Oid oid = 0;
  std::from_chars(text.data(), text.data() + text.size(), oid);
  return oid;
}

}  // namespace

const std::vector<OutParameter>& out_parameters(types::Oid function) {
  static const auto all = [] {
    std::map<types::Oid, std::vector<OutParameter>> map;
    for (auto row : initial_rows("pg_proc")) {
      RowText text(row);
      const auto oid = text.next();
      const auto types = text.skip(19).next(), modes = text.next(), names = text.next();
      if (types == "\\N" || modes == "\\N" || names == "\\N") continue;
      const auto all_types = members(types), all_modes = members(modes), all_names = members(names);
      for (std::size_t i = 0; i < all_types.size() && i < all_modes.size() && i < all_names.size(); ++i)
        if (all_modes[i] != "i" && all_modes[i] != "v")
          map[read_oid(oid)].push_back({std::string(all_names[i]), read_oid(all_types[i])});
    }
    return map;
  }();
  static const std::vector<OutParameter> none;
  const auto found = all.find(function);
  return found == all.end() ? none : found->second;
}

}  // namespace pgconform::engine
