// Any bytes: what is read as a whole message can be written, and is read again.
#include <cstdint>
#include <cstdlib>

#include "net/amqp10_message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kanal;
  const ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  (void)net::decode_amqp10(bytes, false).has_value();
  const auto message = net::decode_amqp10(bytes);
  if (!message) return 0;
  const auto again = net::decode_amqp10(net::encode(*message));
  if (!again || again->message_id != message->message_id) std::abort();
  return 0;
}
