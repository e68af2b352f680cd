#pragma once

#include <cstdint>

namespace pgconform::server {

// LogLevel: how much a log line matters, as ClickHouse names it. A lower level is more serious; `none` logs nothing.
enum class LogLevel : std::uint8_t { none, fatal, critical, error, warning, notice, information, debug, trace };

}  // namespace pgconform::server
