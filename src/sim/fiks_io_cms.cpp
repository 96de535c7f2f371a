// Of a ContentInfo up to its content, the object identifiers in their order say all there is to know, once those of the
// recipient's name are left out:
//
//   envelopedData  ( rsaesOaep sha256 mgf1 sha256 )  data  aes256-CBC
#include "sim/fiks_io_cms.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "crypto/ber.hpp"

namespace kanal::sim {
namespace {

struct KnownOid {
  std::string_view hex;
  std::string_view name;
};

constexpr std::array known_oids{KnownOid{"2a864886f70d010703", "envelopedData"},
                                KnownOid{"2a864886f70d010701", "data"},
                                KnownOid{"2a864886f70d010101", "rsaEncryption"},
                                KnownOid{"2a864886f70d010107", "rsaesOaep"},
                                KnownOid{"2a864886f70d010108", "mgf1"},
                                KnownOid{"2b0e03021a", "sha1"},
                                KnownOid{"608648016503040201", "sha256"},
                                KnownOid{"608648016503040202", "sha384"},
                                KnownOid{"608648016503040203", "sha512"},
                                KnownOid{"608648016503040102", "aes128-CBC"},
                                KnownOid{"60864801650304012a", "aes256-CBC"},
                                KnownOid{"60864801650304012e", "aes256-GCM"},
                                KnownOid{"608648016503040106", "aes128-GCM"},
                                KnownOid{"608648016503040116", "aes192-CBC"},
                                KnownOid{"2a864886f70d0109100117", "authEnvelopedData"}};

constexpr std::array<std::string_view, 7> wanted{"envelopedData", "rsaesOaep", "sha256",    "mgf1",
                                                 "sha256",        "data",      "aes256-CBC"};

/// Keeps the names of the identifiers that are known here; a distinguished name has others.
class Collector final : public crypto::BerHandler {
 public:
  Result<void> open(const crypto::BerTag& tag) override {
    reading_ = tag == crypto::BerTag{crypto::BerClass::universal, 6, false};
    oid_.clear();
    return {};
  }
  Result<void> content(ByteView piece) override {
    if (reading_) oid_ += to_hex(piece);
    return {};
  }
  Result<void> close() override {
    if (!reading_) return {};
    reading_ = false;
    const auto known = std::ranges::find(known_oids, std::string_view(oid_), &KnownOid::hex);
    if (known != known_oids.end() && names_.size() <= wanted.size()) names_.push_back(known->name);
    return {};
  }
  [[nodiscard]] const std::vector<std::string_view>& names() const { return names_; }

 private:
  bool reading_ = false;
  std::string oid_;
  std::vector<std::string_view> names_;
};

}  // namespace

Result<void> check_fiks_io_cms(ByteView beginning) {
  Collector collector;
  crypto::BerTokenizer tokenizer(collector);
  // What is wrong with its structure is for the decryptor to tell.
  if (auto pushed = tokenizer.push(beginning); !pushed && collector.names().empty()) {
    return reject("fiksio.cms", "this is no CMS: " + pushed.error().message);
  }
  if (std::ranges::equal(collector.names(), wanted)) return {};
  return reject("fiksio.cms",
                fmt::format("the CMS has {}, not {}", fmt::join(collector.names(), " "), fmt::join(wanted, " ")));
}

}  // namespace kanal::sim
