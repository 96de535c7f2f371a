// BER (X.690) taken apart as it arrives: bytes are pushed in pieces of any size, events come out. Nothing is kept but
// the open elements, so memory does not depend on the input. Definite and indefinite lengths; depth is limited and no
// element may reach past its parent. One object per stream, one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace kanal::crypto {

enum class BerClass : std::uint8_t { universal, application, context, private_use };

struct BerTag {
  BerClass tag_class = BerClass::universal;
  std::uint32_t number = 0;
  bool constructed = false;

  [[nodiscard]] bool is(BerClass c, std::uint32_t n) const { return tag_class == c && number == n; }
  /// A constructed SEQUENCE, SET or context-specific element.
  [[nodiscard]] bool is_sequence() const { return constructed && is(BerClass::universal, 16); }
  [[nodiscard]] bool is_set() const { return constructed && is(BerClass::universal, 17); }
  [[nodiscard]] bool is_context(std::uint32_t n) const { return is(BerClass::context, n); }
  [[nodiscard]] bool is_octets() const { return is(BerClass::universal, 4); }
  friend bool operator==(const BerTag&, const BerTag&) = default;
};

/// What the tokenizer tells. An error stops it and is passed on unchanged.
class BerHandler {
 public:
  virtual ~BerHandler() = default;
  virtual Result<void> open(const BerTag& tag) = 0;
  /// A piece of the content of the primitive element opened last.
  virtual Result<void> content(ByteView piece) = 0;
  virtual Result<void> close() = 0;
};

class BerTokenizer {
 public:
  static constexpr std::size_t max_depth = 32;

  explicit BerTokenizer(BerHandler& handler) : handler_(handler) {}
  /// Errors: `ber.malformed`, `ber.too_deep`, `ber.trailing` (bytes after the outermost element), the handler's own.
  Result<void> push(ByteView bytes);
  /// Has the outermost element ended?
  [[nodiscard]] bool complete() const { return complete_; }

 private:
  struct Frame {
    bool indefinite;
    bool primitive;
    std::uint64_t end;  ///< offset where it must have ended at the latest
  };
  struct Header {
    BerTag tag{};
    bool indefinite = false;
    std::uint64_t length = 0;
  };
  enum class Part : std::uint8_t { tag, long_tag, length, long_length };

  Result<void> take_header_byte(std::uint8_t byte);
  Result<void> take_tag(std::uint8_t byte);
  Result<void> take_length(std::uint8_t byte);
  Result<void> header_complete();
  Result<void> end_of_contents();
  /// Closes every element that ends here.
  Result<void> close_ended();
  Result<void> close_top();

  BerHandler& handler_;
  std::vector<Frame> open_{};
  std::uint64_t offset_ = 0;
  Header header_{};
  Part part_ = Part::tag;
  int length_bytes_ = 0;
  bool complete_ = false;
};

/// A small element with everything in it.
struct BerNode {
  BerTag tag{};
  Bytes content{};                  ///< of a primitive element
  std::vector<BerNode> children{};  ///< of a constructed one

  /// Re-encoded with definite lengths.
  [[nodiscard]] Bytes der() const;
  /// The content of a string type, whether in one piece or in segments.
  [[nodiscard]] Bytes octets() const;
};

/// Collects one element into a BerNode, up to `limit` bytes of memory: more is `ber.too_large`.
class BerCapture {
 public:
  explicit BerCapture(std::size_t limit) : left_(limit) {}
  Result<void> open(const BerTag& tag);
  Result<void> content(ByteView piece);
  /// True when the element is complete.
  bool close();
  [[nodiscard]] BerNode take() { return std::move(root_); }

 private:
  Result<void> charge(std::size_t bytes);

  std::size_t left_;
  BerNode root_{};
  std::vector<BerNode*> path_{};
};

}  // namespace kanal::crypto
