// Whatever Correspondence may answer is read or refused.
#include "transports/dpv/correspondence_answers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kanal::transports::dpv;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)read_created(text);
  (void)read_ids(text);
  (void)read_overview(text);
  (void)read_missing(text);
  kanal::net::ClientResponse response;
  response.status = 400;
  response.body = std::string(text);
  (void)error_of(response, "fuzz", {});
  return 0;
}
