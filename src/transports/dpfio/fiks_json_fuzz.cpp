// Answers of the Fiks platform.
#include <cstddef>
#include <cstdint>

#include "transports/dpfio/fiks_client.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kanal::transports;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)dpfio::read_konto(text, "4be7d7d4-2ad1-4a6f-8b72-3f5a65f3d002").has_value();
  (void)dpfio::read_key(text).has_value();
  (void)dpfio::read_sent(text).has_value();
  return 0;
}
