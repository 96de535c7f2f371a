// A child process: started with its output in a file, ended with whoever owns it. One thread at a time.
#pragma once

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.hpp"

namespace kanal {

class ChildProcess {
 public:
  struct Options {
    std::filesystem::path input{};  ///< a file to read from; empty: as the parent
    /// All of it, each `NAME=value`; absent: as the parent.
    std::optional<std::vector<std::string>> environment{};
    bool own_group = false;       ///< signals of the terminal do not reach it; its children get its signals too
    int orphan_signal = SIGTERM;  ///< what it gets when the parent's thread that started it ends
  };

  /// Starts `program` with its output appended to `log`. It inherits no other file. `process.log`, `process.input`
  /// (reject), `process.fork` (retry).
  static Result<ChildProcess> start(const std::string& program, const std::vector<std::string>& arguments,
                                    const std::filesystem::path& log, const Options& options);
  static Result<ChildProcess> start(const std::string& program, const std::vector<std::string>& arguments,
                                    const std::filesystem::path& log) {
    return start(program, arguments, log, Options());
  }
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  /// SIGTERM, and SIGKILL after ten seconds.
  ~ChildProcess();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Has it ended? Gives the exit code, or 128 + signal.
  std::optional<int> ended();
  /// Waits for its end.
  std::optional<int> wait(std::chrono::milliseconds limit);
  void signal(int number) const;
  /// SIGTERM and wait, then SIGKILL.
  void stop(std::chrono::milliseconds limit = std::chrono::seconds(10));

 private:
  ChildProcess(pid_t pid, bool group) : pid_(pid), group_(group) {}
  pid_t pid_ = -1;
  bool group_ = false;
  std::optional<int> result_;
};

/// The path of the running program.
[[nodiscard]] std::string own_program();

/// The last 2,000 bytes of a child's log, to be shown when it failed; empty: it cannot be read.
[[nodiscard]] std::string end_of_log(const std::filesystem::path& log);

}  // namespace kanal
