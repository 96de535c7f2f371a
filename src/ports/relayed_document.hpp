// How a hub hands a document to the installation it belongs to (dpe.md 8.3 no. 4): one line of JSON, then the package,
// if there is one. Used by both ends of the link. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ports/transport.hpp"

namespace kanal::ports {

/// The line, without its end. Of the document itself only: its package follows. `taken`: when the hub took it.
[[nodiscard]] std::string write_relayed(const InboundDocument& document, Time taken);

/// The longest line that is read.
constexpr std::size_t max_relayed_line = std::size_t{8} * 1024 * 1024;

/// Reads such a line, without its end; `hub.document` (reject) when it is none.
Result<InboundDocument> read_relayed(std::string_view line);

}  // namespace kanal::ports
