#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "server/configuration/element.hpp"

// Content that stands elsewhere: from_env="VAR", incl="name", and <include …/>, which is replaced by what it names.
namespace pgconform::server {

// Environment: looks up one environment variable.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// process_environment looks into this process's own environment.
std::optional<std::string> process_environment(const std::string& name);

// default_include_file is what `incl` reads where no <include_from> says otherwise.
constexpr std::string_view default_include_file = "/etc/metrika.xml";

// substitute resolves every substitution below `root`, at most one per element. `incl` names an element of the file
// `include_from`, which <include_from> changes if it is there; a relative name counts from `directory`. A variable's
// value is taken as text, never as XML. What is not found leaves the element as it is, with a warning; with
// optional="true" the element is removed instead. Own text beside from_env needs `replace` and is then the default.
// Throws ConfigurationError, also for from_zk: there is no ZooKeeper here.
void substitute(Element& root, const std::filesystem::path& directory, std::filesystem::path& include_from,
                const Environment& environment, Warnings& warnings);

}  // namespace pgconform::server
