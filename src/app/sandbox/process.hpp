// A child process of the sandbox: started with its output in a file, ended with it. One thread at a time.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.hpp"

namespace kanal::app {

class Process {
 public:
  /// Starts `program` with its output appended to `log`. It gets SIGTERM when the parent's thread that started it ends.
  static Result<Process> start(const std::string& program, const std::vector<std::string>& arguments,
                               const std::filesystem::path& log);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  /// SIGTERM, and SIGKILL after ten seconds.
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Has it ended? Gives the exit code, or 128 + signal.
  std::optional<int> ended();
  /// Waits for its end.
  std::optional<int> wait(std::chrono::milliseconds limit);
  void signal(int number) const;
  /// SIGTERM and wait, then SIGKILL.
  void stop(std::chrono::milliseconds limit = std::chrono::seconds(10));

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
  std::optional<int> result_;
};

/// The path of the running program.
[[nodiscard]] std::string own_program();

/// A port on loopback that was free a moment ago.
[[nodiscard]] std::uint16_t free_port();

}  // namespace kanal::app
