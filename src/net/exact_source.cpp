#include "net/exact_source.hpp"

#include <algorithm>
#include <array>
#include <exception>

namespace kanal::net {

Result<std::size_t> ExactSource::read(std::span<std::byte> into) {
  if (!remaining_) return pull(into);
  std::size_t count = 0;
  if (*remaining_ > 0) {
    auto got = pull(into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), *remaining_))));
    if (!got) return got;
    if (*got == 0) return bug("http.source", "A source ended before its promised length");
    count = *got;
    *remaining_ -= count;
  }
  if (*remaining_ == 0 && !confirmed_) {
    std::array<std::byte, 1> extra{};
    const auto more = pull(extra);
    if (!more) return more;
    if (*more > 0) return bug("http.source", "A source is longer than promised");
    confirmed_ = true;
  }
  return count;
}

Result<std::size_t> ExactSource::pull(std::span<std::byte> into) {
  if (!source_) return bug("http.source", "A stream was promised without a source");
  try {
    return source_->read(into);
  } catch (const std::exception& error) {
    return bug("http.source", error.what());
  } catch (...) {
    return bug("http.source", "unknown exception");
  }
}

}  // namespace kanal::net
