// Fields that belong to every log line of what a thread is doing now, such as the trace id of a request. A scope sets
// them and puts back what was there; each thread has its own.
#pragma once

#include <string>
#include <utility>

namespace kanal {

class LogContext {
 public:
  /// Lines that this thread writes until the end of the scope carry this trace id.
  explicit LogContext(std::string trace_id) : before_(std::exchange(current(), std::move(trace_id))) {}
  ~LogContext() { current() = std::move(before_); }
  LogContext(const LogContext&) = delete;
  LogContext& operator=(const LogContext&) = delete;

  /// Empty outside of any scope.
  [[nodiscard]] static const std::string& trace_id() { return current(); }

 private:
  static std::string& current() {
    thread_local std::string trace_id;
    return trace_id;
  }
  std::string before_;
};

}  // namespace kanal
