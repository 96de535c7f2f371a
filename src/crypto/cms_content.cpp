// contentEncryptionAlgorithm ::= SEQUENCE { OID, parameters }                       (asic-cms.md 6.1, stack.md finding
// 2)
//   AES-CBC: OCTET STRING, 16-byte IV; the content ends with PKCS#7 padding
//   AES-GCM: SEQUENCE { nonce OCTET STRING, icvLen INTEGER DEFAULT 12 }; the tag is the end of the content
//            (EnvelopedData) or follows as `mac` (AuthEnvelopedData)
#include "crypto/cms_content.hpp"

#include <algorithm>
#include <array>

namespace kanal::crypto {
namespace {

constexpr std::size_t block_size = 16;
/// Smaller pieces are gathered, because a cipher call costs as much as some hundred bytes; and OpenSSL is only given
/// whole blocks, because it is slow with others.
constexpr std::size_t direct_size = 2048;
constexpr std::size_t gather_size = std::size_t{16} * 1024;
constexpr std::size_t min_tag = 12;
constexpr std::size_t max_tag = 16;

tl::unexpected<Error> malformed(const char* what) {
  return reject("cms.malformed", std::string("the encrypted package is damaged: ") + what);
}

struct KnownCipher {
  int nid;
  const EVP_CIPHER* (*cipher)();
  bool gcm;
};

constexpr std::array known_ciphers = {
    KnownCipher{NID_aes_128_cbc, EVP_aes_128_cbc, false}, KnownCipher{NID_aes_192_cbc, EVP_aes_192_cbc, false},
    KnownCipher{NID_aes_256_cbc, EVP_aes_256_cbc, false}, KnownCipher{NID_aes_128_gcm, EVP_aes_128_gcm, true},
    KnownCipher{NID_aes_192_gcm, EVP_aes_192_gcm, true},  KnownCipher{NID_aes_256_gcm, EVP_aes_256_gcm, true},
};

int nid_of(const BerNode& oid) {
  const Bytes der = oid.der();
  const auto object = from_der<ASN1_OBJECT, ASN1_OBJECT_free>(d2i_ASN1_OBJECT, der);
  return object ? OBJ_obj2nid(object.get()) : NID_undef;
}

Result<void> read_gcm_parameters(const BerNode& parameters, ContentAlgorithm& algorithm) {
  const auto& fields = parameters.children;
  if (!parameters.tag.is_sequence() || fields.empty() || fields.size() > 2 || !fields[0].tag.is_octets()) {
    return malformed("the parameters of AES-GCM cannot be read");
  }
  algorithm.iv = fields[0].octets();
  if (algorithm.iv.empty() || algorithm.iv.size() > max_tag)
    return malformed("the nonce of AES-GCM has a wrong length");
  algorithm.tag_size = min_tag;
  if (fields.size() == 2) {
    const bool integer = fields[1].tag == BerTag{BerClass::universal, 2, false} && fields[1].content.size() == 1;
    algorithm.tag_size = integer ? static_cast<std::size_t>(fields[1].content[0]) : 0;
  }
  if (algorithm.tag_size < min_tag || algorithm.tag_size > max_tag) {
    return malformed("the tag of AES-GCM has a wrong length");
  }
  return {};
}

}  // namespace

Result<ContentAlgorithm> read_content_algorithm(const BerNode& identifier) {
  const QuietErrors quiet;
  if (!identifier.tag.is_sequence() || identifier.children.size() != 2) {
    return malformed("the content's algorithm cannot be read");
  }
  const auto known = std::ranges::find(known_ciphers, nid_of(identifier.children[0]), &KnownCipher::nid);
  if (known == known_ciphers.end()) {
    return reject("cms.algorithm",
                  "the package is encrypted with an unknown algorithm; AES-CBC or AES-GCM is expected");
  }
  ContentAlgorithm algorithm{known->cipher(), known->gcm, {}, 0};
  const BerNode& parameters = identifier.children[1];
  if (algorithm.gcm) {
    if (auto read = read_gcm_parameters(parameters, algorithm); !read) return failed(read);
    return algorithm;
  }
  algorithm.iv = parameters.octets();
  if (!parameters.tag.is_octets() || algorithm.iv.size() != block_size) return malformed("the IV has a wrong length");
  return algorithm;
}

ContentDecryptor::ContentDecryptor(const ContentAlgorithm& algorithm, ByteView key, bool tag_follows, Sink& to)
    : context_(EVP_CIPHER_CTX_new()),
      gcm_(algorithm.gcm),
      tag_size_(algorithm.tag_size),
      held_back_(algorithm.gcm && tag_follows ? algorithm.tag_size : 0),
      kept_(algorithm.gcm ? 0 : block_size),
      to_(to) {
  const QuietErrors quiet;
  auto* context = context_.get();
  require(context && EVP_DecryptInit_ex2(context, algorithm.cipher, nullptr, nullptr, nullptr) == 1, "cipher init");
  require(!gcm_ || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(algorithm.iv.size()),
                                       nullptr) == 1,
          "nonce length");
  require(EVP_DecryptInit_ex2(context, nullptr, input(key), input(algorithm.iv), nullptr) == 1, "cipher key");
  // Padding is checked here: OpenSSL would decrypt the last block of every piece by itself.
  EVP_CIPHER_CTX_set_padding(context, 0);
  gathered_.reserve(gather_size);
  plain_.resize(stream_chunk + gather_size + 2 * block_size);
}

Result<void> ContentDecryptor::write(ByteView ciphertext) {
  const auto gather = [&](std::size_t count) {
    gathered_.insert(gathered_.end(), ciphertext.begin(), ciphertext.begin() + static_cast<std::ptrdiff_t>(count));
    ciphertext = ciphertext.subspan(count);
  };
  while (!ciphertext.empty()) {
    if (ciphertext.size() < direct_size) {
      gather(std::min(ciphertext.size(), gather_size - gathered_.size()));
      if (gathered_.size() < gather_size) continue;
      if (auto done = drain(); !done) return done;
      continue;
    }
    // So much follows that nothing gathered can be the tag.
    gather((block_size - gathered_.size() % block_size) % block_size);
    if (auto done = decrypt(gathered_); !done) return done;
    gathered_.clear();
    const std::size_t piece = std::min((ciphertext.size() - held_back_) / block_size * block_size, stream_chunk);
    if (auto done = decrypt(ciphertext.first(piece)); !done) return done;
    ciphertext = ciphertext.subspan(piece);
  }
  return {};
}

Result<void> ContentDecryptor::drain() {
  const std::size_t ready = (gathered_.size() - held_back_) / block_size * block_size;
  if (auto done = decrypt(ByteView(gathered_).first(ready)); !done) return done;
  gathered_.erase(gathered_.begin(), gathered_.begin() + static_cast<std::ptrdiff_t>(ready));
  return {};
}

Result<void> ContentDecryptor::decrypt(ByteView ciphertext) {
  if (ciphertext.empty()) return {};
  if (plain_size_ + ciphertext.size() + block_size > plain_.size()) {
    if (auto flushed = flush(kept_); !flushed) return flushed;
  }
  int count = 0;
  if (EVP_DecryptUpdate(context_.get(), output(std::span(plain_).subspan(plain_size_)), &count, input(ciphertext),
                        static_cast<int>(ciphertext.size())) != 1) {
    return malformed("its content cannot be decrypted");
  }
  plain_size_ += static_cast<std::size_t>(count);
  return {};
}

Result<void> ContentDecryptor::flush(std::size_t kept) {
  if (plain_size_ <= kept) return {};
  const std::size_t ready = plain_size_ - kept;
  if (auto written = to_.write(ByteView(plain_).first(ready)); !written) return written;
  std::copy_n(plain_.begin() + static_cast<std::ptrdiff_t>(ready), kept, plain_.begin());
  plain_size_ = kept;
  return {};
}

Result<void> ContentDecryptor::finish(ByteView mac) {
  const QuietErrors quiet;
  const std::size_t rest = gathered_.size() - std::min(gathered_.size(), held_back_);
  if (auto done = decrypt(ByteView(gathered_).first(rest)); !done) return done;
  auto verified = gcm_ ? finish_gcm(mac) : finish_cbc();
  if (!verified) return verified;
  return flush(0);
}

Result<void> ContentDecryptor::finish_cbc() {
  std::array<unsigned char, block_size> none{};
  int count = 0;
  bool good = EVP_DecryptFinal_ex(context_.get(), none.data(), &count) == 1 && plain_size_ >= block_size;
  if (good) {
    const auto padding = static_cast<std::size_t>(plain_[plain_size_ - 1]);
    good = padding >= 1 && padding <= block_size;
    for (std::size_t i = 1; good && i <= padding; ++i)
      good = plain_[plain_size_ - i] == static_cast<std::byte>(padding);
    if (good) plain_size_ -= padding;
  }
  if (good) return {};
  return reject("cms.padding",
                "the end of the encrypted package is wrong: it is damaged or was cut, or its key is not the one it was "
                "encrypted with");
}

Result<void> ContentDecryptor::finish_gcm(ByteView mac) {
  Bytes tag = held_back_ == 0 ? copy_of(mac) : Bytes();
  if (held_back_ != 0 && gathered_.size() >= held_back_)
    tag.assign(gathered_.end() - static_cast<std::ptrdiff_t>(held_back_), gathered_.end());
  std::array<unsigned char, block_size> none{};
  int count = 0;
  if (tag.size() != tag_size_ ||
      EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()), tag.data()) != 1 ||
      EVP_DecryptFinal_ex(context_.get(), none.data(), &count) != 1) {
    return reject("cms.tag",
                  "the encrypted package was changed on its way, or is damaged: its authentication tag is "
                  "wrong");
  }
  return {};
}

}  // namespace kanal::crypto
