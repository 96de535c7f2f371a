// Any header: what is accepted can be completed, and its lock lasts a while.
#include <cstdint>
#include <cstdlib>

#include "transports/dpe/bus_client.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kanal;
  const std::string_view header(reinterpret_cast<const char*>(data), size);
  const Time now(std::chrono::hours(480'000));
  const auto message = transports::dpe::read_broker_properties(header, now, std::nullopt);
  if (!message) return 0;
  if (message->token.empty() || message->delivery_count < 1) std::abort();
  if (message->locked_for <= Duration::zero() || message->locked_for > std::chrono::minutes(5)) std::abort();
  return 0;
}
