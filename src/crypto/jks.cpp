// JKS, big-endian (asic-cms.md 8.2):
//   keystore    = FEEDFEED version(u32, 1|2) count(u32) *entry digest
//   entry       = tag(u32) alias(utf) millis(u64) (key | certificate)          ; tag 1: key, tag 2: trusted certificate
//   key         = blob chain-length(u32) *certificate
//   certificate = [type(utf), version 2 only] blob
//   blob        = length(u32) bytes;  utf = length(u16) modified UTF-8
//   digest      = SHA-1(password "Mighty Aphrodite" everything before)         ; password as UTF-16BE
// The key's blob is a PKCS#8 EncryptedPrivateKeyInfo
//   { 1.3.6.1.4.1.42.2.17.1.1, OCTET STRING salt(20) cipher check(20) }:
//   stream block 1 = SHA-1(password salt), block n = SHA-1(password block n-1); plain = cipher XOR stream;
//   check = SHA-1(password plain); plain is PKCS#8 PrivateKeyInfo
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "crypto/digest.hpp"
#include "crypto/keystore_formats.hpp"
#include "crypto/openssl.hpp"

namespace kanal::crypto {
namespace {

using OwnedEncryptedKey = Owned<X509_SIG, X509_SIG_free>;

constexpr std::size_t sha1_size = 20;
constexpr std::string_view key_protector = "1.3.6.1.4.1.42.2.17.1.1";
constexpr std::string_view not_rsa = "key.not_rsa";
constexpr std::uint32_t max_entries = 1000;
constexpr std::uint32_t max_chain = 32;

/// Wiped when it goes: passwords and private keys in the clear.
struct WipedBytes {
  Bytes bytes{};
  WipedBytes() = default;
  WipedBytes(const WipedBytes&) = delete;
  WipedBytes& operator=(const WipedBytes&) = delete;
  ~WipedBytes() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

/// UTF-16BE of a UTF-8 text, as Java's characters are. Bytes that are no UTF-8 count as Latin-1.
void append_utf16(std::string_view text, Bytes& out) {
  out.reserve(text.size() * 2);
  const auto unit = [&](std::uint32_t value) {
    out.push_back(static_cast<std::byte>(value >> 8 & 0xFFU));
    out.push_back(static_cast<std::byte>(value & 0xFFU));
  };
  for (std::size_t i = 0; i < text.size();) {
    const auto at = [&](std::size_t k) -> std::uint32_t {
      return k < text.size() ? static_cast<unsigned char>(text[k]) : 0;
    };
    const std::uint32_t lead = at(i);
    const std::size_t length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    std::uint32_t value = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    bool good = lead < 0x80 || (length > 1 && lead < 0xF8);
    for (std::size_t k = 1; k < length; ++k) {
      good = good && (at(i + k) & 0xC0U) == 0x80;
      value = value << 6 | (at(i + k) & 0x3FU);
    }
    if (!good) value = lead;
    i += good ? length : 1;
    if (value >= 0x10000) {
      unit(0xD800 + ((value - 0x10000) >> 10));
      unit(0xDC00 + ((value - 0x10000) & 0x3FFU));
    } else {
      unit(value);
    }
  }
}

/// Takes fields off the front; after an overrun everything is empty and good() is false.
class Fields {
 public:
  explicit Fields(ByteView bytes) : left_(bytes) {}
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool at_end() const { return left_.empty(); }
  ByteView bytes(std::size_t count) {
    if (count > left_.size()) {
      good_ = false;
      left_ = {};
      return {};
    }
    const ByteView taken = left_.first(count);
    left_ = left_.subspan(count);
    return taken;
  }
  std::uint32_t number(std::size_t octets) {
    std::uint32_t value = 0;
    for (const std::byte b : bytes(octets)) value = value << 8 | static_cast<std::uint32_t>(b);
    return value;
  }
  ByteView blob() { return bytes(number(4)); }
  /// Modified UTF-8; for the aliases people use it is UTF-8.
  std::string text() { return std::string(text_of(bytes(number(2)))); }

 private:
  ByteView left_;
  bool good_ = true;
};

struct RawEntry {
  std::string alias;
  ByteView key;
  std::vector<ByteView> chain;
};

Result<std::vector<ByteView>> read_chain(Fields& fields, std::uint32_t version) {
  const std::uint32_t count = fields.number(4);
  if (count > max_chain) return damaged_keystore("a certificate chain is unreasonably long");
  std::vector<ByteView> chain;
  for (std::uint32_t i = 0; i < count && fields.good(); ++i) {
    if (version == 2) fields.text();
    chain.push_back(fields.blob());
  }
  return chain;
}

/// The key entries; nothing decrypted, trusted certificates left out.
Result<std::vector<RawEntry>> read_entries(ByteView content) {
  Fields fields(content);
  fields.number(4);
  const std::uint32_t version = fields.number(4);
  const std::uint32_t count = fields.number(4);
  if (version != 1 && version != 2) return reject("keystore.unsupported", "the JKS keystore has an unknown version");
  if (count > max_entries) return damaged_keystore("it claims an unreasonable number of entries");
  std::vector<RawEntry> entries;
  for (std::uint32_t i = 0; i < count && fields.good(); ++i) {
    const std::uint32_t tag = fields.number(4);
    RawEntry entry{fields.text(), {}, {}};
    fields.bytes(8);
    if (tag == 1) {
      entry.key = fields.blob();
      auto chain = read_chain(fields, version);
      if (!chain) return failed(chain);
      entry.chain = std::move(*chain);
      entries.push_back(std::move(entry));
    } else if (tag == 2) {
      if (version == 2) fields.text();
      fields.blob();
    } else {
      return damaged_keystore("an entry is of an unknown kind");
    }
  }
  if (!fields.good() || !fields.at_end()) return damaged_keystore("its length does not fit its content");
  return entries;
}

/// PKCS#8 of the key, or nothing with a wrong password.
bool decrypt_key(ByteView protected_key, ByteView password, WipedBytes& plain) {
  const ByteView cipher = protected_key.subspan(sha1_size, protected_key.size() - 2 * sha1_size);
  Bytes block = copy_of(protected_key.first(sha1_size));
  plain.bytes = copy_of(cipher);
  for (std::size_t at = 0; at < cipher.size(); at += sha1_size) {
    Hasher hasher(DigestAlgorithm::sha1);
    hasher.update(password);
    hasher.update(block);
    block = hasher.finish();
    const std::size_t count = std::min(sha1_size, cipher.size() - at);
    for (std::size_t i = 0; i < count; ++i) plain.bytes[at + i] ^= block[i];
  }
  Hasher check(DigestAlgorithm::sha1);
  check.update(password);
  check.update(plain.bytes);
  return equal(check.finish(), protected_key.last(sha1_size));
}

/// The octets under the key protector's algorithm.
std::optional<Bytes> protected_octets(ByteView blob) {
  const auto encrypted = from_der<X509_SIG, X509_SIG_free>(d2i_X509_SIG, blob);
  if (!encrypted) return std::nullopt;
  const X509_ALGOR* algorithm = nullptr;
  const ASN1_OCTET_STRING* octets = nullptr;
  X509_SIG_get0(encrypted.get(), &algorithm, &octets);
  std::array<char, 64> oid{};
  OBJ_obj2txt(oid.data(), static_cast<int>(oid.size()), algorithm->algorithm, 1);
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(octets));
  if (key_protector != oid.data() || size < 2 * sha1_size) return std::nullopt;
  return copy_of(view_of(ASN1_STRING_get0_data(octets), size));
}

Result<PrivateKey> read_key(const RawEntry& entry, ByteView password) {
  const auto octets = protected_octets(entry.key);
  if (!octets) return damaged_keystore("the key of '" + entry.alias + "' cannot be read");
  WipedBytes plain;
  if (!decrypt_key(*octets, password, plain)) {
    return reject("keystore.password", "the key '" + entry.alias + "' has another password than its keystore");
  }
  auto key = PrivateKey::from_pkcs8(plain.bytes);
  if (!key && key.error().code != not_rsa) return damaged_keystore("the key of '" + entry.alias + "' cannot be read");
  return key;
}

Result<KeystoreEntry> open_entry(const RawEntry& entry, ByteView password) {
  auto key = read_key(entry, password);
  if (!key) return failed(key);
  std::vector<Certificate> chain;
  for (const ByteView der : entry.chain) {
    auto certificate = Certificate::from_der(der);
    if (!certificate) return damaged_keystore("a certificate of '" + entry.alias + "' cannot be read");
    chain.push_back(std::move(*certificate));
  }
  if (chain.empty() || !key->matches(chain.front())) {
    return damaged_keystore("the certificate of '" + entry.alias + "' does not belong to its key");
  }
  const Certificate own = chain.front();
  chain.erase(chain.begin());
  return KeystoreEntry{entry.alias, Identity{std::move(*key), own, std::move(chain)}};
}

}  // namespace

Result<std::vector<KeystoreEntry>> read_jks(ByteView content, const Secret& password) {
  const QuietErrors quiet;
  if (content.size() < sha1_size + 12) return damaged_keystore("it was cut");
  const ByteView body = content.first(content.size() - sha1_size);
  // The structure first: with a wrong password it is intact, in a damaged file it mostly is not.
  auto raw_entries = read_entries(body);
  if (!raw_entries) return failed(raw_entries);
  WipedBytes password_bytes;
  append_utf16(password.reveal(), password_bytes.bytes);
  Hasher check(DigestAlgorithm::sha1);
  check.update(password_bytes.bytes);
  check.update(bytes_of("Mighty Aphrodite"));
  check.update(body);
  if (!equal(check.finish(), content.last(sha1_size))) {
    return reject("keystore.password", "the password of the keystore is wrong, or the file was changed");
  }
  std::vector<KeystoreEntry> entries;
  for (const RawEntry& raw : *raw_entries) {
    auto entry = open_entry(raw, password_bytes.bytes);
    if (!entry && entry.error().code == not_rsa) continue;
    if (!entry) return failed(entry);
    entries.push_back(std::move(*entry));
  }
  return entries;
}

}  // namespace kanal::crypto
