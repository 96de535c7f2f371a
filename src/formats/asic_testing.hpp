// Documents to pack and somebody to sign them, for the tests of containers. Never included by product code.
#pragma once

#include <zlib.h>

#include <memory>
#include <string>

#include "base/testing.hpp"
#include "crypto/digest.hpp"
#include "crypto/issue.hpp"
#include "formats/asic.hpp"

namespace kanal::formats::testing {

inline const Time signing_time = kanal::testing::ManualClock().now();

inline const crypto::Identity& signer() {
  static const crypto::Identity identity = [] {
    const auto ca =
        crypto::make_ca("Test CA", signing_time - std::chrono::hours(1), signing_time + std::chrono::hours(1));
    crypto::CertificateRequest request;
    request.common_name = "Test";
    request.organisation_name = "Test";
    request.orgnr = "987654325";
    request.not_before = signing_time - std::chrono::hours(1);
    request.not_after = signing_time + std::chrono::hours(1);
    return crypto::issue(ca, request);
  }();
  return identity;
}

class TextSource final : public Source {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)), inner_(bytes_of(text_)) {}
  Result<std::size_t> read(std::span<std::byte> into) override { return inner_.read(into); }

 private:
  std::string text_;
  MemorySource inner_;
};

inline AsicDocument document(const std::string& name, const std::string& mimetype, const std::string& content) {
  return {name,
          mimetype,
          content.size(),
          static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size())),
          crypto::sha256(bytes_of(content)),
          [content]() -> Result<std::unique_ptr<Source>> { return std::make_unique<TextSource>(content); }};
}

}  // namespace kanal::formats::testing
