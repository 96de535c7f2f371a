#include <cstdint>
#include <cstdlib>

#include "formats/sdp_manifest.hpp"

// What is read can be written, when all have titles, and comes back; only ends of lines may change, once.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kanal;
  const auto read = formats::read_sdp_manifest({reinterpret_cast<const std::byte*>(data), size});
  if (!read) return 0;
  const auto written = formats::write_sdp_manifest(*read);
  if (!written) {
    bool titled = !read->main.title.empty();
    for (const auto& attachment : read->attachments) titled = titled && !attachment.title.empty();
    if (titled) std::abort();
    return 0;
  }
  const auto again = formats::read_sdp_manifest(bytes_of(*written));
  if (!again || again->main.href != read->main.href || again->attachments.size() != read->attachments.size()) {
    std::abort();
  }
  const auto rewritten = formats::write_sdp_manifest(*again);
  const auto last = rewritten ? formats::read_sdp_manifest(bytes_of(*rewritten)) : again;
  if (!rewritten || !last || formats::write_sdp_manifest(*last).value() != *rewritten) std::abort();
  return 0;
}
