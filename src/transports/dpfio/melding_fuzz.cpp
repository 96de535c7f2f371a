// Headers of a delivery: whatever they say, they are a message or an error, and have a name.
#include <cstddef>
#include <cstdint>

#include "transports/dpfio/melding.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kanal;
  // Lines `name=value`; the first is the routing key.
  std::string_view text(reinterpret_cast<const char*>(data), size);
  net::AmqpDelivery delivery;
  bool first = true;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto split = line.find('=');
    if (first) {
      delivery.routing_key = std::string(line);
    } else if (split != std::string_view::npos) {
      delivery.properties.headers[std::string(line.substr(0, split))] = std::string(line.substr(split + 1));
    }
    first = false;
  }
  if (const auto melding = transports::dpfio::read_melding(delivery)) {
    (void)transports::dpfio::read_headers_json(transports::dpfio::headers_json(*melding)).has_value();
    (void)transports::dpfio::what_it_says(melding->type);
  }
  return transports::dpfio::name_of_unreadable(delivery).empty() ? 1 : 0;
}
