#include "transports/dpe/envelope_scan.hpp"

#include <algorithm>
#include <array>

#include "domain/sbd.hpp"

namespace kanal::transports::dpe {
namespace {

constexpr std::size_t longest_name = 1024;
constexpr int deepest = 64;

tl::unexpected<Error> malformed(const std::string& why) { return reject("dpe.envelope", "the message " + why); }

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// Characters of a Source, one ahead.
class Reader {
 public:
  explicit Reader(Source& from) : from_(from) {}
  /// The next character, left where it is; nothing at the end.
  Result<std::optional<char>> peek() {
    if (at_ < size_) return std::optional(static_cast<char>(buffer_.at(at_)));
    auto count = from_.read(buffer_);
    if (!count) return failed(count);
    at_ = 0;
    size_ = *count;
    if (size_ == 0) return std::optional<char>{};
    return std::optional(static_cast<char>(buffer_.front()));
  }
  /// The next character, taken; an end here is an error.
  Result<char> take() {
    auto next = peek();
    if (!next) return failed(next);
    if (!*next) return malformed("ends too early");
    ++at_;
    return **next;
  }
  Result<char> take_after_space() {
    for (;;) {
      auto c = take();
      if (!c || !is_space(*c)) return c;
    }
  }
  /// What lies ready up to the first of `stops`, taken. Empty: that is where it stands, or nothing is ready.
  std::string_view run(std::string_view stops) {
    const auto ready = text_of(ByteView(buffer_).subspan(at_, size_ - at_));
    const auto part = ready.substr(0, ready.find_first_of(stops));
    at_ += part.size();
    return part;
  }

 private:
  Source& from_;
  std::array<std::byte, stream_chunk> buffer_{};
  std::size_t at_ = 0;
  std::size_t size_ = 0;
};

/// Where the text of a value goes: kept up to a limit, or dropped.
struct Kept {
  std::string* text = nullptr;
  std::size_t limit = 0;
  Result<void> add(std::string_view part) const {
    if (text == nullptr) return {};
    if (part.size() > limit - text->size()) return malformed("has an SBD that is too large");
    text->append(part);
    return {};
  }
};

class Scanner {
 public:
  Scanner(Source& from, Sink* asic_text) : reader_(from), asic_text_(asic_text) {}

  Result<ScannedEnvelope> scan() {
    auto first = reader_.take_after_space();
    if (!first) return failed(first);
    if (*first != '{') return malformed("is no JSON object");
    if (auto members = scan_members(); !members) return failed(members);
    for (;;) {
      auto next = reader_.peek();
      if (!next) return failed(next);
      if (!*next) return std::move(found_);
      if (!is_space(**next)) return malformed("goes on behind its end");
      if (auto taken = reader_.take(); !taken) return failed(taken);
    }
  }

 private:
  Result<void> scan_members() {
    auto next = reader_.take_after_space();
    if (!next) return failed(next);
    if (*next == '}') return {};
    for (;;) {
      if (*next != '"') return malformed("is no JSON object");
      if (auto member = scan_member(); !member) return member;
      next = reader_.take_after_space();
      if (!next) return failed(next);
      if (*next == '}') return {};
      if (*next != ',') return malformed("is no JSON object");
      next = reader_.take_after_space();
      if (!next) return failed(next);
    }
  }

  /// After the quote of its name.
  Result<void> scan_member() {
    std::string name;
    if (auto read = scan_string({&name, longest_name}); !read) return read;
    name.pop_back();  // the quote
    auto colon = reader_.take_after_space();
    if (!colon) return failed(colon);
    if (*colon != ':') return malformed("is no JSON object");
    auto first = reader_.take_after_space();
    if (!first) return failed(first);
    if (name == "sbd") {
      if (found_.sbd) return malformed("has two SBDs");
      found_.sbd.emplace();
      return scan_value(*first, {&*found_.sbd, domain::max_sbd_bytes});
    }
    if (name != "asic") return scan_value(*first, {});
    if (found_.has_asic) return malformed("has two packages");
    if (*first == '"') {
      found_.has_asic = true;
      return scan_asic();
    }
    if (*first != 'n') return malformed("has a package that is no text");
    std::string null;
    if (auto read = scan_value(*first, {&null, longest_name}); !read) return read;
    return null == "null" ? Result<void>{} : malformed("has a package that is no text");
  }

  /// To the closing quote, which is kept too.
  Result<void> scan_string(const Kept& kept) {
    for (;;) {
      auto next = reader_.peek();
      if (!next) return failed(next);
      if (auto added = kept.add(reader_.run("\"\\")); !added) return added;
      next = reader_.peek();
      if (!next) return failed(next);
      if (*next && **next != '"' && **next != '\\') continue;
      auto c = reader_.take();
      if (!c) return failed(c);
      if (auto added = kept.add(std::string_view(&*c, 1)); !added) return added;
      if (*c == '"') return {};
      auto escaped = reader_.take();
      if (!escaped) return failed(escaped);
      if (auto added = kept.add(std::string_view(&*escaped, 1)); !added) return added;
    }
  }

  /// A value whose first character was taken. Only its extent counts here: whoever needs it, reads it.
  Result<void> scan_value(char first, const Kept& kept) {
    int depth = 0;
    for (char c = first;;) {
      if (auto added = kept.add(std::string_view(&c, 1)); !added) return added;
      if (c == '"') {
        if (auto read = scan_string(kept); !read) return read;
      } else if (c == '{' || c == '[') {
        if (++depth > deepest) return malformed("is nested too deeply");
      } else if (c == '}' || c == ']') {
        if (--depth < 0) return malformed("is no JSON object");
      }
      auto next = reader_.peek();
      if (!next) return failed(next);
      if (depth == 0) {
        const bool ends = !*next || **next == ',' || **next == '}' || **next == ']' || is_space(**next);
        if (ends || c == '"' || c == '}' || c == ']') return {};
      }
      auto taken = reader_.take();
      if (!taken) return failed(taken);
      c = *taken;
    }
  }

  Result<void> scan_asic() {
    for (;;) {
      auto next = reader_.peek();
      if (!next) return failed(next);
      if (auto given = give(reader_.run("\"\\")); !given) return given;
      next = reader_.peek();
      if (!next) return failed(next);
      if (*next && **next != '"' && **next != '\\') continue;
      auto c = reader_.take();
      if (!c) return failed(c);
      if (*c == '"') return {};
      auto escaped = reader_.take();
      if (!escaped) return failed(escaped);
      // The only letter of base64 that writers escape; others show up as what they are not.
      if (auto given = give(*escaped == '/' ? "/" : "\\"); !given) return given;
    }
  }

  Result<void> give(std::string_view part) {
    if (part.empty() || asic_text_ == nullptr || found_.asic_error) return {};
    auto written = asic_text_->write(bytes_of(part));
    if (written) return {};
    if (written.error().disposition == Disposition::retry) return written;
    found_.asic_error = std::move(written).error();
    return {};
  }

  Reader reader_;
  Sink* asic_text_;
  ScannedEnvelope found_;
};

}  // namespace

Result<ScannedEnvelope> scan_envelope(Source& from, Sink* asic_text) { return Scanner(from, asic_text).scan(); }

}  // namespace kanal::transports::dpe
