// Any bytes as a certificate, DER and PEM: what is read survives writing and reading again.
#include <cstdint>
#include <cstdlib>

#include "crypto/certificate.hpp"

using namespace kanal;

namespace {

void look_at(const Result<crypto::Certificate>& certificate) {
  if (!certificate) return;
  (void)certificate->subject();
  (void)certificate->issuer();
  (void)certificate->serial();
  (void)certificate->organisation();
  (void)certificate->is_rsa();
  (void)certificate->valid_at(Time{});
  const auto again = crypto::Certificate::from_pem(certificate->pem());
  if (!again || again->der() != certificate->der()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  look_at(crypto::Certificate::from_der(bytes));
  look_at(crypto::Certificate::from_pem(text_of(bytes)));
  return 0;
}
