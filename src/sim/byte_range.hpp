// The Range header as the broker reads it (dpo.md 3.8). Pure, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <tl/expected.hpp>

namespace kanal::sim {

struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

struct BadRange {};

/// Nothing: send all (no range, several, or another unit). BadRange: it cannot be satisfied.
[[nodiscard]] tl::expected<std::optional<ByteRange>, BadRange> parse_range(std::string_view header, std::uint64_t size);

}  // namespace kanal::sim
