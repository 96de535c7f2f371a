// X.690 8.1:
//   element    = identifier length contents
//   identifier = octet: class (2 bits) constructed (1 bit) number (5 bits)
//                number 31: base-128 octets follow, the last one below 0x80
//   length     = 0x00-0x7F | 0x80 (indefinite: contents end with 00 00) | 0x81-0xFE: so many octets, big-endian
#include "crypto/ber.hpp"

#include <algorithm>
#include <limits>

namespace kanal::crypto {
namespace {

constexpr std::uint64_t no_end = std::numeric_limits<std::uint64_t>::max();
/// No honest stream is longer; keeps offsets from overflowing.
constexpr std::uint64_t max_length = std::uint64_t{1} << 60;
constexpr std::uint32_t max_tag_number = std::uint32_t{1} << 21;

tl::unexpected<Error> malformed(const char* what) { return reject("ber.malformed", what); }

}  // namespace

Result<void> BerTokenizer::push(ByteView bytes) {
  while (!bytes.empty()) {
    if (complete_) return reject("ber.trailing", "there are bytes after the end of the structure");
    if (!open_.empty() && open_.back().primitive) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(open_.back().end - offset_, bytes.size()));
      offset_ += count;
      if (auto taken = handler_.content(bytes.first(count)); !taken) return taken;
      bytes = bytes.subspan(count);
      if (auto closed = close_ended(); !closed) return closed;
      continue;
    }
    if (auto taken = take_header_byte(static_cast<std::uint8_t>(bytes.front())); !taken) return taken;
    bytes = bytes.subspan(1);
  }
  return {};
}

Result<void> BerTokenizer::take_header_byte(std::uint8_t byte) {
  if (!open_.empty() && offset_ >= open_.back().end) return malformed("an element runs past the one around it");
  ++offset_;
  return part_ == Part::tag || part_ == Part::long_tag ? take_tag(byte) : take_length(byte);
}

Result<void> BerTokenizer::take_tag(std::uint8_t byte) {
  if (part_ == Part::tag) {
    header_ = Header{{static_cast<BerClass>(byte >> 6), byte & 0x1FU, (byte & 0x20U) != 0}, false, 0};
    part_ = header_.tag.number == 0x1F ? Part::long_tag : Part::length;
    if (part_ == Part::long_tag) header_.tag.number = 0;
    return {};
  }
  header_.tag.number = header_.tag.number << 7 | (byte & 0x7FU);
  if (header_.tag.number > max_tag_number) return malformed("a tag number is too large");
  if ((byte & 0x80U) == 0) part_ = Part::length;
  return {};
}

Result<void> BerTokenizer::take_length(std::uint8_t byte) {
  if (part_ == Part::length) {
    if (byte == 0xFF) return malformed("a length has the reserved form");
    header_.indefinite = byte == 0x80;
    length_bytes_ = byte > 0x80 ? byte & 0x7F : 0;
    header_.length = byte < 0x80 ? byte : 0;
    if (length_bytes_ == 0) return header_complete();
    part_ = Part::long_length;
    return {};
  }
  if (header_.length > max_length >> 8) return malformed("a length is impossibly large");
  header_.length = header_.length << 8 | byte;
  if (--length_bytes_ == 0) return header_complete();
  return {};
}

Result<void> BerTokenizer::header_complete() {
  part_ = Part::tag;
  const BerTag& tag = header_.tag;
  if (tag.is(BerClass::universal, 0)) {
    if (tag.constructed || header_.indefinite || header_.length != 0) return malformed("an end marker has content");
    return end_of_contents();
  }
  if (header_.indefinite && !tag.constructed) return malformed("a primitive element has no length");
  if (open_.size() >= max_depth) return reject("ber.too_deep", "elements are nested too deeply");
  const std::uint64_t parent_end = open_.empty() ? no_end : open_.back().end;
  const std::uint64_t end = header_.indefinite ? parent_end : offset_ + header_.length;
  if (end > parent_end) return malformed("an element runs past the one around it");
  open_.push_back({header_.indefinite, !tag.constructed, end});
  if (auto opened = handler_.open(tag); !opened) return opened;
  return close_ended();
}

Result<void> BerTokenizer::end_of_contents() {
  if (open_.empty() || !open_.back().indefinite) return malformed("an end marker stands where nothing is open");
  if (auto closed = close_top(); !closed) return closed;
  return close_ended();
}

Result<void> BerTokenizer::close_ended() {
  while (!open_.empty() && !open_.back().indefinite && open_.back().end == offset_) {
    if (auto closed = close_top(); !closed) return closed;
  }
  return {};
}

Result<void> BerTokenizer::close_top() {
  open_.pop_back();
  complete_ = open_.empty();
  return handler_.close();
}

Bytes BerNode::der() const {
  Bytes inner = content;
  for (const BerNode& child : children) {
    const Bytes encoded = child.der();
    inner.insert(inner.end(), encoded.begin(), encoded.end());
  }
  Bytes out;
  out.reserve(inner.size() + 16);
  const auto put = [&](std::uint64_t octet) { out.push_back(static_cast<std::byte>(octet)); };
  const std::uint32_t head = static_cast<std::uint32_t>(tag.tag_class) << 6 | (tag.constructed ? 0x20U : 0);
  if (tag.number < 0x1F) {
    put(head | tag.number);
  } else {
    put(head | 0x1FU);
    for (int shift = 28; shift > 0; shift -= 7) {
      if (tag.number >> shift != 0) put((tag.number >> shift & 0x7FU) | 0x80U);
    }
    put(tag.number & 0x7FU);
  }
  if (inner.size() < 0x80) {
    put(inner.size());
  } else {
    int octets = 1;
    while (inner.size() >> (8 * octets) != 0) ++octets;
    put(0x80U | static_cast<unsigned>(octets));
    for (int i = octets - 1; i >= 0; --i) put(inner.size() >> (8 * i) & 0xFFU);
  }
  out.insert(out.end(), inner.begin(), inner.end());
  return out;
}

Bytes BerNode::octets() const {
  Bytes out = content;
  for (const BerNode& child : children) {
    const Bytes piece = child.octets();
    out.insert(out.end(), piece.begin(), piece.end());
  }
  return out;
}

Result<void> BerCapture::charge(std::size_t bytes) {
  if (bytes > left_) return reject("ber.too_large", "a part of the structure is unreasonably large");
  left_ -= bytes;
  return {};
}

Result<void> BerCapture::open(const BerTag& tag) {
  if (auto charged = charge(sizeof(BerNode)); !charged) return charged;
  BerNode* node = &root_;
  if (!path_.empty()) node = &path_.back()->children.emplace_back();
  node->tag = tag;
  path_.push_back(node);
  return {};
}

Result<void> BerCapture::content(ByteView piece) {
  if (auto charged = charge(piece.size()); !charged) return charged;
  Bytes& content = path_.back()->content;
  content.insert(content.end(), piece.begin(), piece.end());
  return {};
}

bool BerCapture::close() {
  path_.pop_back();
  return path_.empty();
}

}  // namespace kanal::crypto
