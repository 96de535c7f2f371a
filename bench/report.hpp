// One JSON line per benchmark: name, value, unit, the limit beside it and what bounds it.
#pragma once

#include <sys/types.h>

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
