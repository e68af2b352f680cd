#pragma once

#include <utility>

#include "engine/analyzer.hpp"

namespace pgconform::engine {

// Inside: one query's scope; the outer query's state comes back at its end.
class Analyzer::Inside {
 public:
  Inside(Analyzer& analyzer, Query* query, Scope::Border border)
      : analyzer_(analyzer),
        outer_query_(std::exchange(analyzer.query_, query)),
        in_aggregate_(std::exchange(analyzer.in_aggregate_, false)),
        wants_places_(std::exchange(analyzer.wants_places_, false)),
        in_window_(std::exchange(analyzer.in_window_, false)),
        in_construct_(std::exchange(analyzer.in_construct_, {})),
        clause_(analyzer.clause_),
        visible_common_(analyzer.visible_common_.size()) {
    scope.border = border;
    scope.query = query;
    scope.clause_around = static_cast<int>(analyzer.clause_);
    scope.outer = std::exchange(analyzer.scope_, &scope);
  }
  ~Inside() {
    analyzer_.scope_ = scope.outer;
    analyzer_.query_ = outer_query_;
    analyzer_.in_aggregate_ = in_aggregate_;
    analyzer_.wants_places_ = wants_places_;
    analyzer_.in_window_ = in_window_;
    analyzer_.in_construct_ = in_construct_;
    analyzer_.clause_ = clause_;
    analyzer_.visible_common_.resize(visible_common_);
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  Scope scope;

 private:
  Analyzer& analyzer_;
  Query* outer_query_;
  bool in_aggregate_, wants_places_, in_window_;
  std::string_view in_construct_;
  Clause clause_;
  std::size_t visible_common_;
};

}  // namespace pgconform::engine
