#include "formats/base64_stream.hpp"

#include <algorithm>

namespace kanal::formats {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr int no_letter = -1;
constexpr int letters_in_group = 4;
constexpr std::size_t bytes_in_group = 3;

constexpr std::array<std::int8_t, 256> make_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(no_letter);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values.at(static_cast<unsigned char>(alphabet[i])) = static_cast<std::int8_t>(i);
  }
  return values;
}
constexpr auto values = make_values();

tl::unexpected<Error> malformed(const char* why) { return reject("base64.malformed", why); }

}  // namespace

Result<void> Base64Encoder::write(ByteView bytes) {
  while (rest_size_ > 0 && rest_size_ < bytes_in_group && !bytes.empty()) {
    rest_.at(rest_size_++) = bytes.front();
    bytes = bytes.subspan(1);
  }
  if (rest_size_ == bytes_in_group) {
    if (auto written = to_.write(bytes_of(to_base64(rest_))); !written) return written;
    rest_size_ = 0;
  }
  while (bytes.size() >= bytes_in_group) {
    const auto piece = std::min(bytes.size(), stream_chunk) / bytes_in_group * bytes_in_group;
    if (auto written = to_.write(bytes_of(to_base64(bytes.first(piece)))); !written) return written;
    bytes = bytes.subspan(piece);
  }
  for (const auto byte : bytes) rest_.at(rest_size_++) = byte;
  return {};
}

Result<void> Base64Encoder::finish() {
  if (rest_size_ == 0) return {};
  const auto text = to_base64(ByteView(rest_).first(rest_size_));
  rest_size_ = 0;
  return to_.write(bytes_of(text));
}

Result<void> Base64Decoder::take(char c, Bytes& out) {
  if (c == ' ' || c == '\n' || c == '\r' || c == '\t') return {};
  if (c == '=') {
    if (count_ < 2 || count_ + ++padding_ > letters_in_group) return malformed("there is too much padding");
    return {};
  }
  const int value = values.at(static_cast<unsigned char>(c));
  if (value == no_letter) return malformed("there is a character that is not base64");
  if (padding_ > 0) return malformed("there is text behind the padding");
  group_ = group_ << 6U | static_cast<std::uint32_t>(value);
  if (++count_ < letters_in_group) return {};
  for (const unsigned shift : {16U, 8U, 0U}) out.push_back(static_cast<std::byte>(group_ >> shift & 0xffU));
  group_ = 0;
  count_ = 0;
  return {};
}

Result<void> Base64Decoder::write(ByteView bytes) {
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), stream_chunk));
    bytes = bytes.subspan(piece.size());
    Bytes out;
    out.reserve(piece.size());
    for (const char c : text_of(piece)) {
      if (auto taken = take(c, out); !taken) return taken;
    }
    if (out.empty()) continue;
    if (auto written = to_.write(out); !written) return written;
  }
  return {};
}

Result<void> Base64Decoder::finish() {
  if (count_ == 0 && padding_ == 0) return {};
  // Padding is there in full or not at all.
  if (count_ < 2 || (padding_ > 0 && count_ + padding_ != letters_in_group)) return malformed("the end is missing");
  Bytes out;
  out.push_back(static_cast<std::byte>(group_ >> (count_ == 2 ? 4U : 10U) & 0xffU));
  if (count_ == 3) out.push_back(static_cast<std::byte>(group_ >> 2U & 0xffU));
  count_ = padding_ = 0;
  return to_.write(out);
}

}  // namespace kanal::formats
