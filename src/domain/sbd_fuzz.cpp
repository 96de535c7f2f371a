// Any bytes either are refused with a code, or read as a document that survives being written and read again.
#include <cstdint>
#include <cstdlib>

#include "base/bytes.hpp"
#include "domain/sbd.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kanal;
  const auto text = text_of(std::as_bytes(std::span(data, size)));
  const auto reading = domain::read_sbd(text);
  if (!reading) {
    if (!reading.error().code.starts_with("sbd.") || reading.error().message.size() > 1000) std::abort();
    return 0;
  }
  static_cast<void>(domain::validate_header(reading->sbd, Time{}));
  const auto written = domain::write_sbd(reading->sbd);
  const auto again = domain::read_sbd(written);
  // Escapes and epoch times may make the written form longer than what was read.
  if (!again && written.size() <= domain::max_sbd_bytes) std::abort();
  if (again && domain::write_sbd(again->sbd) != written) std::abort();
  return 0;
}
