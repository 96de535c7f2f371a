#include "store/postgres/text.hpp"

#include <gtest/gtest.h>

namespace kanal::store::postgres {
namespace {

using namespace std::string_view_literals;

TEST(PostgresText, GoodTextStaysAsItIs) {
  for (const auto text : {""sv, "a"sv, "blåbærsyltetøy"sv, "€ 𝄞"sv, "\x7f"sv, "\xEF\xBF\xBF"sv, "\xF4\x8F\xBF\xBF"sv}) {
    EXPECT_FALSE(mended(text)) << text;
  }
}

TEST(PostgresText, WhatCannotBeKeptIsReplaced) {
  EXPECT_EQ(mended("a\0b"sv),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(mended("\xC3"sv), "\xEF\xBF\xBD");
  EXPECT_EQ(mended("\xE2\x82 x"sv), "\xEF\xBF\xBD\xEF\xBF\xBD x");
  for (const auto text : {"\x80"sv, "\xC0\x80"sv, "\xE0\x80\x80"sv, "\xED\xA0\x80"sv, "\xF0\x80\x80\x80"sv,
                          "\xF4\x90\x80\x80"sv, "\xFF"sv, "\xC3\x28"sv}) {
    const auto whole = mended(text);
    ASSERT_TRUE(whole);
    EXPECT_FALSE(mended(*whole));
  }
}

}  // namespace
}  // namespace kanal::store::postgres
