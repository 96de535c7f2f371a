// Whatever SvarUt answers by REST is read within bounds or refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/ids.hpp"
#include "transports/dpf/svarut_answers.hpp"

using namespace kanal;
using namespace kanal::transports::dpf;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto id = read_sent(text); id && !is_uuid(*id)) std::abort();
  if (const auto newest = read_newest(text); newest && !newest->empty() && !is_uuid(*newest)) std::abort();
  if (const auto ids = read_ids(text)) {
    for (const auto& id : *ids) {
      if (!is_uuid(id)) std::abort();
    }
  }
  if (const auto statuses = read_statuses(text)) {
    for (const auto& status : *statuses) {
      if (status.id.empty() || status.status.empty()) std::abort();
    }
  }
  (void)read_types(text).has_value();
  constexpr std::size_t longest_problem = 2'000;
  if (problem_text(text).size() > longest_problem) std::abort();
  return 0;
}
