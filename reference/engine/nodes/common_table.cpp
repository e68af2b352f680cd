#include <ranges>
#include <set>

#include "engine/nodes/nodes.hpp"
#include "engine/stack.hpp"

// WITH: each of its queries is run once, as far as anyone reads it, and its rows are kept for all who do.
namespace pgconform::engine {

struct CommonRun {
  explicit CommonRun(Work& home) : work{Context{home.context.session}, home.snapshot, 0} {
    work.context.parameters = home.context.parameters;
    work.context.work = &work;
    work.context.outer = home.context.outer;
    work.context.home = &home.context;
  }

  Work work;
  NodePtr source;
  std::vector<Row> rows;
  const std::vector<Row>* working = nullptr;  // the last round of a recursive query
  bool done = false;
};

namespace {

CommonRun& find_run(Context& context, const CommonTable* table) {
  for (Context* each = &context;; each = each->home ? each->home : each->outer)
    if (auto it = each->common_tables.find(table); it != each->common_tables.end()) return *it->second;
}

// The non-recursive side's rows, then round after round of the other's, until one brings nothing new.
class Recursion : public RowSource {
 public:
  Recursion(const Query& query, CommonRun& run)
      : query_(query), run_(run), source_(first(query)), seen_(order_of(query.operand_types)) {
    run_.working = &working_;
  }
  Step next(Work& work, Row& row) override {
    for (;;) {
      Step step = source_->next(work, row);
      if (step == Step::pause) return step;
      if (step == Step::done) {
        if (round_.empty()) return step;
        working_ = std::move(round_);
        round_.clear();
        source_ = make_projection(make_source(*query_.right), query_.right_casts);
        continue;
      }
      row.resize(query_.operand_types.size());
      if (!query_.all && !seen_.insert(row).second) continue;
      round_.push_back(row);
      return Step::row;
    }
  }

 private:
  static NodePtr first(const Query& query) {
    auto source = make_source(*query.left);
    return query.left_casts.empty() ? std::move(source) : make_projection(std::move(source), query.left_casts);
  }

  const Query& query_;
  CommonRun& run_;
  NodePtr source_;
  std::vector<Row> working_, round_;
  std::set<Row, RowOrder> seen_;
};

NodePtr make_recursion(const Query& query, CommonRun& run) {
  NodePtr source = std::make_unique<Recursion>(query, run);
  return query.with.empty() ? std::move(source) : make_with(std::move(source), query.with);
}

class WorkingScan : public RowSource {
 public:
  explicit WorkingScan(const FromItem& item) : item_(item) {}
  Step next(Work& work, Row& row) override {
    if (!rows_) rows_ = find_run(work.context, item_.common).working;
    if (place_ == rows_->size()) return Step::done;
    if (!work.spend()) return Step::pause;
    row = (*rows_)[place_++];
    return Step::row;
  }

 private:
  const FromItem& item_;
  const std::vector<Row>* rows_ = nullptr;
  std::size_t place_ = 0;
};

class CommonScan : public RowSource {
 public:
  explicit CommonScan(const FromItem& item) : item_(item) {}
  Step next(Work& work, Row& row) override {
    StackBase::check();  // each may read the one before it, however many there are
    if (!run_) run_ = &find_run(work.context, item_.common);
    if (place_ == run_->rows.size()) {
      if (run_->done) return Step::done;
      Row one;
      work.lend(run_->work);
      Step step = run_->source->next(run_->work, one);
      work.take_back(run_->work);
      run_->done = step == Step::done;
      if (step != Step::row) return step;
      one.resize(item_.common->columns.size());
      run_->rows.push_back(std::move(one));
    }
    if (!work.spend()) return Step::pause;
    row = run_->rows[place_++];
    return Step::row;
  }

 private:
  const FromItem& item_;
  CommonRun* run_ = nullptr;
  std::size_t place_ = 0;
};

class With : public RowSource {
 public:
  With(NodePtr input, const std::vector<std::unique_ptr<CommonTable>>& tables)
      : input_(std::move(input)), tables_(tables) {}
  Step next(Work& work, Row& row) override {
    if (!started_) {
      for (const auto& table : tables_) {
        auto run = std::make_shared<CommonRun>(work);
        run->source = table->recursive ? make_recursion(*table->query, *run) : make_source(*table);
        if (table->writes()) changes_.push_back(run);
        work.context.common_tables.insert_or_assign(table.get(), std::move(run));
      }
      started_ = true;
    }
    if (!read_) {
      Step step = input_->next(work, row);
      if (step != Step::done) return step;
      read_ = true;
    }
    return finish_changes(work);
  }

 private:
  // Changes are made to their end, however much of what they return is read; the last first, as it may read others.
  Step finish_changes(Work& work) const {
    for (const auto& run : changes_ | std::views::reverse) {
      Row ignored;
      while (!run->done) {
        work.lend(run->work);
        Step step = run->source->next(run->work, ignored);
        work.take_back(run->work);
        if (step == Step::pause) return step;
        run->done = step == Step::done;
      }
    }
    return Step::done;
  }

  NodePtr input_;
  const std::vector<std::unique_ptr<CommonTable>>& tables_;
  std::vector<std::shared_ptr<CommonRun>> changes_;
  bool started_ = false, read_ = false;
};

}  // namespace

NodePtr make_with(NodePtr input, const std::vector<std::unique_ptr<CommonTable>>& tables) {
  return std::make_unique<With>(std::move(input), tables);
}

NodePtr make_common_scan(const FromItem& item) {
  if (item.working) return std::make_unique<WorkingScan>(item);
  return std::make_unique<CommonScan>(item);
}

}  // namespace pgconform::engine
