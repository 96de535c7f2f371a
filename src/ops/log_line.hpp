// The text of a log line, without its time: masked, escaped, bounded. Pure functions, any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/log.hpp"

namespace kanal::ops {

/// `DEBUG`, `INFO`, `WARN`, `ERROR`.
[[nodiscard]] std::string_view label_of(LogLevel level);

/// `"level":"INFO","event":"...","field":"...","orgnr":"..."}`: what follows the time in a JSON line.
[[nodiscard]] std::string json_line(LogLevel level, std::string_view event, std::span<const LogField> fields,
                                    std::string_view orgnr);

/// `INFO  event field=value other="two words"`.
[[nodiscard]] std::string text_line(LogLevel level, std::string_view event, std::span<const LogField> fields);

}  // namespace kanal::ops
