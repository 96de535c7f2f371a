#include "transports/dpf/svarinn_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transports/dpf/svarinn_testing.hpp"

namespace kanal::transports::dpf::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

std::string code_of(std::string_view body) {
  const auto list = read_inn_list(body);
  return list ? "" : list.error().code;
}

TEST(InnList, EverythingThatIsTold) {
  const auto one = inn_forsendelse();
  EXPECT_EQ(one.id, inn_id);
  EXPECT_EQ(one.tittel, "Innsynskrav sak 2026/44");
  EXPECT_EQ(one.date, Time(std::chrono::milliseconds(1788250000000)));
  EXPECT_EQ(one.level, 4);
  EXPECT_EQ(one.receiver, "310701378");
  EXPECT_EQ(one.sender.orgnr, "974720760");
  EXPECT_EQ(one.sender.navn, "Prøvevik kommune");
  EXPECT_EQ(one.sender.adresse, "Torget 1, Inngang B");
  EXPECT_EQ(one.sender.postnummer, "6900");
  EXPECT_EQ(one.sender.poststed, "FLORØ");
  EXPECT_EQ(one.answers, "7c1de2b4-0f9b-4f86-9c5b-3a0e70f4e6a1");
  EXPECT_EQ(one.system, "Sak & arkiv");
  ASSERT_THAT(one.files, SizeIs(2));
  EXPECT_EQ(one.files[0].filnavn, "krav.pdf");
  EXPECT_EQ(one.files[0].dokumenttype, "Brev");
  EXPECT_EQ(one.files[1].mimetype, "image/png");
  EXPECT_EQ(one.files[1].sha256, to_hex(crypto::sha256(bytes_of(std::string_view(inn_map)))));
  EXPECT_EQ(one.saksaar, 2026);
  EXPECT_EQ(one.sakssekvensnummer, 44);
  EXPECT_EQ(one.journalaar, 2025);
  EXPECT_EQ(one.journalsekvensnummer, 910);
  EXPECT_EQ(one.journalpostnummer, 1) << "a number written as a text";
  EXPECT_EQ(one.journalposttype, "U");
  EXPECT_EQ(one.journaldato, Time(std::chrono::milliseconds(1788213600000)));
  EXPECT_EQ(one.saksbehandler, "Eva Nor");
  EXPECT_THAT(one.ekstra, ElementsAre(Pair("prioritet", "lav & fin")));
}

TEST(InnList, NullIsAsGoodAsAbsent) {
  auto entry = inn_entry();
  for (auto& member : entry) {
    if (member.key() != "id") member.value() = nullptr;
  }
  const auto one = inn_forsendelse(entry);
  EXPECT_EQ(one.id, inn_id);
  EXPECT_EQ(one.tittel, "");
  EXPECT_FALSE(one.date || one.level || one.journaldato);
  EXPECT_THAT(one.files, IsEmpty());
  EXPECT_EQ(one.saksaar, 0);
  EXPECT_EQ(one.sender.navn, "");
}

TEST(InnList, TheSenderStandsInForTheOneWhoGetsAnswers) {
  auto entry = inn_entry();
  entry["svarSendesTil"] = nullptr;
  const auto sender = inn_forsendelse(entry).sender;
  EXPECT_EQ(sender.orgnr, "") << "KS tells none of it";
  EXPECT_EQ(sender.navn, "KS");
  EXPECT_EQ(sender.adresse, "Haakon VIIs gate 9");
  EXPECT_EQ(sender.poststed, "OSLO");
}

TEST(InnList, DatesStayInTheErasThatXmlKnows) {
  auto entry = inn_entry();
  auto& noark = entry["metadataFraAvleverendeSystem"].as_object();
  noark["journaldato"] = -99'999'999'999'999;
  noark["dokumentetsDato"] = std::numeric_limits<std::int64_t>::max();
  const auto one = inn_forsendelse(entry);
  EXPECT_EQ(format_iso(one.journaldato.value()), "0001-01-01T00:00:00Z");
  EXPECT_TRUE(format_iso(one.dokumentets_dato.value()).starts_with("9999-12-31"));
  noark["dokumentetsDato"] = "2026-01-31T00:00:00+01:00";
  EXPECT_EQ(format_iso(inn_forsendelse(entry).dokumentets_dato.value()), "2026-01-30T23:00:00Z");
}

TEST(InnList, NumbersThatAreNoneCountAsAbsent) {
  auto entry = inn_entry();
  auto& noark = entry["metadataFraAvleverendeSystem"].as_object();
  noark["saksaar"] = "i fjor";
  noark["sakssekvensnummer"] = 44.0;
  noark["journalaar"] = 1e300;
  noark["journalpostnummer"] = true;
  const auto one = inn_forsendelse(entry);
  EXPECT_EQ(one.saksaar, 0);
  EXPECT_EQ(one.sakssekvensnummer, 44);
  EXPECT_EQ(one.journalaar, 0);
  EXPECT_EQ(one.journalpostnummer, 0);
}

TEST(InnList, WhatHasNoIdIsCountedAndTheRestIsRead) {
  auto nameless = inn_entry();
  nameless["id"] = "../kvitterMottak";
  auto list = read_inn_list(list_text({nameless, inn_entry(), inn_entry()}));
  ASSERT_TRUE(list);
  EXPECT_EQ(list->unnamed, 1U);
  EXPECT_THAT(list->forsendelser, SizeIs(1)) << "told twice, there once";
  list = read_inn_list(R"([7, null, "x", {}])");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->unnamed, 4U);
}

TEST(InnList, DigestsAndKeysThatAreNoneAreLeftOut) {
  auto entry = inn_entry();
  entry["filmetadata"].as_array()[0].as_object()["sha256hash"] = "9f2c…";
  entry["metadataFraAvleverendeSystem"].as_object()["ekstraMetadata"] =
      json::array{json::object{{"key", nullptr}, {"value", "x"}}, 4};
  const auto one = inn_forsendelse(entry);
  EXPECT_EQ(one.files[0].sha256, "");
  EXPECT_THAT(one.ekstra, IsEmpty());
}

TEST(InnList, AnythingButAListIsAskedForAgain) {
  const auto whole = list_text({inn_entry()});
  EXPECT_EQ(code_of(whole.substr(0, whole.size() / 2)), "dpf.answer");
  EXPECT_EQ(code_of(""), "dpf.answer");
  EXPECT_EQ(code_of("{}"), "dpf.answer");
  EXPECT_EQ(code_of("<html>"), "dpf.answer");
  EXPECT_EQ(code_of(std::string(100, '[')), "dpf.answer") << "too deep";
  EXPECT_EQ(code_of("[]"), "");
}

}  // namespace
}  // namespace kanal::transports::dpf::testing
