// Any target either decodes or is refused; what decodes survives encoding and decoding again.
#include <cstdlib>

#include "base/bytes.hpp"
#include "net/http_client.hpp"
#include "net/http_message.hpp"

using namespace kanal;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto first = net::parse_target(text);
  if (!first || first->path == "*") return 0;
  std::string again = net::url_encode(first->path, "/");
  if (!again.starts_with('/')) return 0;
  char separator = '?';
  for (const auto& [name, value] : first->query) {
    again += separator + net::url_encode(name) + '=' + net::url_encode(value);
    separator = '&';
  }
  const auto second = net::parse_target(again);
  if (!second || second->path != first->path || second->query != first->query) std::abort();
  return 0;
}
