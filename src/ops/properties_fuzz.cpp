// Any bytes as a .properties file: no crash, bounded output, and valid UTF-8 in means valid UTF-8 out.
#include <cstdint>
#include <cstdlib>

#include "ops/placeholders.hpp"
#include "ops/properties_reader.hpp"
#include "ops/utf8.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = kanal::ops::read_properties({reinterpret_cast<const char*>(data), size});
  if (!file) return 0;
  const auto look_up = [&](std::string_view name) -> std::optional<std::string> {
    for (const auto& entry : file->entries) {
      if (entry.key == name) return entry.value;
    }
    return std::nullopt;
  };
  std::size_t resolved = 0;
  for (const auto& entry : file->entries) {
    if (!kanal::ops::is_utf8(entry.key) || !kanal::ops::is_utf8(entry.value)) std::abort();
    if (entry.line < 1) std::abort();
    if (++resolved > 20) continue;
    if (const auto value = kanal::ops::resolve_placeholders(entry.value, look_up);
        value && value->text.size() > (3U << 20)) {
      std::abort();
    }
  }
  return 0;
}
