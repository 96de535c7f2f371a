#include "ops/config_remarks.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "ops/key_names.hpp"

namespace kanal::ops {
namespace {

constexpr std::size_t terminal_width = 120;

/// What everything else needs comes first: who we are and with which key, the store, the door, then the services.
std::size_t importance(std::string_view key) {
  static constexpr std::array<std::string_view, 8> order{
      "vault.",        "difi.move.org.", "difi.datasource.", "difi.ssl.",
      "difi.security", "server.",        "difi.move.oidc.",  "difi.move.serviceregistry"};
  const std::string name = canonical(key);
  const auto* const found =
      std::ranges::find_if(order, [&](std::string_view start) { return name.starts_with(start); });
  return static_cast<std::size_t>(found - order.begin());
}

}  // namespace

std::string_view name_of(Config::KeyVerdict::Kind kind) {
  using Kind = Config::KeyVerdict::Kind;
  switch (kind) {
    case Kind::wrong:
      return "wrong";
    case Kind::unknown:
      return "unknown";
    case Kind::not_honoured:
      return "not honoured";
    case Kind::obsolete:
      return "obsolete";
    case Kind::not_needed:
      return "not needed";
    case Kind::used:
      return "used";
    case Kind::as_default:
      return "as default";
  }
  return "used";
}

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
  std::ranges::stable_sort(sorted, [](const ConfigRemark* a, const ConfigRemark* b) {
    return a->level != b->level ? a->level > b->level : importance(a->key) < importance(b->key);
  });
  std::size_t used = 0;
  std::size_t printed = 0;
  for (const ConfigRemark* remark : sorted) {
    const std::string line = fmt::format("{:<8}{}", name_of(remark->level), text_of(*remark));
    // Long ones are broken by the terminal and take its lines all the same.
    used += (line.size() + terminal_width - 1) / terminal_width;
    if (used > lines && printed > 0) break;
    out << line << '\n';
    ++printed;
  }
  if (printed == sorted.size()) return;
  const auto errors = std::count_if(sorted.begin() + static_cast<std::ptrdiff_t>(printed), sorted.end(),
                                    [](const ConfigRemark* r) { return r->level == ConfigRemark::Level::error; });
  out << fmt::format("... and {} more, {} of them errors: kanal config check shows all\n", sorted.size() - printed,
                     errors);
}

}  // namespace kanal::ops
