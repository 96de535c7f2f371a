#include "domain/message_type.hpp"

#include <set>

#include <gtest/gtest.h>

namespace kanal::domain {
namespace {

TEST(MessageType, CatalogueIsThatOfTheSpecification) {
  std::vector<std::string_view> names;
  for (const auto& type : message_types()) names.push_back(type.name);
  const std::vector<std::string_view> expected{"arkivmelding",
                                               "arkivmelding_kvittering",
                                               "avtalt",
                                               "digital",
                                               "digital_dpv",
                                               "print",
                                               "innsynskrav",
                                               "publisering",
                                               "einnsyn_kvittering",
                                               "status",
                                               "fiksio",
                                               "dialogmelding",
                                               "dialogmelding_kvittering"};
  EXPECT_EQ(names, expected);
}

TEST(MessageType, PropertiesAreThoseOfTheSpecification) {
  const std::set<std::string_view> receipts{"arkivmelding_kvittering", "einnsyn_kvittering",
                                            "dialogmelding_kvittering"};
  const std::set<std::string_view> without_files{"arkivmelding_kvittering", "einnsyn_kvittering",
                                                 "dialogmelding_kvittering", "status", "avtalt"};
  for (const auto& type : message_types()) {
    EXPECT_EQ(type.is_receipt, receipts.contains(type.name)) << type.name;
    EXPECT_EQ(type.is_status, type.name == "status") << type.name;
    EXPECT_EQ(type.needs_files, !without_files.contains(type.name)) << type.name;
    EXPECT_EQ(type.needs_arkivmelding_xml, type.name == "arkivmelding") << type.name;
  }
}

TEST(MessageType, DefaultStandardEndsWithTheName) {
  for (const auto& type : message_types()) {
    if (type.document_type.empty()) {
      EXPECT_EQ(type.name, "fiksio");
      continue;
    }
    EXPECT_EQ(message_type_of_standard(type.document_type), &type) << type.name;
  }
}

TEST(MessageType, IsFoundIgnoringCase) {
  ASSERT_NE(find_message_type("ArkivMelding"), nullptr);
  EXPECT_EQ(find_message_type("ARKIVMELDING")->name, "arkivmelding");
  for (const std::string_view name : {"", "feil", "arkivmeldin", "arkivmelding "}) {
    EXPECT_EQ(find_message_type(name), nullptr) << name;
  }
}

TEST(MessageType, StandardDecidesByCatalogueSpellingAfterTheLastColons) {
  EXPECT_EQ(message_type_of_standard("urn:x:digital::print")->name, "print");
  for (const std::string_view standard :
       {"", "arkivmelding", "urn:x::ARKIVMELDING", "urn:x::arkivmelding ", "urn:x::", "no.example.byggesak.v1"}) {
    EXPECT_EQ(message_type_of_standard(standard), nullptr) << standard;
  }
}

TEST(MessageType, ExpectedNamesLeaveOutReceiptsAndStatus) {
  EXPECT_EQ(expected_type_names(),
            "arkivmelding, avtalt, digital, digital_dpv, print, innsynskrav, publisering, fiksio, dialogmelding");
}

}  // namespace
}  // namespace kanal::domain
