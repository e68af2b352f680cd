#include <set>

#include "engine/evaluate.hpp"
#include "engine/facts.hpp"
#include "engine/nodes/accumulator.hpp"
#include "engine/nodes/nodes.hpp"
#include "types/form.hpp"

// Window functions: all rows are put in the order of their window, then each gets the values of its calls: WindowAgg.
namespace pgconform::engine {
namespace {

using types::is_null;

// The values of one row, and which calls' FILTER lets it pass.
struct Entry {
  Row row, keys;
  std::vector<std::optional<Row>> args;
};

struct EntryOrder {
  RowOrder order;
  bool operator()(const Entry& a, const Entry& b) const { return order.compare(a.keys, b.keys) < 0; }
};

RowOrder order_by(const Window& window, bool parts, bool order) {
  RowOrder result;
  auto add = [&](const SortKey& key) {
    const auto place = static_cast<std::size_t>(key.target);
    result.keys.push_back({place, window.keys[place]->type, key.descending, key.nulls_first});
  };
  if (parts) std::ranges::for_each(window.parts, add);
  if (order) std::ranges::for_each(window.order, add);
  return result;
}

// Places in the order: those of a partition, of a row's peers, of a frame.
struct Stretch {
  std::size_t first = 0, end = 0;
  std::size_t size() const { return end - first; }
};

class Windowing : public RowSource {
 public:
  Windowing(NodePtr input, const Query& query, std::size_t number)
      : input_(std::move(input)),
        window_(query.windows[number]),
        parting_(order_by(window_, true, false)),
        peering_(order_by(window_, false, true)),
        sorted_(EntryOrder{order_by(window_, true, true)}),
        results_at_(static_cast<std::size_t>(query.series_at) + query.series.size()),
        width_(results_at_ + query.window_calls.size()) {
    for (std::size_t i = 0; i < query.window_calls.size(); ++i) {
      if (query.window_calls[i].window != number) continue;
      calls_.push_back({&query.window_calls[i], results_at_ + i});
    }
  }

  Step next(Work& work, Row& row) override {
    if (!started_) {
      start_offset_ = offset(window_.frame.start, "starting", work);
      end_offset_ = offset(window_.frame.end, "ending", work);
      started_ = true;
    }
    if (!read_all_) {
      if (Step step = read(work); step != Step::done) return step;
      read_all_ = true;
    }
    while (!sorted_.empty()) {
      if (!work.spend()) return Step::pause;
      lay_out(std::move(sorted_.extract(sorted_.begin()).value()));
    }
    if (at_ == entries_.size()) return Step::done;
    if (!work.spend()) return Step::pause;
    find_frame(work);
    Row& made = entries_[at_].row;
    for (; call_ < calls_.size(); ++call_) {
      Call& call = calls_[call_];
      if (!call.what->function) {
        if (!accumulate(call, work)) return Step::pause;
        made[call.place] = call.accumulator.result(call.what->call);
        // A list of all that is in the frame takes its time, for every row anew.
        constexpr std::size_t bytes_of_a_row = 128;
        if (const auto* list = std::get_if<std::string>(&made[call.place]))
          work.budget -= static_cast<int>(list->size() / bytes_of_a_row);
      } else {
        made[call.place] = value_of(call);
      }
    }
    call_ = 0;
    ++at_;
    row = std::move(made);
    return Step::row;
  }

 private:
  struct Call {
    const WindowCall* what;
    std::size_t place;
    // An aggregate's state: it holds the frame's rows from `first` up to `next`, worked on for the row at `row`.
    Accumulator accumulator{};
    std::size_t first = 0, next = 0, row = static_cast<std::size_t>(-1);
    std::optional<std::int64_t> buckets{};  // ntile's, from the first row of the partition
    std::size_t partition = static_cast<std::size_t>(-1);
  };

  Value offset(const Frame::Edge& edge, std::string_view which, Work& work) const {
    if (!edge.offset) return {};
    Value value = evaluate(*edge.offset, work.context);
    if (is_null(value)) fail(sqlstate::null_value_not_allowed, fmt::format("frame {} offset must not be null", which));
    if (window_.frame.unit != Frame::Unit::range && std::get<std::int64_t>(value) < 0)
      fail(sqlstate::invalid_preceding_or_following_size, fmt::format("frame {} offset must not be negative", which));
    return value;
  }

  Step read(Work& work) {
    for (;;) {
      if (!pending_) {
        Step step = input_->next(work, current_);
        if (step != Step::row) return step;
        pending_ = true;
      }
      Context& context = work.context;
      context.row = current_;
      Entry entry;
      for (const auto& key : window_.keys) entry.keys.push_back(evaluate(*key, context));
      for (const auto& call : calls_) {
        auto& args = entry.args.emplace_back();
        const Aggregate& what = call.what->call;
        if (what.filter && !is_true(evaluate(*what.filter, context))) continue;
        args.emplace();
        for (const auto& arg : what.args) args->push_back(evaluate(*arg, context));
      }
      context.remembered.clear();
      pending_ = false;
      entry.row = std::move(current_);
      entry.row.resize(width_);
      sorted_.insert(std::move(entry));
    }
  }

  void lay_out(Entry entry) {
    const auto place = entries_.size();
    const bool begins = place == 0 || parting_.compare(entries_.back().keys, entry.keys) != 0;
    const bool is_peer = !begins && peering_.compare(entries_.back().keys, entry.keys) == 0;
    if (begins) partitions_.push_back({{place, place}, {groups_.size(), groups_.size()}});
    if (!is_peer) {
      groups_.push_back({place, place});
      ++partitions_.back().groups.end;
    }
    groups_.back().end = partitions_.back().rows.end = place + 1;
    of_.push_back({partitions_.size() - 1, groups_.size() - 1});
    entries_.push_back(std::move(entry));
  }

  // Where the frame of the row at hand begins and ends, before anything is excluded.
  void find_frame(Work& work) {
    if (framed_ == at_) return;
    const Stretch rows = partitions_[of_[at_].partition].rows, peers = groups_[of_[at_].group];
    frame_.first = edge(window_.frame.start, start_offset_, rows, peers, true, work);
    frame_.end = std::max(frame_.first, edge(window_.frame.end, end_offset_, rows, peers, false, work));
    framed_ = at_;
  }

  std::size_t edge(const Frame::Edge& edge, const Value& offset, Stretch rows, Stretch peers, bool is_start,
                   Work& work) const {
    using Bound = Frame::Bound;
    if (edge.bound == Bound::unbounded_preceding) return rows.first;
    if (edge.bound == Bound::unbounded_following) return rows.end;
    const bool by_row = window_.frame.unit == Frame::Unit::rows;
    if (edge.bound == Bound::current) return by_row ? at_ + (is_start ? 0 : 1) : is_start ? peers.first : peers.end;
    if (window_.frame.unit == Frame::Unit::range) return find_within(edge, offset, rows, is_start, work);
    const Stretch all = by_row ? rows : partitions_[of_[at_].partition].groups;
    const std::size_t here = by_row ? at_ : of_[at_].group;
    const auto far = static_cast<std::size_t>(std::get<std::int64_t>(offset));
    const std::size_t found = edge.bound == Bound::preceding ? (far > here - all.first ? all.first : here - far)
                                                             : (far >= all.end - here ? all.end : here + far);
    const bool is_before = edge.bound == Bound::preceding && far > here - all.first;
    const std::size_t end = is_start ? found : is_before ? all.first : std::min(found + 1, all.end);
    if (by_row) return end;
    return end == all.end ? rows.end : groups_[end].first;
  }

  // Keys are in order, so that the first one within the offset, or beyond it, is found by halving.
  std::size_t find_within(const Frame::Edge& edge, const Value& offset, Stretch rows, bool is_start, Work& work) const {
    const auto& key = peering_.keys[0];
    if (compare_values(edge.offset->type, offset, value_or_fail(types::parse_text(edge.offset->type, "0", {}))) < 0)
      fail(sqlstate::invalid_preceding_or_following_size, "invalid preceding or following size in window function");
    const Value& base = entries_[at_].keys[key.place];
    auto goes_on = [&](std::size_t place) {  // the edge is behind this row
      const Value& head = entries_[place].keys[key.place];
      if (is_null(head) || is_null(base)) {
        if (is_start) return key.nulls_first ? is_null(head) && !is_null(base) : !is_null(head) && is_null(base);
        return key.nulls_first ? is_null(head) || !is_null(base) : !is_null(head) || is_null(base);
      }
      set_operand(work.context, edge.operand, head);
      set_operand(work.context, edge.operand + 1, base);
      set_operand(work.context, edge.operand + 2, offset);
      const bool within = is_true(evaluate(*edge.within, work.context));
      return is_start ? !within : within;
    };
    while (rows.first < rows.end) {
      const std::size_t middle = rows.first + rows.size() / 2;
      if (goes_on(middle))
        rows.first = middle + 1;
      else
        rows.end = middle;
    }
    return rows.first;
  }

  bool is_excluded(std::size_t place) const {
    using Exclude = Frame::Exclude;
    const Exclude exclude = window_.frame.exclude;
    if (exclude == Exclude::none) return false;
    if (place == at_) return exclude != Exclude::ties;
    return exclude != Exclude::current && of_[place].group == of_[at_].group;
  }

  // An aggregate goes on from where it is while the frame only grows; false: the slice is used up.
  bool accumulate(Call& call, Work& work) {
    if (call.row != at_) {
      if (call.first != frame_.first || call.next > frame_.end || window_.frame.exclude != Frame::Exclude::none) {
        call.accumulator = {};
        call.first = call.next = frame_.first;
      }
      call.row = at_;
    }
    const auto number = static_cast<std::size_t>(&call - calls_.data());
    while (call.next < frame_.end) {
      if (!work.spend()) return false;
      if (!is_excluded(call.next))
        if (auto args = entries_[call.next].args[number]) call.accumulator.add(call.what->call, *args);
      ++call.next;
    }
    return true;
  }

  // The row of the frame that is so many rows from its start or its end, but for those that are excluded.
  std::optional<std::size_t> in_frame(std::uint64_t far, bool from_end) const {
    Stretch group = groups_[of_[at_].group];
    std::vector<Stretch> parts;
    auto add = [&](std::size_t first, std::size_t end) {
      first = std::max(first, frame_.first);
      end = std::min(end, frame_.end);
      if (first < end) parts.push_back({first, end});
    };
    using Exclude = Frame::Exclude;
    switch (window_.frame.exclude) {
      case Exclude::none:
        add(frame_.first, frame_.end);
        break;
      case Exclude::current:
        add(frame_.first, at_);
        add(at_ + 1, frame_.end);
        break;
      case Exclude::group:
        add(frame_.first, group.first);
        add(group.end, frame_.end);
        break;
      case Exclude::ties:
        add(frame_.first, group.first);
        add(at_, at_ + 1);
        add(group.end, frame_.end);
        break;
    }
    if (from_end) std::ranges::reverse(parts);
    for (const auto& part : parts) {
      if (far < part.size()) return from_end ? part.end - 1 - far : part.first + far;
      far -= part.size();
    }
    return std::nullopt;
  }

  const Row& args_of(const Call& call, std::size_t place) const {
    return *entries_[place].args[static_cast<std::size_t>(&call - calls_.data())];
  }

  Value value_of(Call& call) {
    const std::string_view name = call.what->function->source.substr(std::string_view("window_").size());
    const auto& [partition, group] = of_[at_];
    const Stretch rows = partitions_[partition].rows, peers = groups_[group];
    const auto rank = static_cast<std::int64_t>(peers.first - rows.first) + 1;
    const auto total = static_cast<double>(rows.size());
    if (name == "row_number") return static_cast<std::int64_t>(at_ - rows.first) + 1;
    if (name == "rank") return rank;
    if (name == "dense_rank") return static_cast<std::int64_t>(group - partitions_[partition].groups.first) + 1;
    if (name == "percent_rank") return rows.size() <= 1 ? 0.0 : static_cast<double>(rank - 1) / (total - 1);
    if (name == "cume_dist") return static_cast<double>(peers.end - rows.first) / total;
    if (name == "ntile") return tile(call, rows);
    if (name.starts_with("lag") || name.starts_with("lead")) return shifted(call, rows, name.starts_with("lead"));
    std::optional<std::size_t> found;
    if (name == "nth_value") {
      const Value& n = args_of(call, at_)[1];
      if (is_null(n)) return {};
      if (std::get<std::int64_t>(n) <= 0)
        fail(sqlstate::invalid_argument_for_nth_value, "argument of nth_value must be greater than zero");
      found = in_frame(static_cast<std::uint64_t>(std::get<std::int64_t>(n)) - 1, false);
    } else {
      found = in_frame(0, name == "last_value");
    }
    return found ? args_of(call, *found)[0] : Value();
  }

  Value tile(Call& call, Stretch rows) {
    if (call.partition != of_[at_].partition) {
      call.partition = of_[at_].partition;
      const Value& n = args_of(call, at_)[0];
      call.buckets.reset();
      if (!is_null(n)) call.buckets = std::get<std::int64_t>(n);
      if (call.buckets && *call.buckets <= 0)
        fail(sqlstate::invalid_argument_for_ntile, "argument of ntile must be greater than zero");
    }
    if (!call.buckets) return {};
    // The first of the buckets are larger by one.
    const auto count = static_cast<std::int64_t>(rows.size()), place = static_cast<std::int64_t>(at_ - rows.first);
    const std::int64_t size = count / *call.buckets, larger = count % *call.buckets;
    if (place < larger * (size + 1)) return place / (size + 1) + 1;
    return larger + (place - larger * (size + 1)) / size + 1;
  }

  Value shifted(const Call& call, Stretch rows, bool forward) const {
    const Row& args = args_of(call, at_);
    std::int64_t far = 1;
    if (args.size() > 1) {
      if (is_null(args[1])) return {};
      far = std::get<std::int64_t>(args[1]);
    }
    const auto place = static_cast<std::int64_t>(at_) + (forward ? far : -far);
    if (place >= static_cast<std::int64_t>(rows.first) && place < static_cast<std::int64_t>(rows.end))
      return args_of(call, static_cast<std::size_t>(place))[0];
    return args.size() > 2 ? args[2] : Value();
  }

  struct Partition {
    Stretch rows, groups;
  };
  struct Place {
    std::size_t partition, group;
  };
  NodePtr input_;
  const Window& window_;
  RowOrder parting_, peering_;
  std::multiset<Entry, EntryOrder> sorted_;
  std::size_t results_at_, width_;
  std::vector<Call> calls_;
  Value start_offset_, end_offset_;
  bool started_ = false, pending_ = false, read_all_ = false;
  Row current_;
  std::vector<Entry> entries_;
  std::vector<Partition> partitions_;
  std::vector<Stretch> groups_;
  std::vector<Place> of_;
  std::size_t at_ = 0, call_ = 0, framed_ = static_cast<std::size_t>(-1);
  Stretch frame_;
};

}  // namespace

NodePtr make_windows(NodePtr input, const Query& query) {
  for (std::size_t i = 0; i < query.windows.size(); ++i)
    input = std::make_unique<Windowing>(std::move(input), query, i);
  return input;
}

}  // namespace pgconform::engine
