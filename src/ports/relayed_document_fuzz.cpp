// The line that a hub gives its satellites: any bytes are read or refused, and what is read is written the same again.
#include <cstdlib>

#include "ports/relayed_document.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto read = kanal::ports::read_relayed(line);
  if (!read) return 0;
  const auto again =
      kanal::ports::read_relayed(kanal::ports::write_relayed(*read, read->taken.value_or(kanal::Time{})));
  if (!again || kanal::domain::write_sbd(again->sbd) != kanal::domain::write_sbd(read->sbd)) std::abort();
  return 0;
}
