// The multipart body of a letter (dpi.md 2.1), streamed: `forretningsmelding`, then `dokumentpakke`.
#pragma once

#include <cstdint>
#include <string>

#include "base/stream.hpp"

namespace kanal::transports::dpi {

class LetterBody final : public Source {
 public:
  /// `package` outlives it and is read from its start.
  LetterBody(const std::string& document, SeekableSource& package);

  Result<std::size_t> read(std::span<std::byte> into) override;
  [[nodiscard]] std::uint64_t size() const { return head_.size() + package_.size() + tail_.size(); }
  /// With the boundary.
  [[nodiscard]] std::string content_type() const;

 private:
  enum class Part { head, package, tail, end };
  std::size_t take(const std::string& text, std::span<std::byte> into, Part next);

  std::string boundary_;
  std::string head_;
  std::string tail_;
  SeekableSource& package_;
  Part part_ = Part::head;
  std::size_t offset_ = 0;  ///< in the text that is being read
};

}  // namespace kanal::transports::dpi
