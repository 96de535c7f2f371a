#include "formats/entry_name.hpp"

#include <gtest/gtest.h>

namespace kanal::formats {
namespace {

TEST(EntryName, AcceptsOrdinaryNames) {
  for (const char* name : {"a", "mappe/fil.pdf", "mappe/", ".hidden", "...", "a..b", "Årsmelding 2026 (endelig).pdf",
                           "\xE2\x82\xAC.txt"}) {
    EXPECT_TRUE(check_entry_name(name)) << name;
  }
}

TEST(EntryName, RefusesNamesThatLeaveTheFolderOrConfuse) {
  using namespace std::string_view_literals;
  for (const auto name :
       {""sv, "/a"sv, "a//b"sv, "./a"sv, "../a"sv, "a/.."sv, "a\\b"sv, "c:a"sv, "C:/a"sv, "a\0b"sv, "a\x1b[0m"sv,
        "a\x7f"sv, "a\xC2\x85"sv, "\xE6"sv, "\xC0\x80"sv, "\xED\xA0\x80"sv, "\xF4\x90\x80\x80"sv}) {
    const auto checked = check_entry_name(name);
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().code, "zip.name");
  }
}

TEST(EntryName, KeysIgnoreCase) {
  EXPECT_EQ(entry_name_key("BREV.Pdf"), entry_name_key("brev.pdf"));
  EXPECT_EQ(entry_name_key("ÆØÅ ŠŽ Ÿ ΑΩ ЖЁ"), entry_name_key("æøå šž ÿ αω жё"));
  EXPECT_EQ(entry_name_key("ς"), entry_name_key("σ"));
  EXPECT_NE(entry_name_key("×"), entry_name_key("÷"));
  EXPECT_NE(entry_name_key("brev1"), entry_name_key("brev2"));
  EXPECT_NE(entry_name_key("ø"), entry_name_key("o"));
}

TEST(EntryName, KeysIgnoreComposition) {
  EXPECT_EQ(entry_name_key("\xC3\xA5"), entry_name_key("A\xCC\x8A")) << "å";
  EXPECT_EQ(entry_name_key("\xC3\xA9"), entry_name_key("e\xCC\x81")) << "é";
  EXPECT_EQ(entry_name_key("folder/"), entry_name_key("folder"));
}

TEST(EntryName, ShowsNamesWithoutControlCharacters) {
  EXPECT_EQ(printable_name("a\nb\x1b\xFF"), "a?b??");
  EXPECT_EQ(printable_name("blåbær.pdf"), "blåbær.pdf");
  EXPECT_LT(printable_name(std::string(5'000, 'x')).size(), 200U);
}

}  // namespace
}  // namespace kanal::formats
