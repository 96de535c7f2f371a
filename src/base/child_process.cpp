#include "base/child_process.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kanal {
namespace {

using namespace std::chrono;

constexpr std::streamoff shown_log = 2000;

/// For execve: pointers into the texts, and the null at the end.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::string& program, const std::vector<std::string>& arguments,
                                         const std::filesystem::path& log, const Options& options) {
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (output < 0) return reject("process.log", log.string() + " cannot be written: " + std::strerror(errno));
  int input = -1;
  if (!options.input.empty() && (input = ::open(options.input.c_str(), O_RDONLY | O_CLOEXEC)) < 0) {
    ::close(output);
    return reject("process.input", options.input.string() + " cannot be read");
  }
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto names = options.environment.value_or(std::vector<std::string>{});
  const auto argv = pointers(words);
  const auto given = pointers(names);
  char* const* const environment = options.environment ? given.data() : environ;
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    // Between fork and exec only async-signal-safe calls.
    prctl(PR_SET_PDEATHSIG, options.orphan_signal);
    if (getppid() != parent) _exit(127);
    if (options.own_group) setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    if (input >= 0) dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    execve(program.c_str(), argv.data(), environment);
    _exit(127);
  }
  const int failure = errno;
  ::close(output);
  if (input >= 0) ::close(input);
  if (child < 0) return retry("process.fork", std::string("no process can be made: ") + std::strerror(failure));
  if (options.own_group) setpgid(child, child);  // whoever of the two comes first
  return ChildProcess(child, options.own_group);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), group_(other.group_), result_(other.result_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this != &other) {
    stop();
    pid_ = std::exchange(other.pid_, -1);
    group_ = other.group_;
    result_ = other.result_;
  }
  return *this;
}

ChildProcess::~ChildProcess() { stop(); }

std::optional<int> ChildProcess::ended() {
  if (pid_ < 0 || result_) return result_;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) {
    result_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  return result_;
}

std::optional<int> ChildProcess::wait(milliseconds limit) {
  const auto deadline = steady_clock::now() + limit;
  while (!ended() && steady_clock::now() < deadline) std::this_thread::sleep_for(milliseconds(5));
  return result_;
}

void ChildProcess::signal(int number) const {
  if (pid_ > 0 && !result_) kill(group_ ? -pid_ : pid_, number);
}

void ChildProcess::stop(milliseconds limit) {
  if (pid_ < 0 || ended()) return;
  signal(SIGTERM);
  if (wait(limit)) return;
  signal(SIGKILL);
  wait(seconds(10));
}

std::string own_program() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

std::string end_of_log(const std::filesystem::path& log) {
  std::ifstream in(log, std::ios::binary | std::ios::ate);
  const std::streamoff size = in.tellg();
  in.seekg(std::max<std::streamoff>(0, size - shown_log));
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace kanal
