#include "ops/config_remarks.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "ops/key_names.hpp"

namespace kanal::ops {

std::string_view name_of(ConfigRemark::Level level) {
  switch (level) {
    case ConfigRemark::Level::note:
      return "note";
    case ConfigRemark::Level::warning:
      return "warning";
    case ConfigRemark::Level::error:
      return "error";
  }
  return "error";
}

std::string text_of(const ConfigRemark& remark) {
  const std::string where = remark.origin.text();
  if (remark.value.empty()) return fmt::format("{}: {} {}", where, remark.key, remark.text);
  if (is_secret_key(remark.key)) return fmt::format("{}: {}: {}", where, remark.key, remark.text);
  return fmt::format("{}: {} = \"{}\": {}", where, remark.key, remark.value, remark.text);
}

bool has_errors(const std::vector<ConfigRemark>& remarks) {
  return std::ranges::any_of(remarks, [](const ConfigRemark& r) { return r.level == ConfigRemark::Level::error; });
}

void print_remarks(std::ostream& out, const std::vector<ConfigRemark>& remarks, std::size_t lines) {
  std::vector<const ConfigRemark*> sorted;
  sorted.reserve(remarks.size());
  for (const ConfigRemark& remark : remarks) sorted.push_back(&remark);
  std::ranges::stable_sort(sorted, std::greater{}, [](const ConfigRemark* remark) { return remark->level; });
  std::size_t printed = 0;
  for (const ConfigRemark* remark : sorted) {
    if (printed >= lines && remark->level != ConfigRemark::Level::error) break;
    out << fmt::format("{:<8}{}\n", name_of(remark->level), text_of(*remark));
    ++printed;
  }
  if (printed < sorted.size()) {
    out << fmt::format("... and {} more: kanal config check\n", sorted.size() - printed);
  }
}

}  // namespace kanal::ops
