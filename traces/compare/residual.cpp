#include "compare/residual.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

namespace pgconform::compare::residual {
namespace {

using notation::Block;
using notation::Occurs;

// Whether a node, or a list, speaks of a connection at all.
bool mentions(List list, std::string_view connection);
bool node_mentions(const Node& node, std::string_view connection) {
  if (node.kind == Node::Kind::leaf) return node.item->connection == connection;
  return std::ranges::any_of(node.parts, [&](List part) { return mentions(part, connection); });
}
bool mentions(List list, std::string_view connection) {
  for (; list; list = list->next) {
    if (node_mentions(*list, connection)) return true;
  }
  return false;
}

bool node_nullable(const Node& node, std::vector<Taken>* taken) {
  switch (node.kind) {
    case Node::Kind::leaf:
      return node.occurs == Occurs::optional || node.occurs == Occurs::any;
    case Node::Kind::shuffle:
    case Node::Kind::repeat:
      return std::ranges::all_of(node.parts, [&](List part) { return nullable(part, taken); });
    case Node::Kind::choice:
      break;
  }
  for (std::size_t i = 0; i < node.parts.size(); ++i) {
    std::vector<Taken> inside;
    if (!nullable(node.parts[i], &inside)) continue;
    if (taken) {
      taken->push_back({node.item, &node.item->block()->alternatives[i]});
      taken->insert(taken->end(), inside.begin(), inside.end());
    }
    return true;
  }
  return false;
}

bool same_node(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.occurs != b.occurs || a.left != b.left || a.parts.size() != b.parts.size()) return false;
  if (a.item != b.item && !(a.kind == Node::Kind::leaf && *a.item == *b.item)) return false;
  return std::ranges::equal(a.parts, b.parts, same);
}

std::vector<Taken> joined(std::vector<Taken> first, const std::vector<Taken>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace

bool nullable(List list, std::vector<Taken>* taken) {
  for (; list; list = list->next) {
    if (!node_nullable(*list, taken)) return false;
  }
  return true;
}

bool same(List a, List b) {
  for (; a != b; a = a->next, b = b->next) {
    if (!a || !b || !same_node(*a, *b)) return false;
  }
  return true;
}

void needed(List list, std::size_t most, Connections& connections) {
  for (; list && connections.size() < most; list = list->next) {
    if (node_nullable(*list, nullptr)) continue;
    if (list->kind == Node::Kind::leaf) connections.insert(list->item->connection);
    if (list->kind != Node::Kind::choice) {
      for (List part : list->parts) needed(part, most, connections);
      continue;
    }
    Connections common;
    for (std::size_t i = 0; i < list->parts.size() && (i == 0 || !common.empty()); ++i) {
      Connections own;
      needed(list->parts[i], most, own);
      if (i == 0) common = own;
      std::erase_if(common, [&](const std::string& name) { return !own.contains(name); });
    }
    connections.merge(common);
  }
}

void possible(List list, std::size_t most, Connections& connections) {
  for (; list && connections.size() < most; list = list->next) {
    if (node_nullable(*list, nullptr)) continue;
    if (list->kind == Node::Kind::leaf) connections.insert(list->item->connection);
    for (List part : list->parts) possible(part, most, connections);
  }
}

List Space::list(std::span<const Item> items, List tail) {
  for (const Item& item : std::views::reverse(items)) {
    Node node{.item = &item, .next = tail};
    if (auto block = item.block()) {
      node.kind = block->kind == Block::Kind::any_order ? Node::Kind::shuffle
                  : block->kind == Block::Kind::either  ? Node::Kind::choice
                                                        : Node::Kind::repeat;
      if (node.kind == Node::Kind::repeat) {
        node.left = block->times;
        node.parts.push_back(list(block->items));
      }
      for (const notation::Alternative& one : block->alternatives) node.parts.push_back(list(one.items));
      if (node.kind == Node::Kind::shuffle) {
        for (const Item& one : block->items) node.parts.push_back(list({&one, 1}, nullptr));
      }
    } else {
      node.occurs = item.message()->occurs;
    }
    tail = add(std::move(node));
  }
  return tail;
}

List Space::concat(List first, List tail) {
  if (!first) return tail;
  if (!tail) return first;
  std::vector<List> nodes;
  for (; first; first = first->next) nodes.push_back(first);
  for (List node : std::views::reverse(nodes)) {
    Node copy = *node;
    copy.next = tail;
    tail = add(std::move(copy));
  }
  return tail;
}

bool Space::derive(List list, const Received& received, const Bindings& bindings, std::vector<Derived>& out,
                   std::vector<Attempt>& attempts) {
  std::vector<List> kept;  // lines of other connections that stay in front
  auto in_front = [&](List rest) {
    for (List node : std::views::reverse(kept)) {
      Node copy = *node;
      copy.next = rest;
      rest = add(std::move(copy));
    }
    return rest;
  };
  for (; list; list = list->next) {
    std::vector<Derived> taken;
    take(list, received, bindings, taken, attempts);
    for (Derived& one : taken) {
      one.rest = in_front(one.rest);
      out.push_back(std::move(one));
    }
    if (!node_mentions(*list, received.connection)) {
      kept.push_back(list);
      continue;
    }
    auto ways = pass(list, received.connection);
    if (ways.empty()) return false;
    if (ways.size() == 1 && !ways[0].rest && ways[0].taken.empty()) continue;
    // Part of a block stays: the message may still be taken further on, in as many ways as the block can be left.
    bool without = false;
    for (Way& way : ways) {
      std::vector<Derived> further;
      without |= derive(list->next, received, bindings, further, attempts);
      for (Derived& one : further) {
        one.rest = in_front(concat(way.rest, one.rest));
        one.taken = joined(way.taken, one.taken);
        out.push_back(std::move(one));
      }
    }
    return without;
  }
  return true;
}

// The ways in which the first node of `node` takes the message; their rests include what follows the node.
void Space::take(List node, const Received& received, const Bindings& bindings, std::vector<Derived>& out,
                 std::vector<Attempt>& attempts) {
  if (node->kind == Node::Kind::leaf) {
    if (node->item->connection != received.connection) return;
    const notation::Message& message = *node->item->message();
    if (message.name != received.name) return attempts.push_back({node->item}), void();
    Match found = match(message.name, message.fields, received.fields, bindings);
    if (!found.only_facets()) {
      attempts.push_back({node->item, true, std::move(found.differences)});
      return;
    }
    List rest = node->next;
    if (node->occurs == Occurs::any) rest = node;
    if (node->occurs == Occurs::some) rest = add({.item = node->item, .occurs = Occurs::any, .next = node->next});
    out.push_back({rest, node->item, std::move(found), {}});
    return;
  }
  for (std::size_t i = 0; i < node->parts.size(); ++i) {
    std::vector<Derived> inside;
    derive(node->parts[i], received, bindings, inside, attempts);
    for (Derived& one : inside) {
      List rest = node->next;
      if (node->kind == Node::Kind::repeat && node->left > 1) {
        Node again = *node;
        --again.left;
        rest = add(std::move(again));
      } else if (node->kind == Node::Kind::shuffle) {
        Node others = *node;
        if (one.rest) {
          others.parts[i] = one.rest;
        } else {
          others.parts.erase(others.parts.begin() + static_cast<std::ptrdiff_t>(i));
        }
        if (!others.parts.empty()) rest = add(std::move(others));
        one.rest = nullptr;
      } else if (node->kind == Node::Kind::choice) {
        one.taken.insert(one.taken.begin(), {node->item, &node->item->block()->alternatives[i]});
      }
      one.rest = concat(one.rest, rest);
      out.push_back(std::move(one));
    }
  }
}

// What may be left of one node (without what follows) if nothing more comes from `connection` for it.
std::vector<Space::Way> Space::pass(List node, std::string_view connection) {
  if (node->kind == Node::Kind::leaf) {
    if (node->item->connection != connection) return {{add({.item = node->item, .occurs = node->occurs})}};
    return node_nullable(*node, nullptr) ? std::vector<Way>{{}} : std::vector<Way>{};
  }
  Node alone = *node;
  alone.next = nullptr;
  if (!node_mentions(*node, connection)) return {{add(std::move(alone))}};
  if (node->kind == Node::Kind::repeat) {
    // Rounds that need other connections cannot be told apart from here: only a body that may be missing is passed.
    return node_nullable(*node, nullptr) ? std::vector<Way>{{}} : std::vector<Way>{};
  }
  std::vector<Way> ways;
  if (node->kind == Node::Kind::choice) {
    for (std::size_t i = 0; i < node->parts.size(); ++i) {
      for (Way& way : pass_all(node->parts[i], connection)) {
        way.taken.insert(way.taken.begin(), {node->item, &node->item->block()->alternatives[i]});
        ways.push_back(std::move(way));
      }
    }
    return ways;
  }
  alone.parts.clear();
  std::vector<std::pair<Node, std::vector<Taken>>> shuffles{{std::move(alone), {}}};
  for (List part : node->parts) {
    auto left = pass_all(part, connection);
    std::vector<std::pair<Node, std::vector<Taken>>> grown;
    for (const auto& [shuffle, taken] : shuffles) {
      for (const Way& way : left) {
        grown.emplace_back(shuffle, joined(taken, way.taken));
        if (way.rest) grown.back().first.parts.push_back(way.rest);
      }
    }
    shuffles = std::move(grown);
  }
  for (auto& [shuffle, taken] : shuffles) {
    ways.push_back({shuffle.parts.empty() ? nullptr : add(std::move(shuffle)), std::move(taken)});
  }
  return ways;
}

std::vector<Space::Way> Space::pass_all(List list, std::string_view connection) {
  std::vector<Way> ways{{}};
  for (; list && !ways.empty(); list = list->next) {
    std::vector<Way> grown;
    auto here = pass(list, connection);
    for (const Way& way : ways) {
      for (const Way& one : here) grown.push_back({concat(way.rest, one.rest), joined(way.taken, one.taken)});
    }
    ways = std::move(grown);
  }
  return ways;
}

}  // namespace pgconform::compare::residual
