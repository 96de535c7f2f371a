#include <cstdint>

#include "formats/asic.hpp"
#include "formats/asic_manifest.hpp"

// The bytes as a container, and as the signed manifest of one (which mutations inside a zip would hardly reach).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kanal;
  const ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  MemorySource source(bytes);
  formats::ZipLimits limits;
  limits.max_total_size = 1 << 22;
  limits.max_entries = 100;
  static_cast<void>(formats::verify_asic(source, limits));
  static_cast<void>(formats::asic::read_signed_manifest(bytes));
  return 0;
}
