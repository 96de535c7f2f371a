// Archives for the tests of this folder, good and damaged. Never included by product code.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "formats/zip_reader.hpp"
#include "formats/zip_writer.hpp"

namespace kanal::formats::testing {

/// One file to pack.
struct File {
  std::string name;
  std::string content;
  bool deflated = false;
};

inline std::string make_zip(const std::vector<File>& files, std::string_view comment = {}) {
  MemorySink sink(std::uint64_t{1} << 30);
  ZipWriter writer(sink);
  for (const auto& file : files) {
    MemorySource source(bytes_of(file.content));
    const auto added =
        file.deflated ? writer.add_deflated(file.name, source, 6) : writer.add(file.name, bytes_of(file.content));
    EXPECT_TRUE(added) << added.error().text();
  }
  EXPECT_TRUE(writer.finish(comment));
  return std::string(text_of(sink.bytes()));
}

/// Unpacks everything, in order.
inline Result<std::vector<File>> unpack(std::string_view zip, const ZipLimits& limits = {}) {
  MemorySource source(bytes_of(zip));
  std::vector<File> files;
  const auto read = for_each_entry(source, limits, [&](const ZipEntry& entry, Source& content) -> Result<void> {
    const auto bytes = read_all(content, std::uint64_t{1} << 30);
    if (!bytes) return failed(bytes);
    files.push_back({entry.name, std::string(text_of(*bytes)), !entry.stored});
    return {};
  });
  if (!read) return failed(read);
  return files;
}

/// The code of the error that unpacking ends with; empty when it succeeds.
inline std::string unpack_code(std::string_view zip, const ZipLimits& limits = {}) {
  const auto files = unpack(zip, limits);
  return files ? std::string() : files.error().code;
}

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

template <class Number>
void poke(std::string& zip, std::size_t offset, Number value) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) zip.at(offset + i) = static_cast<char>(value >> (8 * i));
}

template <class Number>
Number peek(std::string_view zip, std::size_t offset) {
  Number value = 0;
  for (std::size_t i = sizeof(Number); i-- > 0;) {
    value = static_cast<Number>((value << 8) | static_cast<unsigned char>(zip.at(offset + i)));
  }
  return value;
}

constexpr std::string_view local_mark("PK\3\4", 4);
constexpr std::string_view central_mark("PK\1\2", 4);
constexpr std::string_view end_mark("PK\5\6", 4);

/// A source of `size` zeros behind `head` and before `tail`, for archives larger than memory.
class SparseSource final : public SeekableSource {
 public:
  SparseSource(std::string head, std::uint64_t zeros, std::string tail)
      : head_(std::move(head)), zeros_(zeros), tail_(std::move(tail)) {}
  Result<std::size_t> read(std::span<std::byte> into) override {
    std::size_t count = 0;
    while (count < into.size() && position_ < size()) into[count++] = at(position_++);
    return count;
  }
  [[nodiscard]] std::uint64_t size() const override { return head_.size() + zeros_ + tail_.size(); }
  Result<void> seek(std::uint64_t offset) override {
    position_ = offset;
    return {};
  }

 private:
  [[nodiscard]] std::byte at(std::uint64_t offset) const {
    if (offset < head_.size()) return static_cast<std::byte>(head_[offset]);
    if (offset < head_.size() + zeros_) return std::byte{0};
    return static_cast<std::byte>(tail_[offset - head_.size() - zeros_]);
  }
  std::string head_;
  std::uint64_t zeros_;
  std::string tail_;
  std::uint64_t position_ = 0;
};

}  // namespace kanal::formats::testing
