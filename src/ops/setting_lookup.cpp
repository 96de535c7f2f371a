// Finding a setting in the catalogue: exactly (indexes and map keys filled in), or the nearest one.
#include <algorithm>
#include <map>
#include <numeric>

#include "ops/config.hpp"
#include "ops/key_names.hpp"

namespace kanal::ops {
namespace {

constexpr std::string_view logger_prefix = "logging.level.";
/// A name longer than this is not compared with every known one.
constexpr std::size_t suggestion_limit = 120;

const std::map<std::string, const Setting*, std::less<>>& index() {
  static const auto made = [] {
    std::map<std::string, const Setting*, std::less<>> map;
    for (const Setting& setting : settings_catalogue()) map.emplace(canonical(setting.key), &setting);
    return map;
  }();
  return made;
}

bool digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Canonical, with `[3]` as `[n]` and a nine-digit element as `<orgnr>`.
std::string pattern_of(std::string_view key) {
  std::string out;
  const std::string name = canonical(key);
  for (std::string_view element : key_elements(name)) {
    if (!out.empty()) out += '.';
    if (element.size() == 9 && digits(element)) {
      out += "<orgnr>";
      continue;
    }
    const std::size_t open = element.find('[');
    const bool indexed = open != std::string_view::npos && element.ends_with(']') &&
                         digits(element.substr(open + 1, element.size() - open - 2));
    out += indexed ? std::string(element.substr(0, open)) + "[n]" : std::string(element);
  }
  return out;
}

/// Edit distance with neighbour swaps.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

const Setting* find_setting(std::string_view key) {
  std::string name = pattern_of(key);
  if (const auto found = index().find(name); found != index().end()) return found->second;
  if (name.starts_with(logger_prefix) && name.size() > logger_prefix.size()) {
    const auto found = index().find("logging.level.<logger>");
    return found == index().end() ? nullptr : found->second;
  }
  if (!name.ends_with("[n]")) return nullptr;
  name.resize(name.size() - 3);
  const auto found = index().find(name);
  return found != index().end() && found->second->type == ValueType::list ? found->second : nullptr;
}

std::string nearest_setting(std::string_view key) {
  const std::string wanted = pattern_of(key);
  if (wanted.size() > suggestion_limit) return {};
  const Setting* best = nullptr;
  std::size_t best_distance = std::max<std::size_t>(2, wanted.size() / 4) + 1;
  for (const auto& [name, setting] : index()) {
    if (setting->hidden) continue;
    const std::size_t gap = name.size() > wanted.size() ? name.size() - wanted.size() : wanted.size() - name.size();
    if (gap >= best_distance) continue;
    if (const std::size_t d = distance(wanted, name); d < best_distance) {
      best_distance = d;
      best = setting;
    }
  }
  return best == nullptr ? std::string() : std::string(best->key);
}

}  // namespace kanal::ops
