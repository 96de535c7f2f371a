// What is written (asic-cms.md 6.1), by OpenSSL's streaming BIO:
//   ContentInfo, indefinite lengths { EnvelopedData { version, one KeyTransRecipientInfo by issuer and serial number,
//   { data, aes256-CBC with a random IV, [0] { OCTET STRING segments } } } }
#include <openssl/rsa.h>

#include <algorithm>
#include <optional>

#include "crypto/cms.hpp"
#include "crypto/openssl.hpp"

namespace kanal::crypto {
namespace {

/// A BIO at the end of OpenSSL's chain that gathers its small writes and hands them to a Sink. Sink errors are kept
/// here, because a BIO can only say "failed".
class BioToSink {
 public:
  explicit BioToSink(Sink& to) : to_(to) { buffer_.reserve(2 * stream_chunk); }
  BioToSink(const BioToSink&) = delete;
  BioToSink& operator=(const BioToSink&) = delete;

  /// A new BIO that refers to this object.
  [[nodiscard]] BIO* make_bio() {
    BIO* bio = BIO_new(method());
    require(bio != nullptr, "BIO");
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    return bio;
  }
  Result<void> flush() {
    if (error_) return tl::unexpected<Error>(*error_);
    if (buffer_.empty()) return {};
    auto written = to_.write(buffer_);
    buffer_.clear();
    if (!written) error_ = written.error();
    return written;
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  using OwnedMethod = Owned<BIO_METHOD, BIO_meth_free>;

  static const BIO_METHOD* method() {
    static const OwnedMethod made = [] {
      OwnedMethod method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sink"));
      require(method && BIO_meth_set_write(method.get(), write) == 1 && BIO_meth_set_ctrl(method.get(), control) == 1,
              "BIO method");
      return method;
    }();
    return made.get();
  }

  static int write(BIO* bio, const char* data, int size) {
    auto& self = *static_cast<BioToSink*>(BIO_get_data(bio));
    if (self.error_ || size <= 0) return -1;
    const ByteView bytes = bytes_of({data, static_cast<std::size_t>(size)});
    self.buffer_.insert(self.buffer_.end(), bytes.begin(), bytes.end());
    return self.buffer_.size() < stream_chunk || self.flush() ? size : -1;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  Sink& to_;
  Bytes buffer_{};
  std::optional<Error> error_{};
};

/// Frees a chain link by link from the top, as OpenSSL's own streaming writer does.
struct FreeChain {
  void operator()(BIO* top) const {
    while (top != nullptr) {
      BIO* next = BIO_pop(top);
      BIO_free(top);
      top = next;
    }
  }
};

class CmsEncryptor final : public Sink {
 public:
  CmsEncryptor(OwnedCms cms, Sink& to) : end_(to), cms_(std::move(cms)) {
    OwnedBio bottom(end_.make_bio());
    chain_.reset(BIO_new_CMS(bottom.get(), cms_.get()));
    require(chain_ != nullptr, "CMS stream");
    // The chain owns it now.
    (void)bottom.release();
    gathered_.reserve(stream_chunk);
  }

  Result<void> write(ByteView bytes) override {
    const QuietErrors quiet;
    while (!bytes.empty()) {
      if (gathered_.empty() && bytes.size() >= stream_chunk) {
        if (auto sent = send(bytes.first(stream_chunk)); !sent) return sent;
        bytes = bytes.subspan(stream_chunk);
        continue;
      }
      const std::size_t piece = std::min(bytes.size(), stream_chunk - gathered_.size());
      gathered_.insert(gathered_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(piece));
      bytes = bytes.subspan(piece);
      if (gathered_.size() < stream_chunk) continue;
      if (auto sent = send(gathered_); !sent) return sent;
      gathered_.clear();
    }
    return {};
  }

  Result<void> finish() override {
    const QuietErrors quiet;
    if (!gathered_.empty()) {
      if (auto sent = send(gathered_); !sent) return sent;
      gathered_.clear();
    }
    if (BIO_flush(chain_.get()) <= 0) return failure();
    return end_.flush();
  }

 private:
  /// OpenSSL makes its segments of what one call gives it, so it is given large pieces.
  Result<void> send(ByteView piece) {
    const int size = static_cast<int>(piece.size());
    if (BIO_write(chain_.get(), piece.data(), size) != size) return failure();
    return {};
  }

  [[nodiscard]] tl::unexpected<Error> failure() const {
    if (end_.error()) return tl::unexpected<Error>(*end_.error());
    return bug("cms.encrypt", "OpenSSL could not encrypt the package");
  }

  BioToSink end_;
  OwnedCms cms_;
  std::unique_ptr<BIO, FreeChain> chain_{};
  Bytes gathered_{};
};

bool use_oaep_sha256(CMS_RecipientInfo* recipient) {
  EVP_PKEY_CTX* context = CMS_RecipientInfo_get0_pkey_ctx(recipient);
  return context != nullptr && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1;
}

}  // namespace

Result<std::unique_ptr<Sink>> make_cms_encryptor(const Certificate& recipient, KeyTransport transport, Sink& to) {
  const QuietErrors quiet;
  if (!recipient.is_rsa()) {
    return reject("cms.recipient", "the receiver's certificate (" + recipient.subject() +
                                       ") has no RSA key; packages can only be encrypted for RSA keys");
  }
  constexpr unsigned flags = CMS_STREAM | CMS_PARTIAL | CMS_BINARY;
  OwnedCms cms(CMS_encrypt(nullptr, nullptr, EVP_aes_256_cbc(), flags));
  require(cms != nullptr, "CMS");
  CMS_RecipientInfo* info = CMS_add1_recipient_cert(cms.get(), recipient.get(), CMS_KEY_PARAM);
  if (info == nullptr || (transport == KeyTransport::oaep_sha256 && !use_oaep_sha256(info))) {
    return reject("cms.recipient",
                  "the receiver's certificate (" + recipient.subject() + ") cannot be used to encrypt");
  }
  try {
    return std::make_unique<CmsEncryptor>(std::move(cms), to);
  } catch (const std::runtime_error&) {
    // The content key is encrypted here; an RSA key that is too short, or no real key, shows now.
    return reject("cms.recipient", "the receiver's key (" + recipient.subject() + ") cannot be used to encrypt");
  }
}

}  // namespace kanal::crypto
