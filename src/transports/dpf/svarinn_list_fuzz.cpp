// Whatever SvarInn lists is read within bounds or refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/ids.hpp"
#include "transports/dpf/svarinn_arkivmelding.hpp"
#include "transports/dpf/svarinn_list.hpp"

using namespace kanal;
using namespace kanal::transports::dpf;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto list = read_inn_list({reinterpret_cast<const char*>(data), size});
  if (!list) return 0;
  for (const auto& forsendelse : list->forsendelser) {
    if (!is_uuid(forsendelse.id)) std::abort();
    if (forsendelse.journaldato && format_iso(*forsendelse.journaldato).starts_with('-')) std::abort();
    if (write_arkivmelding(forsendelse, {}, Time{}).empty()) std::abort();
  }
  return 0;
}
