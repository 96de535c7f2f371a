#include "ops/key_names.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "ops/config.hpp"

namespace kanal::ops {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool all_digits(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_digit); }

/// `notification-text`, `notificationText` and `notification_text` are all the words `notification`, `text`.
std::vector<std::string> words_of(std::string_view element) {
  std::vector<std::string> words(1);
  char before = '\0';
  for (const char c : element) {
    const bool hump = is_upper(c) && before != '\0' && !is_upper(before);
    if ((c == '-' || c == '_' || hump) && !words.back().empty()) words.emplace_back();
    if (c != '-' && c != '_') words.back().push_back(to_lower(c));
    before = c;
  }
  return words;
}

std::vector<std::string> environment_tokens(std::string_view name) {
  std::vector<std::string> tokens(1);
  for (const char c : name) {
    if (c != '_') {
      tokens.back().push_back(to_lower(c));
    } else if (!tokens.back().empty()) {
      tokens.emplace_back();
    }
  }
  if (tokens.back().empty()) tokens.pop_back();
  return tokens;
}

/// How many of `tokens` spell `element`: one (`notificationtext`), or one per word (legacy); 0: they do not.
std::size_t spelled_by(std::string_view element, std::span<const std::string> tokens) {
  const std::vector<std::string> words = words_of(element);
  std::string joined;
  for (const std::string& word : words) joined += word;
  if (tokens.front() == joined) return 1;
  if (tokens.size() >= words.size() && std::equal(words.begin(), words.end(), tokens.begin())) return words.size();
  return 0;
}

/// Matches one setting; gives its key with indexes and map keys filled in.
std::optional<std::string> match(const Setting& setting, std::span<const std::string> tokens) {
  std::string key;
  for (std::string_view element : key_elements(setting.key)) {
    if (tokens.empty()) return std::nullopt;
    if (!key.empty()) key += '.';
    if (element == "<logger>") {
      for (; !tokens.empty(); tokens = tokens.subspan(1)) key += (key.back() == '.' ? "" : ".") + tokens.front();
      return key;
    }
    if (element == "<orgnr>") {
      if (!all_digits(tokens.front())) return std::nullopt;
      key += tokens.front();
      tokens = tokens.subspan(1);
      continue;
    }
    const bool indexed = element.ends_with("[n]");
    if (indexed) element.remove_suffix(3);
    const std::size_t used = spelled_by(element, tokens);
    if (used == 0) return std::nullopt;
    key += element;
    tokens = tokens.subspan(used);
    if (!indexed) continue;
    if (tokens.empty() || !all_digits(tokens.front())) return std::nullopt;
    key += '[' + tokens.front() + ']';
    tokens = tokens.subspan(1);
  }
  if (setting.type == ValueType::list && tokens.size() == 1 && all_digits(tokens.front())) {
    return key + '[' + tokens.front() + ']';
  }
  if (!tokens.empty()) return std::nullopt;
  return key;
}

}  // namespace

std::vector<std::string_view> key_elements(std::string_view key) {
  std::vector<std::string_view> elements;
  while (true) {
    const std::size_t dot = key.find('.');
    elements.push_back(key.substr(0, dot));
    if (dot == std::string_view::npos) return elements;
    key.remove_prefix(dot + 1);
  }
}

std::string canonical(std::string_view key) {
  std::string out;
  out.reserve(key.size());
  for (const char c : key) {
    if (c != '-' && c != '_') out.push_back(to_lower(c));
  }
  return out;
}

std::optional<std::string> key_of_environment(std::string_view name) {
  if (name.find('.') != std::string_view::npos) {
    const std::string key = lower(name);
    const bool ours = find_setting(name) != nullptr || key.starts_with("difi.") || key.starts_with("kanal.");
    return ours ? std::optional(std::string(name)) : std::nullopt;
  }
  const std::vector<std::string> tokens = environment_tokens(name);
  if (tokens.size() < 2) return std::nullopt;
  for (const Setting& setting : settings_catalogue()) {
    if (auto key = match(setting, tokens)) return key;
  }
  if (tokens.front() != "difi" && tokens.front() != "kanal") return std::nullopt;
  std::string key;
  for (const std::string& token : tokens) {
    if (all_digits(token) && token.size() < 9) {
      key += '[' + token + ']';
    } else {
      key += (key.empty() ? "" : ".") + token;
    }
  }
  return key;
}

std::string environment_name(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c == '.' || c == '[') {
      out += '_';
    } else if (c != '-' && c != '_' && c != ']') {
      out += to_upper(c);
    }
  }
  return out;
}

std::string_view list_base(std::string_view key) { return key.substr(0, key.find('[')); }

bool is_secret_key(std::string_view key) {
  if (const Setting* setting = find_setting(key); setting != nullptr && setting->type == ValueType::secret) return true;
  const std::string last = canonical(key_elements(key).back());
  constexpr std::array<std::string_view, 9> endings{"password", "passord",    "passwd",     "pwd",        "token",
                                                    "secret",   "privatekey", "credential", "credentials"};
  return std::ranges::any_of(endings, [&](std::string_view ending) { return last.ends_with(ending); });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), to_lower);
  return out;
}

}  // namespace kanal::ops
