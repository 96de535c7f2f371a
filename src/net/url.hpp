// What calls need to know of addresses that others tell. Pure functions; any thread.
#pragma once

#include <string>

#include "base/result.hpp"

namespace kanal::net {

/// Whom a URL means: `https://example.no:443`, the port always there. `http.url` for anything but http and https with
/// a host.
Result<std::string> url_origin(const std::string& url);

}  // namespace kanal::net
