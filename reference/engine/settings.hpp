#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/facts.hpp"
#include "types/client_encoding.hpp"
#include "types/datetime.hpp"

// A session's settings (GUC variables): validated, transactional, some of them reported to the client. config-setting.
namespace pgconform::engine {

struct NoCase {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const;
};

// Characteristics: what AND CHAIN hands to the next transaction.
struct Characteristics {
  std::string isolation = "read committed";
  bool read_only = false, deferrable = false;
};

class Settings {
 public:
  using Values = std::map<std::string, std::string, NoCase>;

  struct Fixed {
    std::string server_version, user;
  };
  explicit Settings(Fixed fixed);

  // set_default: a startup parameter: becomes what RESET returns to. Throws as a SET would, with the startup's
  // SQLSTATEs.
  void set_default(std::string_view name, std::string_view value);
  // set_for_server: what the server was started with, which RESET returns to as well.
  void set_for_server(std::string_view name, std::string_view value);
  // set · reset: SET and SET LOCAL; undone with the transaction.
  void set(std::string_view name, std::string_view value, bool local);
  void reset(std::string_view name, bool local);
  void reset_all();
  // show: the value as SHOW prints it; 42704 for an unknown name, or nullopt where that is allowed.
  std::optional<std::string> show(std::string_view name, bool missing_ok) const;
  // canonical_name: as SHOW's column is called: TimeZone for timezone.
  std::string canonical_name(std::string_view name) const;
  // all: names and values, sorted, for SHOW ALL.
  std::vector<std::pair<std::string, std::string>> all() const;

  void start_transaction();
  void commit_transaction();
  void abort_transaction();
  void start_subtransaction();
  void commit_subtransaction();
  void abort_subtransaction();

  Characteristics characteristics() const;
  void set_characteristics(const Characteristics& characteristics);
  bool is_read_only() const { return now_.read_only; }
  bool keeps_snapshot() const;
  // text: a setting as it is stored.
  const std::string& text(std::string_view name) const { return raw(name); }
  // default_text: what RESET would bring back.
  const std::string& default_text(std::string_view name) const { return default_of(name); }
  // number: of an integer setting, in its own unit.
  std::int64_t number(std::string_view name) const;
  bool standard_strings() const { return raw("standard_conforming_strings") == "on"; }

  // version: grows whenever one may have changed.
  std::uint64_t version() const { return version_; }
  // style: what of them the text forms of values depend on.
  const types::Style& style() const { return style_; }
  // client_encoding: what text is converted to for the client; null where it does not.
  const types::ClientEncoding* client_encoding() const { return encoding_; }
  // set_object_names: what the reg* types' names mean in this session.
  void set_object_names(const types::ObjectNames* names) { style_.names = names; }
  // take_changed: reported settings whose value is not the one taken last. Costs nothing while none was touched.
  std::vector<std::pair<std::string, std::string>> take_changed();

 private:
  struct Definition;
  const Definition* find(std::string_view name) const;
  const Definition& need(std::string_view name) const;
  void put_default(const Definition& definition, std::string_view name, std::string_view value);
  void check_context(const Definition& definition, bool at_start) const;
  std::string validate(const Definition& definition, std::string_view value) const;
  std::string validate_special(std::string_view name, std::string_view value) const;
  const std::string& raw(std::string_view name) const;
  const std::string& default_of(std::string_view name) const;
  bool set_characteristic(std::string_view name, const std::string& value);
  void changed();

  static const std::map<std::string, Definition, NoCase>& definitions();

  Fixed fixed_;
  // In force is the first of these that has it, or else what PostgreSQL starts with. The transaction's own
  // characteristics are apart, as every transaction sets them.
  Values defaults_;  // what startup changed
  Values session_;   // SET
  Values local_;     // SET LOCAL
  Characteristics now_, next_;
  struct Before {
    Values session, local;
    Characteristics now;
  };
  std::vector<Before> before_;  // what was in force when the transaction and each open subtransaction began
  types::Style style_;
  const types::ClientEncoding* encoding_ = nullptr;
  Values reported_;
  std::uint64_t version_ = 0;
  bool touched_ = true;  // since take_changed()
};

// startup_switches: the settings in a startup packet's `options`: -c name=value and --name=value, split at blanks
// that no backslash escapes. Throws 42601 for any other switch.
std::vector<std::pair<std::string, std::string>> startup_switches(std::string_view options);

}  // namespace pgconform::engine
