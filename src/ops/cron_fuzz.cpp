// Any text as a cron expression: no crash, and the next moments strictly go forward.
#include <cstdint>
#include <cstdlib>

#include "ops/cron.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto cron = kanal::ops::Cron::parse({reinterpret_cast<const char*>(data), size});
  if (!cron) return 0;
  kanal::Time at = kanal::from_micros(1'790'000'000'000'000 + static_cast<std::int64_t>(size) * 3'600'000'000);
  for (int i = 0; i < 3; ++i) {
    const auto following = kanal::ops::next(*cron, at);
    if (!following) return 0;
    if (*following <= at) std::abort();
    at = *following;
  }
  return 0;
}
