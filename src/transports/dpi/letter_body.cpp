#include "transports/dpi/letter_body.hpp"

#include <algorithm>

#include "base/ids.hpp"
#include "lookup/upload_body.hpp"

namespace kanal::transports::dpi {
LetterBody::LetterBody(const std::string& document, SeekableSource& package)
    : boundary_("kanal-" + new_uuid()),
      head_(lookup::part_head(boundary_, "", R"(name="forretningsmelding"; filename="sbd.jwt")", "application/jwt") +
            document +
            lookup::part_head(boundary_, "\r\n", R"(name="dokumentpakke"; filename="asic.cms")", "application/cms")),
      tail_("\r\n--" + boundary_ + "--\r\n"),
      package_(package) {}

std::string LetterBody::content_type() const { return "multipart/form-data; boundary=" + boundary_; }

/// The rest of a text, as far as it fits.
std::size_t LetterBody::take(const std::string& text, std::span<std::byte> into, Part next) {
  const auto count = std::min(into.size(), text.size() - offset_);
  std::ranges::copy(bytes_of(text).subspan(offset_, count), into.begin());
  offset_ += count;
  if (offset_ == text.size()) {
    part_ = next;
    offset_ = 0;
  }
  return count;
}

Result<std::size_t> LetterBody::read(std::span<std::byte> into) {
  if (part_ == Part::head) return take(head_, into, Part::package);
  if (part_ == Part::package) {
    auto count = package_.read(into);
    if (!count || *count > 0) return count;
    part_ = Part::tail;
  }
  return part_ == Part::tail ? take(tail_, into, Part::end) : 0;
}

}  // namespace kanal::transports::dpi
