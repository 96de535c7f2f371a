// The log writer: spdlog behind the Log port, asynchronous, text or JSON lines, 11-digit numbers masked (operations.md
// section 9).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.hpp"

namespace kanal::ops {

/// A log whose level may change while it is in use, and which counts its lines. Thread-safe.
class ManagedLog : public Log {
 public:
  [[nodiscard]] virtual LogLevel level() const = 0;
  virtual void set_level(LogLevel level) = 0;
  /// Lines of this level that were written since the start.
  [[nodiscard]] virtual std::uint64_t count(LogLevel level) const = 0;
};

struct LoggerOptions {
  bool json = false;
  LogLevel level = LogLevel::info;
  std::optional<std::filesystem::path> file;  ///< rolling, 10 MB x 7
  bool console = true;                        ///< stderr
  std::string orgnr;                          ///< fixed field
};

/// Never blocks: when the queue is full the oldest lines are dropped and counted (`log.dropped`). A file that cannot be
/// opened is said on stderr (`log.file_unusable`); the log goes on there. Lines written before the object goes are
/// written out.
std::unique_ptr<ManagedLog> make_logger(const LoggerOptions& options);

/// `debug`, `info`, `warning`, `error` in any case, as kanal.log.level has it.
[[nodiscard]] std::optional<LogLevel> log_level(std::string_view name);

/// Every run of exactly eleven digits becomes `**********`.
[[nodiscard]] std::string mask_person_numbers(std::string_view text);

}  // namespace kanal::ops
