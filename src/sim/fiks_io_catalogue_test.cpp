#include <gmock/gmock.h>

#include "sim/fiks_io_testing.hpp"

namespace kanal::sim::testing {
namespace {

using ::testing::StartsWith;

class FiksIoCatalogueTest : public FiksIoBench {
 protected:
  static std::string of(const std::string& konto, const std::string& path = {}) {
    return "/fiks-io/katalog/api/v1/kontoer/" + konto + path;
  }
};

TEST_F(FiksIoCatalogueTest, AnAccountIsDescribed) {
  const auto answer = get_as(integration_, of(receiver_));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto body = object_of(answer);
  EXPECT_EQ(text(body, "kontoId"), receiver_);
  EXPECT_EQ(text(body, "kontoNavn"), "Bergvik kommune");
  EXPECT_EQ(text(body, "organisasjonsnummer"), municipality);
  EXPECT_EQ(text(body, "kommunenummer"), "4601");
  EXPECT_TRUE(is_uuid(text(body, "fiksOrgId")));
  EXPECT_EQ(text(body, "fiksOrgNavn"), "Bergvik kommune");
  EXPECT_EQ(body.at("status").at("gyldigMottaker"), true);
  EXPECT_EQ(get_as(other_, of(receiver_)).status, 200) << "everybody may look";
  EXPECT_THAT(problem_of(get_as(integration_, of(new_uuid()))), StartsWith("404 "));
  EXPECT_THAT(problem_of(get_as(integration_, of("x"))), StartsWith("400 "));
  EXPECT_THAT(problem_of(get(at(of(receiver_)))), StartsWith("401 "));
  EXPECT_EQ(audited("konto", receiver_), 2U);
}

TEST_F(FiksIoCatalogueTest, TheStatusCountsWhatTheBrokerHas) {
  const auto status = [&] {
    const auto body = object_of(get_as(integration_, of(receiver_, "/status")));
    return std::pair(body.at("antallKonsumenter").to_number<int>(),
                     body.at("antallUavhentedeMeldinger").to_number<int>());
  };
  EXPECT_EQ(status(), std::pair(0, 0));
  sent();
  sent();
  EXPECT_TRUE(eventually([&] { return status() == std::pair(0, 2); }));
  {
    const auto first = consumer(other_, receiver_);
    const auto second = consumer(other_, receiver_);
    ASSERT_TRUE(first && second);
    EXPECT_TRUE(eventually([&] { return status() == std::pair(2, 0); }));
  }
  EXPECT_TRUE(eventually([&] { return status() == std::pair(0, 2); })) << "what is not acknowledged is there again";
  EXPECT_THAT(problem_of(get_as(integration_, of(new_uuid(), "/status"))), StartsWith("404 "));
  EXPECT_THAT(problem_of(get(at(of(receiver_, "/status")))), StartsWith("401 "));
}

TEST_F(FiksIoCatalogueTest, ThePublicKeyIsForEverybody) {
  const auto answer = get(at(of(receiver_, "/offentligNokkel")));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto body = object_of(answer);
  const auto certificate = crypto::Certificate::from_pem(text(body, "nokkel"));
  ASSERT_TRUE(certificate);
  EXPECT_TRUE(certificate->same_as(Keys::get().municipality_identity.certificate));
  EXPECT_EQ(body.at("valid"), true);
  EXPECT_EQ(text(body, "serial"), certificate->serial());
  EXPECT_EQ(text(body, "subjectDN"), certificate->subject());
  EXPECT_EQ(text(body, "issuerDN"), certificate->issuer());
  EXPECT_EQ(parse_iso(text(body, "validTo"))->utc, certificate->not_after());
  EXPECT_EQ(parse_iso(text(body, "validFrom"))->utc, certificate->not_before());
  EXPECT_FALSE(body.contains("statusMessage"));
  EXPECT_EQ(get(at(of(counterpart_, "/offentligNokkel"))).status, 200) << "a counterpart's is that of its identity";

  const auto keyless = new_uuid();
  ASSERT_TRUE(fiks().add_account({.konto_id = keyless, .navn = "Uten nøkkel", .orgnr = agency}));
  EXPECT_EQ(problem_of(get(at(of(keyless, "/offentligNokkel")))), "404 Kontoen har ingen nøkkel");
  EXPECT_THAT(problem_of(get(at(of(new_uuid(), "/offentligNokkel")))), StartsWith("404 Fant ikke konto"));
}

}  // namespace
}  // namespace kanal::sim::testing
