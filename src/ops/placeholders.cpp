// Grammar: text = *( "\${" | "${" text [ ":" text ] "}" | any ). The name itself may hold placeholders: ${a.${b}}.
#include "ops/placeholders.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kanal::ops {
namespace {

constexpr std::size_t level_limit = 32;
constexpr std::size_t substitution_limit = 1000;
constexpr std::size_t text_limit = std::size_t{1} << 20;

/// Position of the `}` that closes the `${` before `start`; npos when there is none.
std::size_t closing_brace(std::string_view text, std::size_t start) {
  std::size_t open = 1;
  for (std::size_t i = start; i < text.size(); ++i) {
    if (text.substr(i).starts_with("${")) {
      ++open;
      ++i;
    } else if (text[i] == '}' && --open == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

/// The first `:` that does not belong to an inner placeholder; npos when there is none.
std::size_t default_mark(std::string_view inside) {
  std::size_t open = 0;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside.substr(i).starts_with("${")) {
      ++open;
      ++i;
    } else if (inside[i] == '}' && open > 0) {
      --open;
    } else if (inside[i] == ':' && open == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

class Resolver {
 public:
  explicit Resolver(const PlaceholderLookup& lookup) : lookup_(lookup) {}

  Result<std::string> resolve(std::string_view text, std::size_t level) {
    if (level > level_limit) return reject("config.syntax", "placeholders are nested too deep");
    std::string out;
    while (true) {
      const std::size_t start = text.find("${");
      out += text.substr(0, start);
      if (start == std::string_view::npos) return out;
      if (start > 0 && text[start - 1] == '\\') {
        out.pop_back();
        out += "${";
        text.remove_prefix(start + 2);
        continue;
      }
      const std::size_t end = closing_brace(text, start + 2);
      if (end == std::string_view::npos) return out += text.substr(start);
      auto value = placeholder(text.substr(start + 2, end - start - 2), level);
      if (!value) return value;
      out += *value;
      if (out.size() > text_limit) return reject("config.syntax", "placeholders expand to more than 1 MiB");
      text.remove_prefix(end + 1);
    }
  }

  std::vector<std::string> names;

 private:
  Result<std::string> placeholder(std::string_view inside, std::size_t level) {
    if (++substitutions_ > substitution_limit)
      return reject("config.syntax", "too many placeholders refer to each other");
    const std::size_t mark = default_mark(inside);
    auto name = resolve(inside.substr(0, mark), level + 1);
    if (!name) return name;
    names.push_back(*name);
    if (const auto value = lookup_(*name)) {
      if (std::ranges::find(under_way_, *name) != under_way_.end()) {
        return reject("config.syntax", fmt::format("placeholder ${{{}}} refers to itself: {} -> {}", *name,
                                                   fmt::join(under_way_, " -> "), *name));
      }
      under_way_.push_back(*name);
      auto out = resolve(*value, level + 1);
      under_way_.pop_back();
      return out;
    }
    if (mark != std::string_view::npos) return resolve(inside.substr(mark + 1), level + 1);
    return reject("config.syntax", fmt::format("placeholder ${{{0}}} has no value: set {0}, write ${{{0}:default}}, or "
                                               "\\${{ if the text itself is meant",
                                               *name));
  }

  const PlaceholderLookup& lookup_;
  std::vector<std::string> under_way_;
  std::size_t substitutions_ = 0;
};

}  // namespace

Result<Resolved> resolve_placeholders(std::string_view text, const PlaceholderLookup& lookup) {
  Resolver resolver(lookup);
  auto out = resolver.resolve(text, 0);
  if (!out) return failed(std::move(out));
  return Resolved{std::move(*out), std::move(resolver.names)};
}

}  // namespace kanal::ops
