// Where the sealed bytes of one blob lie: a file, or rows of a database. Each object is used by one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace kanal::store {

/// Takes sealed bytes in order. Destroyed without finish(): nothing remains.
class SealedOutput {
 public:
  SealedOutput() = default;
  SealedOutput(const SealedOutput&) = delete;
  SealedOutput& operator=(const SealedOutput&) = delete;
  virtual ~SealedOutput() = default;
  virtual Result<void> write(ByteView bytes) = 0;
  /// They are complete, and durable if that was asked for.
  virtual Result<void> finish() = 0;
};

/// Gives sealed bytes from any place.
class SealedInput {
 public:
  SealedInput() = default;
  SealedInput(const SealedInput&) = delete;
  SealedInput& operator=(const SealedInput&) = delete;
  virtual ~SealedInput() = default;
  virtual Result<std::uint64_t> size() = 0;
  /// Fewer than asked for only at the end.
  virtual Result<std::size_t> read_at(std::span<std::byte> into, std::uint64_t offset) = 0;
};

}  // namespace kanal::store
