// Forms (operations.md section 9):
//   JSON  {"@timestamp":"2026-09-01T08:00:00.000Z","level":"INFO","event":"...",<fields as given>,"orgnr":"..."} one
//   object per line text  2026-09-01T08:00:00.000Z INFO  event name=value name="value with blanks"
// Values hold whatever the world sent: control characters are escaped, broken UTF-8 becomes U+FFFD, person numbers are
// masked.
#include "ops/log_line.hpp"

#include <fmt/format.h>

#include "ops/logger.hpp"
#include "ops/utf8.hpp"

namespace kanal::ops {
namespace {

constexpr std::size_t value_limit = std::size_t{16} * 1024;

/// The value's text, masked before it is cut: a cut could hide a digit from the mask.
std::string cleaned(std::string_view value) {
  const bool cut = value.size() > value_limit;
  std::string out = mask_person_numbers(value.substr(0, value_limit + 16));
  if (!cut) return out;
  out.resize(std::min(out.size(), value_limit));
  while (!out.empty() && out.back() >= '0' && out.back() <= '9') out.pop_back();
  return out + "...";
}

/// Escapes what neither JSON nor a terminal should see.
void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto c = static_cast<unsigned char>(text.front());
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += text.front();
    } else if (c == '\n') {
      out += "\\n";
    } else if (c < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04x}", c);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7F || c == '"' || c == '=' || c == '\\') return true;
  }
  return !is_utf8(text);
}

}  // namespace

std::string_view label_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "DEBUG";
    case LogLevel::info:
      return "INFO";
    case LogLevel::warning:
      return "WARN";
    case LogLevel::error:
      return "ERROR";
  }
  return "ERROR";
}

std::string mask_person_numbers(std::string_view text) {
  constexpr std::size_t person_number_length = 11;
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t start = std::min(text.find_first_of("0123456789"), text.size());
    out += text.substr(0, start);
    text.remove_prefix(start);
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    out += digits == person_number_length ? std::string_view("**********") : text.substr(0, digits);
    text.remove_prefix(digits);
  }
  return out;
}

std::string json_line(LogLevel level, std::string_view event, std::span<const LogField> fields,
                      std::string_view orgnr) {
  std::string out = "\"level\":";
  append_quoted(out, label_of(level));
  const auto field = [&](std::string_view name, std::string_view value) {
    out += ',';
    append_quoted(out, name);
    out += ':';
    append_quoted(out, cleaned(value));
  };
  field("event", event);
  for (const LogField& one : fields) field(one.name, one.value);
  field("orgnr", orgnr);
  return out + '}';
}

std::string text_line(LogLevel level, std::string_view event, std::span<const LogField> fields) {
  std::string out = fmt::format("{:<5} ", label_of(level));
  append_escaped(out, cleaned(event));
  for (const LogField& one : fields) {
    out += ' ';
    append_escaped(out, one.name);
    out += '=';
    const std::string value = cleaned(one.value);
    if (needs_quotes(value)) {
      append_quoted(out, value);
    } else {
      out += value;
    }
  }
  return out;
}

}  // namespace kanal::ops
