// `kanal sandbox`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kanal::app {

struct SandboxOptions {
  std::string folder = "sandbox";
  bool demo = false;
  bool once = false;
  bool keep = false;
  bool simulators_only = false;
  bool list_faults = false;
  bool json = false;
  bool verbose = false;
  std::uint16_t first_port = 9093;
  std::vector<std::string> faults;
};

int sandbox(const SandboxOptions& options);

}  // namespace kanal::app
