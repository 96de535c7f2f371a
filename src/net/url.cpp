#include "net/url.hpp"

#include "net/client_transfer.hpp"

namespace kanal::net {

Result<std::string> url_origin(const std::string& url) {
  auto origin = origin_of(url);
  if (!origin) return failed(origin);
  return std::move(origin->key);
}

}  // namespace kanal::net
