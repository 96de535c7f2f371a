// POST /api/messages/out/multipart (rest-api.md 4.1): the parts are staged in the spool as they come, in any order; the
// message is made of them at the end, all or nothing.
#pragma once

#include "api/route_support.hpp"

namespace kanal::api {

/// Strictly larger files are refused on this path.
constexpr std::uint64_t max_multipart_file_bytes = 5'242'880;

[[nodiscard]] Answer receive_multipart(const ApiParts& parts, RequestPtr request);

}  // namespace kanal::api
