// The log as the core sees it: an event name, fields, a level. The writer (ops) formats, masks and rotates.
// Whoever decides what to do about an error logs it; nobody logs it twice. Never a payload, never a secret.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace kanal {

enum class LogLevel { debug, info, warning, error };

/// One named value of a log line. Names of the audit fields are those of operations.md section 9.
struct LogField {
  std::string_view name;
  std::string value;
  LogField(std::string_view n, std::string v) : name(n), value(std::move(v)) {}
  LogField(std::string_view n, std::string_view v) : name(n), value(v) {}
  LogField(std::string_view n, const char* v) : name(n), value(v) {}
  template <class Number>
  requires std::is_arithmetic_v<Number> LogField(std::string_view n, Number v) : name(n), value(std::to_string(v)) {}
};

/// Thread-safe. write() never blocks on a slow destination.
class Log {
 public:
  Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) = 0;

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::debug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::info, event, fields);
  }
  void warning(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::warning, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::error, event, fields);
  }
};

/// Says nothing; for tests and tools.
class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
};

}  // namespace kanal
