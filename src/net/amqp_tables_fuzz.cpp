// Properties of a foreign message: what librabbitmq reads from any bytes, ours must take.
#include <cstdlib>

#include "net/amqp_tables.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  amqp_pool_t pool;
  init_amqp_pool(&pool, 4096);
  void* decoded = nullptr;
  const std::string bytes(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 64 * 1024));
  if (amqp_decode_properties(AMQP_BASIC_CLASS, &pool, kanal::net::wire(bytes), &decoded) >= 0) {
    const auto& properties = *static_cast<const amqp_basic_properties_t*>(decoded);
    const auto read = kanal::net::read_properties(properties);
    if (read.headers.size() > kanal::net::max_headers) std::abort();
    if ((properties._flags & AMQP_BASIC_HEADERS_FLAG) != 0) {
      if (kanal::net::read_death_reason(properties.headers).size() > kanal::net::max_header_size) std::abort();
    }
  }
  empty_amqp_pool(&pool);
  return 0;
}
