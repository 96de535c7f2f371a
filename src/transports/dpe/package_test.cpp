#include "transports/dpe/package.hpp"

#include <gmock/gmock.h>
#include <boost/json/parse.hpp>

#include "crypto/cms.hpp"
#include "lookup/lookup_testing.hpp"
#include "transports/dpe/package_testing.hpp"

namespace kanal::transports::dpe::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* agency = "310700002";
constexpr const char* einnsyn = "991825827";

struct Keys {
  Time from{std::chrono::sys_days(std::chrono::year(2020) / 1 / 1)};
  Time until{std::chrono::sys_days(std::chrono::year(2049) / 1 / 1)};
  crypto::Identity ca = crypto::make_ca("Package CA", from, until);
  crypto::Identity sender = crypto::issue(ca, {"Sender", "Sender", agency, {}, from, until});
  crypto::Identity receiver = crypto::issue(ca, {"Receiver", "Receiver", einnsyn, {}, from, until});
  static const Keys& get() {
    static const Keys keys;
    return keys;
  }
};

class DpePackage : public ::testing::Test {
 protected:
  Sealing sealing(const crypto::Identity& signer = Keys::get().sender) const {
    return {signer, Keys::get().receiver.certificate, clock_.now()};
  }
  std::string body(const domain::Sbd& sbd = publication(agency, einnsyn)) {
    return body_of(sbd, blobs_, one_file(blobs_), sealing());
  }
  Result<ports::InboundDocument> read(const std::string& body) {
    return read_package(blobs_.put(body), {Keys::get().receiver}, rules_, clock_, log_, blobs_);
  }
  /// What is inside both layers of base64.
  static std::string cms_of(const std::string& body) {
    const auto text = boost::json::parse(body).at("asic").as_string();
    const auto once = from_base64(std::string_view(text));
    const auto twice = from_base64(text_of(*once));
    return std::string(text_of(*twice));
  }
  std::string with_asic(const std::string& text) {
    return "{\"sbd\":" + domain::write_sbd(publication(agency, einnsyn)) + ",\"asic\":\"" + text + "\"}";
  }
  void expect_damage(const std::string& body, const std::string& code) {
    const auto before = blobs_.count();
    const auto document = read(body);
    ASSERT_TRUE(document) << document.error().text();
    ASSERT_TRUE(document->damage);
    EXPECT_EQ(document->damage->code, code) << document->damage->text();
    EXPECT_FALSE(document->package);
    EXPECT_EQ(blobs_.count(), before + 1) << "nothing but the body itself";
  }
  void expect_refused(const std::string& body, const std::string& code) {
    const auto document = read(body);
    ASSERT_FALSE(document) << body;
    EXPECT_EQ(document.error().code, code) << document.error().text();
    EXPECT_EQ(document.error().disposition, Disposition::reject);
  }

  kanal::testing::ManualClock clock_;
  lookup::testing::CaptureLog log_;
  MemoryBlobs blobs_;
  PackageRules rules_ = [] {
    PackageRules rules;
    rules.limits.max_entries = 50;
    rules.limits.max_total_size = std::uint64_t{64} << 20U;
    return rules;
  }();
};

TEST_F(DpePackage, IsBase64OfBase64AndUsesTheOldKeyTransport) {
  const auto text = body();
  const auto value = boost::json::parse(text);
  EXPECT_EQ(value.as_object().size(), 2U);
  const auto& asic = value.at("asic").as_string();
  EXPECT_EQ(asic.find('\n'), boost::json::string::npos);
  const auto cms = cms_of(text);
  const std::string pkcs1("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9);
  const std::string oaep("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07", 9);
  EXPECT_NE(cms.find(pkcs1), std::string::npos);
  EXPECT_EQ(cms.find(oaep), std::string::npos);
}

TEST_F(DpePackage, ComesBackVerified) {
  const auto document = read(body());
  ASSERT_TRUE(document) << document.error().text();
  EXPECT_FALSE(document->damage) << document->damage->text();
  ASSERT_TRUE(document->package);
  auto container = blobs_.open(*document->package);
  const auto contents = formats::verify_asic(**container, rules_.limits);
  ASSERT_TRUE(contents);
  EXPECT_EQ(contents->signer.organisation()->str(), agency);
  EXPECT_EQ(document->sbd.body_text("orgnr"), agency);
}

TEST_F(DpePackage, AStatusHasNoPackage) {
  const auto text = body_of(status_of(einnsyn, agency, "LEVERT"), blobs_, {}, sealing());
  EXPECT_FALSE(boost::json::parse(text).as_object().contains("asic"));
  const auto document = read(text);
  ASSERT_TRUE(document);
  EXPECT_FALSE(document->package || document->damage);
  EXPECT_EQ(document->sbd.body_text("status"), "LEVERT");
  auto with_null = text;
  with_null.insert(with_null.size() - 1, " , \"asic\" : null ");
  EXPECT_TRUE(read(with_null)) << "others write null";
}

TEST_F(DpePackage, TakesEitherOrderWhiteSpaceAndTheNewKeyTransport) {
  MemorySink sealed(1 << 24);
  auto files = one_file(blobs_);
  ASSERT_TRUE(write_container(publication(agency, einnsyn), files, sealing(), crypto::KeyTransport::oaep_sha256, blobs_,
                              sealed));
  auto asic = to_base64(bytes_of(to_base64(sealed.bytes())));
  for (auto at = asic.find('/'); at != std::string::npos; at = asic.find('/', at + 2)) asic.insert(at, "\\");
  const auto sbd = publication(agency, einnsyn);
  const auto document =
      read(" {\n \"asic\" : \"" + asic +
           "\",\n  \"other\" : [ {\"a\":\"}\\\"\"}, 1.5e3 ],\n \"sbd\" : " + domain::write_sbd(sbd) + " \n}\n");
  ASSERT_TRUE(document) << document.error().text();
  EXPECT_TRUE(document->package) << document->damage->text();
}

TEST_F(DpePackage, OneLayerOfBase64IsReportedAsWhatItIs) {
  const auto once = to_base64(bytes_of(cms_of(body())));
  expect_damage(with_asic(once), "dpe.base64");
  expect_damage(with_asic("!"), "dpe.base64");
  expect_damage(with_asic(to_base64(bytes_of("abc*"))), "dpe.base64");
}

TEST_F(DpePackage, WhatIsInsideIsVerified) {
  const auto twice = [](std::string_view bytes) { return to_base64(bytes_of(to_base64(bytes_of(bytes)))); };
  expect_damage(with_asic(twice("no CMS at all")), "cms.not_cms");
  auto cms = cms_of(body());
  cms.resize(cms.size() - 20);
  expect_damage(with_asic(twice(cms)), "cms.truncated");
  const auto foreign = body_of(publication(agency, einnsyn), blobs_, one_file(blobs_), sealing(Keys::get().receiver));
  expect_damage(foreign, "dpe.signer");
}

TEST_F(DpePackage, WhatIsNoEnvelopeIsRefused) {
  expect_refused("", "dpe.envelope");
  expect_refused("[]", "dpe.envelope");
  expect_refused("{}", "dpe.no_sbd");
  expect_refused("{\"sbd\":{}}", "sbd.members");
  const auto whole = body();
  expect_refused(whole.substr(0, whole.size() / 2), "dpe.envelope");
  expect_refused(whole + "x", "dpe.envelope");
  expect_refused("{\"asic\":12,\"sbd\":{}}", "dpe.envelope");
  auto sbd = publication(agency, einnsyn);
  sbd.document.instance_identifier = "no-uuid";
  expect_refused("{\"sbd\":" + domain::write_sbd(sbd) + "}", "dpe.message_id");
}

TEST_F(DpePackage, TheSbdAloneIsReadWithoutThePackage) {
  const auto sbd = read_sbd_of(bytes_of(body()));
  ASSERT_TRUE(sbd);
  EXPECT_EQ(sbd->sender_value(), std::string("0192:") + agency);
  EXPECT_FALSE(read_sbd_of(bytes_of("{")));
}

}  // namespace
}  // namespace kanal::transports::dpe::testing
