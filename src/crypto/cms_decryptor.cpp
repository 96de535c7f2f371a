// ContentInfo ::= SEQUENCE { contentType OID, [0] EXPLICIT content }                               (RFC 5652, RFC 5083)
// content = EnvelopedData ::= SEQUENCE { version, [0] originatorInfo OPTIONAL, recipientInfos SET,
//             EncryptedContentInfo, [1] unprotectedAttrs OPTIONAL }
//         | AuthEnvelopedData ::= SEQUENCE { version, [0] originatorInfo OPTIONAL, recipientInfos SET,
//             EncryptedContentInfo, [1] authAttrs OPTIONAL, mac OCTET STRING, [2] unauthAttrs OPTIONAL }
// EncryptedContentInfo ::= SEQUENCE { contentType OID, algorithm, [0] IMPLICIT OCTET STRING }
//
// Five elements are walked through; the others are small and are collected whole before they are looked at, except the
// content, which goes straight to the cipher. authAttrs are refused: they stand behind the content, but AES-GCM
// must be told them before it.
#include <openssl/objects.h>

#include <optional>
#include <utility>

#include "crypto/ber.hpp"
#include "crypto/cms.hpp"
#include "crypto/cms_content.hpp"
#include "crypto/cms_recipient.hpp"

namespace kanal::crypto {
namespace {

constexpr std::size_t max_small_element = std::size_t{16} * 1024;
/// Some hundred recipients.
constexpr std::size_t max_recipients = std::size_t{1024} * 1024;

tl::unexpected<Error> malformed(const std::string& what) {
  return reject("cms.malformed", "the encrypted package is damaged: " + what);
}

tl::unexpected<Error> not_cms(const char* what) {
  return reject("cms.not_cms", std::string("this is no encrypted package (CMS EnvelopedData): ") + what);
}

class CmsDecryptor final : public Sink, private BerHandler {
 public:
  CmsDecryptor(std::vector<Identity> keys, Sink& to) : keys_(std::move(keys)), to_(to), tokenizer_(*this) {}

  Result<void> write(ByteView bytes) override {
    if (failure_) return tl::unexpected<Error>(*failure_);
    const QuietErrors quiet;
    if (auto pushed = tokenizer_.push(bytes); !pushed) {
      failure_ = as_cms(pushed.error());
      return tl::unexpected<Error>(*failure_);
    }
    return {};
  }

  Result<void> finish() override {
    if (failure_) return tl::unexpected<Error>(*failure_);
    if (tokenizer_.complete()) return {};
    return reject("cms.truncated", "the encrypted package ends too early: the transfer was cut");
  }

 private:
  /// What comes next, in the order of the grammar.
  enum class Step {
    content_info,
    content_type,
    wrapper,
    enveloped_data,
    version,
    recipients,
    encrypted_content_info,
    inner_type,
    algorithm,
    content,
    content_end,
    after_content,
    after_mac,
    end,
  };

  Result<void> open(const BerTag& tag) override;
  Result<void> content(ByteView piece) override;
  Result<void> close() override;

  Result<void> open_structure(const BerTag& tag);
  Result<void> open_content(const BerTag& tag);
  Result<void> open_trailer(const BerTag& tag);
  Result<void> close_content();
  Result<void> start_capture(const BerTag& tag, std::size_t limit = max_small_element);
  Result<void> captured(const BerNode& node);
  Result<void> content_type_is(const BerNode& oid);
  Result<void> start_content(const BerNode& algorithm_identifier);
  Result<void> walk_into(bool expected, const char* what, Step next);
  [[nodiscard]] Error as_cms(Error error) const;

  std::vector<Identity> keys_;
  Sink& to_;
  BerTokenizer tokenizer_;
  Step step_ = Step::content_info;
  bool authenticated_ = false;
  std::optional<BerCapture> capture_{};
  BerNode recipients_{};
  std::optional<ContentDecryptor> content_{};
  int content_depth_ = 0;  ///< open elements from the [0] of the content inwards
  std::optional<Error> failure_{};
};

/// The tokenizer does not know what it reads.
Error CmsDecryptor::as_cms(Error error) const {
  if (!error.code.starts_with("ber.")) return error;
  if (error.code == "ber.trailing") {
    return reject("cms.trailing", "there are bytes after the end of the encrypted package").value();
  }
  if (step_ <= Step::wrapper) return not_cms(error.message.c_str()).value();
  return malformed(error.message).value();
}

Result<void> CmsDecryptor::open(const BerTag& tag) {
  if (capture_) return capture_->open(tag);
  if (step_ == Step::content) return open_content(tag);
  if (step_ >= Step::after_content) return open_trailer(tag);
  return open_structure(tag);
}

Result<void> CmsDecryptor::walk_into(bool expected, const char* what, Step next) {
  if (!expected) return step_ <= Step::wrapper ? Result<void>(not_cms(what)) : Result<void>(malformed(what));
  step_ = next;
  return {};
}

Result<void> CmsDecryptor::open_structure(const BerTag& tag) {
  switch (step_) {
    case Step::content_info:
      return walk_into(tag.is_sequence(), "it does not begin with a sequence", Step::content_type);
    case Step::wrapper:
      return walk_into(tag.constructed && tag.is_context(0), "it has no content", Step::enveloped_data);
    case Step::enveloped_data:
      return walk_into(tag.is_sequence(), "EnvelopedData is missing", Step::version);
    case Step::recipients:
      if (tag.constructed && tag.is_context(0)) return start_capture(tag, max_recipients);
      if (!tag.is_set()) return malformed("recipients are missing");
      return start_capture(tag, max_recipients);
    case Step::encrypted_content_info:
      return walk_into(tag.is_sequence(), "EncryptedContentInfo is missing", Step::inner_type);
    case Step::content_type:
    case Step::version:
    case Step::inner_type:
    case Step::algorithm:
      return start_capture(tag);
    default:
      return malformed("there is an element too many");
  }
}

Result<void> CmsDecryptor::open_content(const BerTag& tag) {
  const bool expected = content_depth_ == 0 ? tag.is_context(0) : tag.is_octets();
  if (!expected) return malformed("its content is no octet string");
  ++content_depth_;
  return {};
}

/// What may stand behind EncryptedContentInfo.
Result<void> CmsDecryptor::open_trailer(const BerTag& tag) {
  if (step_ == Step::after_content && authenticated_) {
    if (tag.is_context(1)) {
      return reject("cms.algorithm", "the package has authenticated attributes, which cannot be verified in a stream");
    }
    if (!tag.is_octets()) return malformed("its authentication tag is missing");
    return start_capture(tag);
  }
  const bool attributes =
      step_ == Step::after_content ? tag.is_context(1) : step_ == Step::after_mac && tag.is_context(2);
  if (!attributes || !tag.constructed) return malformed("there is an element too many");
  return start_capture(tag, max_recipients);
}

Result<void> CmsDecryptor::start_capture(const BerTag& tag, std::size_t limit) {
  capture_.emplace(limit);
  return capture_->open(tag);
}

Result<void> CmsDecryptor::content(ByteView piece) {
  return capture_ ? capture_->content(piece) : content_->write(piece);
}

Result<void> CmsDecryptor::close() {
  if (capture_) {
    if (!capture_->close()) return {};
    const BerNode node = capture_->take();
    capture_.reset();
    return captured(node);
  }
  if (step_ == Step::content && content_depth_ > 0) return --content_depth_ == 0 ? close_content() : Result<void>();
  if (step_ == Step::content_end) {
    step_ = Step::after_content;
    return {};
  }
  // What closes now is EnvelopedData, the wrapper or ContentInfo; each must be complete.
  if (step_ == Step::after_mac || step_ == Step::end || (step_ == Step::after_content && !authenticated_)) {
    step_ = Step::end;
    return {};
  }
  if (step_ <= Step::wrapper) return not_cms("it ends too early");
  return malformed("an element is missing");
}

Result<void> CmsDecryptor::close_content() {
  step_ = Step::content_end;
  return authenticated_ ? Result<void>() : content_->finish({});
}

Result<void> CmsDecryptor::captured(const BerNode& node) {
  switch (step_) {
    case Step::content_type:
      return content_type_is(node);
    case Step::version:
      step_ = Step::recipients;
      return {};
    case Step::recipients:
      if (!node.tag.is_set()) return {};
      recipients_ = node;
      step_ = Step::encrypted_content_info;
      return {};
    case Step::inner_type:
      step_ = Step::algorithm;
      return {};
    case Step::algorithm:
      return start_content(node);
    case Step::after_content:
      if (!authenticated_) {
        step_ = Step::end;
        return {};
      }
      step_ = Step::after_mac;
      return content_->finish(node.octets());
    case Step::after_mac:
      step_ = Step::end;
      return {};
    default:
      return malformed("there is an element too many");
  }
}

Result<void> CmsDecryptor::content_type_is(const BerNode& oid) {
  const auto object = from_der<ASN1_OBJECT, ASN1_OBJECT_free>(d2i_ASN1_OBJECT, oid.der());
  const int nid = object ? OBJ_obj2nid(object.get()) : NID_undef;
  authenticated_ = nid == NID_id_smime_ct_authEnvelopedData;
  if (!authenticated_ && nid != NID_pkcs7_enveloped) return not_cms("it is another kind of message");
  step_ = Step::wrapper;
  return {};
}

Result<void> CmsDecryptor::start_content(const BerNode& algorithm_identifier) {
  auto algorithm = read_content_algorithm(algorithm_identifier);
  if (!algorithm) return failed(algorithm);
  if (authenticated_ && !algorithm->gcm) {
    return reject("cms.algorithm", "the package claims to be authenticated, but its cipher cannot do that");
  }
  auto key = unwrap_content_key(recipients_, keys_, algorithm->key_size());
  if (!key) return failed(key);
  content_.emplace(*algorithm, *key, !authenticated_, to_);
  OPENSSL_cleanse(key->data(), key->size());
  recipients_ = {};
  step_ = Step::content;
  return {};
}

}  // namespace

std::unique_ptr<Sink> make_cms_decryptor(std::vector<Identity> keys, Sink& to) {
  return std::make_unique<CmsDecryptor>(std::move(keys), to);
}

}  // namespace kanal::crypto
