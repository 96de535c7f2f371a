#include "app/sandbox/process.hpp"

#include <csignal>

#include <cstring>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kanal::app {

using namespace std::chrono;

Result<Process> Process::start(const std::string& program, const std::vector<std::string>& arguments,
                               const std::filesystem::path& log) {
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (output < 0) return reject("process.log", log.string() + " cannot be written: " + std::strerror(errno));
  std::vector<char*> argv;
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  argv.reserve(words.size() + 1);
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    // Between fork and exec only async-signal-safe calls.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(127);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execv(program.c_str(), argv.data());
    _exit(127);
  }
  ::close(output);
  if (child < 0) return retry("process.fork", std::string("no process can be made: ") + std::strerror(errno));
  return Process(child);
}

Process::Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)), result_(other.result_) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    stop();
    pid_ = std::exchange(other.pid_, -1);
    result_ = other.result_;
  }
  return *this;
}

Process::~Process() { stop(); }

std::optional<int> Process::ended() {
  if (pid_ < 0 || result_) return result_;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) {
    result_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  return result_;
}

std::optional<int> Process::wait(milliseconds limit) {
  const auto deadline = steady_clock::now() + limit;
  while (!ended() && steady_clock::now() < deadline) std::this_thread::sleep_for(milliseconds(5));
  return result_;
}

void Process::signal(int number) const {
  if (pid_ > 0 && !result_) kill(pid_, number);
}

void Process::stop(milliseconds limit) {
  if (pid_ < 0 || ended()) return;
  signal(SIGTERM);
  if (wait(limit)) return;
  signal(SIGKILL);
  wait(seconds(10));
}

std::string own_program() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

std::uint16_t free_port() {
  const int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  std::uint16_t port = 0;
  if (bind(handle, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
      getsockname(handle, reinterpret_cast<sockaddr*>(&address), &length) == 0) {
    port = ntohs(address.sin_port);
  }
  ::close(handle);
  return port;
}

}  // namespace kanal::app
