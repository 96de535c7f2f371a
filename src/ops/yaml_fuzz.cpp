// Any bytes as a YAML file: no crash, no endless tree through aliases, bounded keys.
#include <cstdint>
#include <cstdlib>

#include "ops/yaml_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto entries = kanal::ops::read_yaml({reinterpret_cast<const char*>(data), size});
  if (!entries) return 0;
  if (entries->size() > kanal::ops::config_entry_limit) std::abort();
  for (const auto& entry : *entries) {
    if (entry.line < 1) std::abort();
  }
  return 0;
}
