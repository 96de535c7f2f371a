// Trace ids (W3C Trace Context): a client's own goes on, anybody else gets a new one. Every log line about the request
// and the answer carry it.
#pragma once

#include <string>
#include <string_view>

namespace kanal::api {

/// The 32 hexadecimal digits of a valid `traceparent`, else 32 new ones.
[[nodiscard]] std::string trace_id_of(std::string_view traceparent);

}  // namespace kanal::api
