#include <algorithm>

#include "net/http_server.hpp"

namespace kanal::net {
namespace {

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  for (;;) {
    const auto end = path.find('/');
    segments.push_back(path.substr(0, end));
    if (end == std::string_view::npos) return segments;
    path.remove_prefix(end + 1);
  }
}

bool is_variable(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path) {
  return std::ranges::equal(pattern, path, [](const std::string& wanted, std::string_view given) {
    return is_variable(wanted) ? !given.empty() : wanted == given;
  });
}

/// The first position where only one of them is literal decides.
bool more_specific(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::lexicographical_compare(
      a, b, [](const std::string& x, const std::string& y) { return !is_variable(x) && is_variable(y); });
}

}  // namespace

void Router::add(std::string method, std::string pattern, Endpoint endpoint) {
  const auto parts = split(pattern);
  std::vector<std::string> segments(parts.begin(), parts.end());
  routes_.push_back({std::move(method), std::move(pattern), std::move(segments), std::move(endpoint)});
}

Router::Match Router::find(std::string_view method, std::string_view path) const {
  const auto given = split(path);
  const Route* exact = nullptr;
  const Route* get = nullptr;  // answers HEAD when nothing else does
  Match match;
  for (const auto& route : routes_) {
    if (!matches(route.segments, given)) continue;
    match.path_known = true;
    match.allowed.push_back(route.method);
    const Route*& best = route.method == method ? exact : get;
    const bool wanted = route.method == method || (method == "HEAD" && route.method == "GET");
    if (wanted && (!best || more_specific(route.segments, best->segments))) best = &route;
  }
  std::ranges::sort(match.allowed);
  match.allowed.erase(std::unique(match.allowed.begin(), match.allowed.end()), match.allowed.end());

  const Route* chosen = exact ? exact : get;
  if (!chosen) return match;
  match.endpoint = &chosen->endpoint;
  match.pattern = chosen->pattern;
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (is_variable(chosen->segments[i])) match.variables.emplace_back(given[i]);
  }
  return match;
}

std::vector<Router::Entry> Router::routes() const {
  std::vector<Entry> entries;
  for (const auto& route : routes_) {
    std::string pattern;
    for (const auto& segment : route.segments) pattern += '/' + segment;
    entries.push_back({route.method, std::move(pattern)});
  }
  return entries;
}

}  // namespace kanal::net
