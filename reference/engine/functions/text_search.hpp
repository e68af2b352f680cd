#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Searches whose time grows with the lengths of the texts, not with their product: one long value must not hold up
// every session.
namespace pgconform::engine {

// TextSearch: the places of `wanted` in a text.
class TextSearch {
 public:
  // A short text is found quickly enough, whatever it is searched in.
  explicit TextSearch(std::string_view wanted) : wanted_(wanted) {}

  // find: the first place at or behind `begin`; npos where there is none.
  std::size_t find(std::string_view text, std::size_t begin = 0) {
    if (wanted_.size() <= most_compared || text.size() - std::min(begin, text.size()) < wanted_.size())
      return text.find(wanted_, begin);
    if (borders_.empty()) find_borders();
    for (std::size_t same = 0; begin < text.size(); ++begin) {
      same = continued(same, text[begin]);
      if (same == wanted_.size()) return begin + 1 - same;
    }
    return std::string_view::npos;
  }

 private:
  static constexpr std::size_t most_compared = 32;

  // continued: how much of what is wanted ends with `next`, of which `same` characters stood before it.
  std::size_t continued(std::size_t same, char next) const {
    while (same > 0 && wanted_[same] != next) same = borders_[same - 1];
    return wanted_[same] == next ? same + 1 : 0;
  }

  // Knuth, Morris, Pratt: by lengths of its beginnings, the longest shorter beginning that also ends them.
  void find_borders() {
    borders_.assign(wanted_.size(), 0);
    for (std::size_t i = 1; i < wanted_.size(); ++i)
      borders_[i] = static_cast<std::uint32_t>(continued(borders_[i - 1], wanted_[i]));
  }

  std::string_view wanted_;
  std::vector<std::uint32_t> borders_;
};

// CharacterPlaces: where characters stand first in a list of them.
class CharacterPlaces {
 public:
  explicit CharacterPlaces(const std::vector<std::string_view>& characters) {
    for (std::size_t i = 0; i < characters.size(); ++i) places_.emplace_back(characters[i], i);
    std::ranges::sort(places_);
    const auto again = std::ranges::unique(places_, {}, &std::pair<std::string_view, std::size_t>::first);
    places_.erase(again.begin(), again.end());
  }

  // find: npos for one that is not in it.
  std::size_t find(std::string_view character) const {
    const auto it = std::ranges::lower_bound(places_, character, {}, &std::pair<std::string_view, std::size_t>::first);
    return it != places_.end() && it->first == character ? it->second : std::string_view::npos;
  }

 private:
  std::vector<std::pair<std::string_view, std::size_t>> places_;
};

}  // namespace pgconform::engine
