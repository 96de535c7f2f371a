// Changes to a valid signature, and any bytes: what is taken apart holds what the whole holds.
#include <cstdint>
#include <cstdlib>

#include "base/fuzz_testing.hpp"
#include "crypto/cades.hpp"
#include "crypto/issue.hpp"
#include "crypto/openssl.hpp"
#include "crypto/signed_data.hpp"

using namespace kanal;

namespace {

crypto::OwnedCms read(ByteView der) {
  const crypto::QuietErrors quiet;
  return crypto::from_der<CMS_ContentInfo, CMS_ContentInfo_free>(d2i_CMS_ContentInfo, der);
}

void compare(ByteView signature) {
  const auto parts = crypto::take_certificates(signature, nullptr);
  if (!parts) return;
  const auto whole = read(signature);
  const auto rest = read(parts->rest);
  if ((whole == nullptr) != (rest == nullptr)) std::abort();
  if (!whole || OBJ_obj2nid(CMS_get0_type(whole.get())) != NID_pkcs7_signed) return;
  const crypto::OwnedX509Stack certificates(CMS_get1_certs(whole.get()));
  if (static_cast<std::size_t>(sk_X509_num(certificates.get())) != parts->certificates.size()) std::abort();
  for (std::size_t i = 0; i < parts->certificates.size(); ++i) {
    const auto* const same = sk_X509_value(certificates.get(), static_cast<int>(i));
    if (X509_cmp(same, parts->certificates[i].get()) != 0) std::abort();
  }
  if (sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(whole.get())) !=
      sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(rest.get()))) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ByteView content = bytes_of("<ASiCManifest/>");
  static const auto ca = crypto::make_ca("fuzz", Time{}, Time{} + std::chrono::hours(24));
  static const auto signer =
      crypto::issue(ca, {"fuzz", "Fuzz", "910000001", {}, Time{}, Time{} + std::chrono::hours(24)});
  static const Bytes valid = crypto::sign_detached(signer, content, Time{}).value();
  if (size < 1) return 0;
  // Half of the inputs are changes to a valid one.
  const ByteView rest{reinterpret_cast<const std::byte*>(data + 1), size - 1};
  const Bytes signature = data[0] % 2 == 1 ? fuzz::changed(valid, rest) : copy_of(rest);
  compare(signature);
  crypto::CertificateCache known;
  const auto alone = crypto::verify_detached(signature, content);
  const auto cached = crypto::verify_detached(signature, content, &known);
  if (alone.has_value() != cached.has_value() || (!alone && alone.error().code != cached.error().code)) std::abort();
  return 0;
}
