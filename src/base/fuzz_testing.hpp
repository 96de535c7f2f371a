// What fuzz targets share. Never included by product code.
#pragma once

#include "base/bytes.hpp"

namespace kanal::fuzz {

/// Something valid with changes, so that mutations reach further into it: triples of position (two octets) and value.
template <class Text>
Text changed(Text valid, ByteView changes) {
  for (std::size_t i = 0; i + 2 < changes.size(); i += 3) {
    const auto at = static_cast<std::size_t>(changes[i]) << 8U | static_cast<std::size_t>(changes[i + 1]);
    valid[at % valid.size()] = static_cast<typename Text::value_type>(changes[i + 2]);
  }
  return valid;
}

}  // namespace kanal::fuzz
