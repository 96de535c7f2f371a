#include "tests/interop/java_peer.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <stdexcept>

namespace kanal::interop {
namespace {

std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> fields;
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const std::size_t tab = line.find('\t', at);
    fields.emplace_back(line.substr(at, tab == std::string_view::npos ? tab : tab - at));
    at = tab == std::string_view::npos ? tab : tab + 1;
  }
  return fields;
}

std::optional<std::string> read_line(FILE* from) {
  char* text = nullptr;
  std::size_t capacity = 0;
  const ssize_t length = getline(&text, &capacity, from);
  std::optional<std::string> line;
  if (length > 0) line.emplace(text, static_cast<std::size_t>(length) - (text[length - 1] == '\n' ? 1U : 0U));
  std::free(text);
  return line;
}

}  // namespace

std::vector<std::vector<std::string>> Answer::all(std::string_view name) const {
  std::vector<std::vector<std::string>> found;
  for (const auto& fact : facts) {
    if (fact.front() == name) found.emplace_back(fact.begin() + 1, fact.end());
  }
  return found;
}

std::string Answer::one(std::string_view name) const {
  const auto found = all(name);
  if (found.size() == 1 && found.front().size() == 1) return found.front().front();
  return "(" + std::to_string(found.size()) + " answers to " + std::string(name) + ")";
}

JavaPeer& JavaPeer::instance() {
  static JavaPeer peer;
  return peer;
}

JavaPeer::JavaPeer() {
  std::array<int, 2> to_java{};
  std::array<int, 2> from_java{};
  if (pipe(to_java.data()) != 0 || pipe(from_java.data()) != 0) throw std::runtime_error("pipe");
  // A Java that has died shows as a missing answer.
  std::signal(SIGPIPE, SIG_IGN);
  process_ = fork();
  if (process_ < 0) throw std::runtime_error("fork");
  if (process_ == 0) {
    // A test program that is killed takes its Java along.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(to_java[0], STDIN_FILENO);
    dup2(from_java[1], STDOUT_FILENO);
    for (const int end : {to_java[0], to_java[1], from_java[0], from_java[1]}) close(end);
    execl(KANAL_JAVA, KANAL_JAVA, "-Xmx512m", "-XX:+UseSerialGC", "-cp", KANAL_JAVA_CLASSES, "Interop", nullptr);
    _exit(127);
  }
  close(to_java[0]);
  close(from_java[1]);
  requests_ = fdopen(to_java[1], "w");
  answers_ = fdopen(from_java[0], "r");
  if (requests_ == nullptr || answers_ == nullptr) throw std::runtime_error("fdopen");
}

JavaPeer::~JavaPeer() {
  std::fclose(requests_);  // the end of its input ends it
  std::fclose(answers_);
  waitpid(process_, nullptr, 0);
}

Answer JavaPeer::ask(std::string_view command, const Arguments& arguments) {
  std::string request(command);
  for (const auto& [key, value] : arguments) request.append("\t").append(key).append("=").append(value);
  request.push_back('\n');
  std::fwrite(request.data(), 1, request.size(), requests_);
  std::fflush(requests_);
  Answer answer;
  while (const auto line = read_line(answers_)) {
    auto fields = split(*line);
    if (fields.front() == "ok" || fields.front() == "failed") {
      answer.ok = fields.front() == "ok";
      if (fields.size() > 1) answer.reason = fields[1];
      return answer;
    }
    answer.facts.push_back(std::move(fields));
  }
  answer.reason = "Java has ended";
  return answer;
}

}  // namespace kanal::interop
