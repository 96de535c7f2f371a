#include <cstdint>
#include <cstdlib>

#include "formats/zip_reader.hpp"

// Whatever the bytes: no crash, and what is visited keeps the limits.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kanal;
  MemorySource source(ByteView(reinterpret_cast<const std::byte*>(data), size));
  formats::ZipLimits limits;
  limits.max_total_size = 1 << 22;
  limits.max_entries = 100;
  std::uint64_t total = 0;
  std::uint64_t count = 0;
  const auto read =
      formats::for_each_entry(source, limits, [&](const formats::ZipEntry& entry, Source& content) -> Result<void> {
        if (++count > limits.max_entries || entry.name.size() > limits.max_name_bytes) std::abort();
        // Every second entry is left unread.
        if (count % 2 == 0) return {};
        const auto bytes = read_all(content, limits.max_total_size);
        if (!bytes) return failed(bytes);
        total += bytes->size();
        if (bytes->size() != entry.size || total > limits.max_total_size) std::abort();
        return {};
      });
  static_cast<void>(read);
  return 0;
}
