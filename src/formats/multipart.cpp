// RFC 7578 over RFC 2046 section 5.1.1:
//
//   body      = [ preamble CRLF ] "--" boundary pad CRLF part *( CRLF "--" boundary pad CRLF part )
//               CRLF "--" boundary "--" [ epilogue ]
//   part      = *( header CRLF ) [ CRLF *octet ]
//   pad       = *( SP / HTAB )
//
// Lines end in CRLF only. What stands behind a boundary at the start of a line is a pad or "--", or the body is
// refused: whether it was meant as data cannot be known.
#include "formats/multipart.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "formats/header_values.hpp"

namespace kanal::formats {

namespace {

constexpr std::size_t longest_boundary = 70;
constexpr std::size_t longest_pad = 64;

tl::unexpected<Error> malformed(const std::string& why) {
  return reject("multipart.malformed", "the multipart body cannot be read: " + why);
}

/// RFC 2046: 1 to 70 characters of a list, no space at the end.
bool is_boundary(std::string_view text) {
  constexpr std::string_view others = "'()+_,-./:=? ";
  const auto legal = [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           others.find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= longest_boundary && text.back() != ' ' && std::ranges::all_of(text, legal);
}

/// Takes `name=value` or `name="value"`, up to the semicolon after it, off `rest`. Nothing but white space is a
/// nameless parameter.
std::optional<std::pair<std::string, std::string_view>> take_parameter(std::string_view& rest) {
  const auto equals = rest.find_first_of("=;");
  const std::string name = ascii_lower(without_white_space(rest.substr(0, equals)));
  if (equals == std::string_view::npos || rest[equals] == ';') {
    rest.remove_prefix(std::min(equals, rest.size()));
    if (name.empty()) return std::pair(name, std::string_view());
    return std::nullopt;
  }
  rest = rest.substr(equals + 1);
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  const bool quoted = rest.starts_with('"');
  const auto end = quoted ? rest.find('"', 1) : std::min(rest.find(';'), rest.size());
  if (end == std::string_view::npos) return std::nullopt;
  const auto value = quoted ? rest.substr(1, end - 1) : without_white_space(rest.substr(0, end));
  rest.remove_prefix(quoted ? end + 1 : end);
  const auto behind = std::min(rest.find(';'), rest.size());
  if (!without_white_space(rest.substr(0, behind)).empty()) return std::nullopt;
  rest.remove_prefix(behind);
  return std::pair(name, value);
}

/// Joins folded lines; nothing when a line end is not CRLF.
std::optional<std::vector<std::string>> header_lines(std::string_view head) {
  std::vector<std::string> lines;
  while (!head.empty()) {
    const auto end = head.find("\r\n");
    const auto line = head.substr(0, end);
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return std::nullopt;
    const bool folded = line.starts_with(' ') || line.starts_with('\t');
    if (folded && lines.empty()) return std::nullopt;
    if (folded) {
      lines.back().append(" ").append(without_white_space(line));
    } else {
      lines.emplace_back(line);
    }
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 2);
  }
  return lines;
}

/// One header of a part.
Result<void> read_header(const std::string& line, PartHead& head, bool& has_disposition) {
  const auto colon = line.find(':');
  if (colon == std::string::npos) return malformed("a part has a header without a colon");
  const std::string name = ascii_lower(std::string_view(line).substr(0, colon));
  const auto value = without_white_space(std::string_view(line).substr(colon + 1));
  if (!is_token(name)) return malformed("a part has a header without a proper name");
  if (name == "content-disposition") {
    if (std::exchange(has_disposition, true)) return malformed("a part has two Content-Disposition headers");
    auto disposition = parse_content_disposition(value);
    if (!disposition) return malformed(disposition.error().message);
    head.disposition = std::move(*disposition);
  } else if (name == "content-type") {
    if (!head.content_type.empty()) return malformed("a part has two Content-Type headers");
    head.content_type = value;
  } else if (name == "content-id") {
    if (!head.content_id.empty()) return malformed("a part has two Content-ID headers");
    head.content_id = value.starts_with('<') && value.ends_with('>') ? value.substr(1, value.size() - 2) : value;
  } else if (name == "content-transfer-encoding") {
    const auto encoding = ascii_lower(value);
    if (encoding != "binary" && encoding != "8bit" && encoding != "7bit") {
      return malformed("a part has a transfer encoding: send its bytes as they are");
    }
  }
  return {};
}

Result<PartHead> read_head(std::string_view text, MultipartKind kind) {
  const auto lines = header_lines(text);
  if (!lines) return malformed("the headers of a part must end their lines with CR LF");
  PartHead head;
  bool has_disposition = false;
  for (const auto& line : *lines) {
    if (auto read = read_header(line, head, has_disposition); !read) return failed(read);
  }
  if (kind == MultipartKind::related) return head;
  if (!has_disposition || head.disposition.type != "form-data") {
    return malformed("a part has no Content-Disposition: form-data");
  }
  if (!head.disposition.name) return malformed("a part has no name");
  return head;
}

class MultipartReader final : public Sink {
 public:
  MultipartReader(std::string boundary, PartHandler& handler, MultipartKind kind)
      : delimiter_("\r\n--" + std::move(boundary)), handler_(handler), kind_(kind) {}

  Result<void> write(ByteView bytes) override {
    if (error_) return tl::unexpected<Error>(*error_);
    while (!bytes.empty()) {
      auto used = step(bytes);
      if (!used) {
        error_ = used.error();
        return failed(used);
      }
      bytes = bytes.subspan(*used);
    }
    return {};
  }

  Result<void> finish() override {
    if (error_) return tl::unexpected<Error>(*error_);
    if (state_ != State::epilogue) {
      return reject("multipart.truncated", "the multipart body ends before its closing boundary: the transfer was cut");
    }
    return {};
  }

 private:
  enum class State { preamble, after_boundary, head, data, epilogue };

  /// Uses at least one of the bytes; says how many.
  Result<std::size_t> step(ByteView bytes) {
    switch (state_) {
      case State::preamble:
      case State::data:
        return search(bytes);
      case State::after_boundary:
        return after_boundary(static_cast<char>(bytes.front()));
      case State::head:
        return collect_head(static_cast<char>(bytes.front()));
      case State::epilogue:
        break;
    }
    return bytes.size();
  }

  /// Hands on data until a delimiter is complete. The delimiter's CR occurs in it only in front, so after a mismatch no
  /// part of what has matched can begin another one.
  Result<std::size_t> search(ByteView bytes) {
    std::size_t at = 0;
    while (at < bytes.size()) {
      if (matched_ == 0) {
        const auto* found = static_cast<const std::byte*>(std::memchr(bytes.data() + at, '\r', bytes.size() - at));
        const std::size_t next = found == nullptr ? bytes.size() : static_cast<std::size_t>(found - bytes.data());
        if (auto given = give(bytes.subspan(at, next - at)); !given) return failed(given);
        at = next;
        if (at == bytes.size()) break;
      }
      if (static_cast<char>(bytes[at]) != delimiter_[matched_]) {
        const auto held = std::string_view(delimiter_).substr(implied_, matched_ - implied_);
        matched_ = implied_ = 0;
        if (auto given = give(bytes_of(held)); !given) return failed(given);
        continue;
      }
      ++at;
      if (++matched_ == delimiter_.size()) {
        in_part_ = state_ == State::data;
        state_ = State::after_boundary;
        text_.clear();
        break;
      }
    }
    return at;
  }

  Result<void> give(ByteView bytes) {
    if (state_ == State::preamble || bytes.empty()) return {};
    return handler_.part_data(bytes);
  }

  Result<std::size_t> after_boundary(char c) {
    text_.push_back(c);
    if (text_ == "--") {
      if (auto ended = end_part(); !ended) return failed(ended);
      state_ = State::epilogue;
    } else if (text_.ends_with("\r\n")) {
      if (auto ended = end_part(); !ended) return failed(ended);
      if (++parts_ > max_parts) {
        return reject("multipart.too_many", "the multipart body has more than " + std::to_string(max_parts) + " parts");
      }
      state_ = State::head;
      text_.clear();
    } else if (!may_follow_boundary() || text_.size() > longest_pad) {
      return malformed("a boundary is followed by something other than CR LF or --");
    }
    return std::size_t{1};
  }

  /// Is text_ the beginning of pad CRLF or of "--"?
  [[nodiscard]] bool may_follow_boundary() const {
    if (text_ == "-") return true;
    std::string_view pad = text_;
    if (pad.ends_with('\r')) pad.remove_suffix(1);
    return pad.find_first_not_of(" \t") == std::string_view::npos;
  }

  Result<void> end_part() { return std::exchange(in_part_, false) ? handler_.end_part() : Result<void>(); }

  Result<std::size_t> collect_head(char c) {
    if (text_.size() == max_part_head_bytes) {
      return malformed("the headers of a part are longer than " + std::to_string(max_part_head_bytes) + " bytes");
    }
    text_.push_back(c);
    if (text_ != "\r\n" && !text_.ends_with("\r\n\r\n")) return std::size_t{1};
    const auto head =
        read_head(text_ == "\r\n" ? std::string_view() : std::string_view(text_).substr(0, text_.size() - 4), kind_);
    if (!head) return failed(head);
    if (auto begun = handler_.begin_part(*head); !begun) return failed(begun);
    state_ = State::data;
    // The empty line's CRLF may be the one that a delimiter begins with: a part without any body.
    matched_ = implied_ = 2;
    return std::size_t{1};
  }

  const std::string delimiter_;
  PartHandler& handler_;
  const MultipartKind kind_;
  State state_ = State::preamble;
  std::size_t matched_ =
      2;  ///< so much of the delimiter has been seen; the start of the body counts as the start of a line
  std::size_t implied_ = 2;  ///< so much of that was not data
  std::string text_{};       ///< collected behind a boundary, or of a head
  std::size_t parts_ = 0;
  bool in_part_ = false;  ///< begin_part() was called and its end_part() is due
  std::optional<Error> error_{};
};

Result<std::string> boundary_of(std::string_view content_type, std::string_view wanted) {
  const auto refuse = [](const std::string& why) {
    return reject("multipart.boundary", "the Content-Type of the request " + why);
  };
  const auto semicolon = std::min(content_type.find(';'), content_type.size());
  if (ascii_lower(without_white_space(content_type.substr(0, semicolon))) != wanted) {
    return refuse("is not " + std::string(wanted));
  }
  std::optional<std::string_view> boundary;
  for (std::string_view rest = content_type.substr(semicolon); !rest.empty();) {
    rest.remove_prefix(1);
    const auto parameter = take_parameter(rest);
    if (!parameter) return refuse("has a parameter that cannot be read");
    if (parameter->first != "boundary") continue;
    if (boundary) return refuse("has two boundaries");
    boundary = parameter->second;
  }
  if (!boundary) return refuse("has no boundary");
  if (!is_boundary(*boundary)) return refuse("has an illegal boundary");
  return std::string(*boundary);
}

}  // namespace

Result<std::string> multipart_boundary(std::string_view content_type) {
  return boundary_of(content_type, "multipart/form-data");
}

Result<std::string> multipart_related_boundary(std::string_view content_type) {
  return boundary_of(content_type, "multipart/related");
}

std::unique_ptr<Sink> make_multipart_reader(std::string boundary, PartHandler& handler, MultipartKind kind) {
  return std::make_unique<MultipartReader>(std::move(boundary), handler, kind);
}

}  // namespace kanal::formats
