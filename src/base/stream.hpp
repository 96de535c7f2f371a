// Byte streams. Payloads of any size pass through these; nothing holds a whole attachment in memory.
// One object is used by one thread at a time. A Sink whose finish() was not called has produced
// nothing: whoever reads the result must be able to tell (no end of stream without finish()).
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace kanal {

/// Something bytes are pulled from.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;
  /// Fills at most `into.size()` bytes (never empty) and says how many; 0 means the end.
  virtual Result<std::size_t> read(std::span<std::byte> into) = 0;
};

/// A Source that can be read at any place; several readers need several objects.
class SeekableSource : public Source {
 public:
  /// Total length in bytes.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// The next read() starts at `offset` (0..size()).
  virtual Result<void> seek(std::uint64_t offset) = 0;
};

/// Something bytes are pushed into.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;
  virtual Result<void> write(ByteView bytes) = 0;
  /// Completes the output; called exactly once, after the last write.
  virtual Result<void> finish() = 0;
};

/// Reads from memory it does not own.
class MemorySource final : public SeekableSource {
 public:
  explicit MemorySource(ByteView bytes) : bytes_(bytes) {}
  Result<std::size_t> read(std::span<std::byte> into) override;
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  Result<void> seek(std::uint64_t offset) override;

 private:
  ByteView bytes_;
  std::size_t position_ = 0;
};

/// Collects into memory, up to a limit; over it, write() fails with `stream.too_large`.
class MemorySink final : public Sink {
 public:
  explicit MemorySink(std::uint64_t limit) : limit_(limit) {}
  Result<void> write(ByteView bytes) override;
  Result<void> finish() override { return {}; }
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  [[nodiscard]] Bytes take() { return std::move(bytes_); }

 private:
  std::uint64_t limit_;
  Bytes bytes_;
};

/// The size in which streams are moved: large enough for one cipher call, small enough for many at once.
constexpr std::size_t stream_chunk = std::size_t{64} * 1024;

/// Moves everything; does not finish the sink. Gives the number of bytes.
Result<std::uint64_t> copy(Source& from, Sink& to);

/// Reads everything into memory; `stream.too_large` (reject) over `limit` bytes.
Result<Bytes> read_all(Source& from, std::uint64_t limit);

}  // namespace kanal
