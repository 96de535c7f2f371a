#include <cstdint>
#include <cstdlib>

#include "formats/multipart.hpp"

namespace {

using namespace kanal;

/// Writes down what it is told, and checks the order.
class Recorder final : public formats::PartHandler {
 public:
  Result<void> begin_part(const formats::PartHead& head) override {
    if (open_) std::abort();
    open_ = true;
    text_ += "<" + head.disposition.name.value_or("") + ">";
    return {};
  }
  Result<void> part_data(ByteView bytes) override {
    if (!open_ || bytes.empty()) std::abort();
    text_ += text_of(bytes);
    return {};
  }
  Result<void> end_part() override {
    if (!open_) std::abort();
    open_ = false;
    text_ += "</>";
    return {};
  }
  std::string text_{};

 private:
  bool open_ = false;
};

/// The outcome of reading in pieces of `piece` bytes: parts and error code.
std::string read(ByteView body, std::size_t piece) {
  Recorder recorder;
  const auto reader = formats::make_multipart_reader("b", recorder);
  Result<void> result;
  while (result && !body.empty()) {
    const auto now = body.first(std::min(piece, body.size()));
    result = reader->write(now);
    body = body.subspan(now.size());
  }
  if (result) result = reader->finish();
  return recorder.text_ + (result ? "" : result.error().code);
}

}  // namespace

// The first byte chooses the size of the pieces; any split must give the same parts.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView body(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
  if (read(body, std::size_t{1} + data[0]) != read(body, size)) std::abort();
  return 0;
}
