#include "transports/dpe/sas_token.hpp"

#include <gtest/gtest.h>

namespace kanal::transports::dpe {
namespace {

TEST(SasToken, IsTheSignatureOfResourceAndExpiry) {
  // echo -ne 'https%3A%2F%2Fefm.example%2Fnextbestqueue910077473innsyn\n1788213600' |
  //   openssl dgst -sha256 -hmac 'a2V5' -binary | base64
  const auto expiry = Time(std::chrono::seconds(1'788'213'600)) + std::chrono::milliseconds(999);
  EXPECT_EQ(
      sas_token("https://efm.example/nextbestqueue910077473innsyn", "MoveDPE-pilotPolicy", Secret("a2V5"), expiry),
      "SharedAccessSignature "
      "sr=https%3A%2F%2Fefm.example%2Fnextbestqueue910077473innsyn&sig=wVrCiIGwzYJVpfAOoivjRp%2F3O6m%2F4yNm%2Fw3tisuL%"
      "2FlU%3D&se=1788213600&"
      "skn=MoveDPE-pilotPolicy");
}

TEST(SasToken, LivesBeyond2038) {
  const auto far = Time(std::chrono::seconds(5'000'000'001));
  EXPECT_NE(sas_token("https://x", "p", Secret("k"), far).find("&se=5000000001&"), std::string::npos);
}

}  // namespace
}  // namespace kanal::transports::dpe
