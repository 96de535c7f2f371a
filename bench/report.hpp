// One JSON line per benchmark: name, value, unit, the limit beside it and what bounds it.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace kanal::bench {

inline void report(const std::string& name, double value, const std::string& unit, boost::json::object more = {}) {
  boost::json::object line{{"name", name}, {"value", value}, {"unit", unit}};
  for (auto& member : more) line[member.key()] = member.value();
  std::puts(boost::json::serialize(line).c_str());
  std::fflush(stdout);
}

/// VmRSS or VmHWM of a process in MB.
inline double memory(pid_t pid, const std::string& field) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with(field + ":")) return std::stod(line.substr(field.size() + 1)) / 1024;
  }
  return 0;
}

/// Processor time of a process so far, seconds.
inline double processor_time(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string field;
  double ticks = 0;
  // The second field is the program's name; 14 and 15 are user and system time.
  for (int i = 1; i <= 15 && stat >> field; ++i) {
    if (i >= 14) ticks += std::stod(field);
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

/// Seconds since construction.
class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace kanal::bench
