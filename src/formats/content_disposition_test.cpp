#include "formats/content_disposition.hpp"

#include <gtest/gtest.h>

namespace kanal::formats {
namespace {

struct Row {
  const char* header;
  const char* type;
  std::optional<std::string> name;
  std::optional<std::string> filename;
};

TEST(ContentDisposition, ReadsEveryForm) {
  const auto none = std::nullopt;
  for (const Row& row : {
           Row{"attachment", "attachment", none, none},
           Row{"Attachment; name=Tittel; filename=brev.pdf", "attachment", "Tittel", "brev.pdf"},
           Row{"attachment; NAME=\"En tittel\"; FileName=\"a; b.pdf\"", "attachment", "En tittel", "a; b.pdf"},
           Row{"attachment ;filename = brev.pdf ; ; name=\"\";", "attachment", "", "brev.pdf"},
           Row{"x; filename=\"C:\\brev\\\"", "x", none, "C:\\brev\\"},
           Row{"attachment; filename=\xE6\xF8\xE5.txt", "attachment", none, "æøå.txt"},
           Row{"attachment; filename=\"\xC3\xA6\xC3\xB8\xC3\xA5.txt\"", "attachment", none, "æøå.txt"},
           Row{"attachment; filename*=UTF-8''bl%C3%A5b%c3%a6r.pdf; filename=plain.pdf", "attachment", none,
               "blåbær.pdf"},
           Row{"attachment; filename=plain.pdf; filename*=utf-8'no'bl%C3%A5", "attachment", none, "blå"},
           Row{"attachment; filename*=iso-8859-1''bl%E5; name*=\"UTF-8''t%20itt\"", "attachment", "t itt", "blå"},
           Row{"attachment; filename=\"=?UTF-8?B?Ymzl?=\"", nullptr, none, none},
           Row{"attachment; filename=\"=?UTF-8?B?YmzDpQ==?=\"", "attachment", none, "blå"},
           Row{"attachment; filename=\"=?utf-8?Q?bl=C3=A5_b=C3=A6r?=\"", "attachment", none, "blå bær"},
           Row{"attachment; filename=\"=?iso-8859-1?q?bl=E5?=\"; name==?UTF-8?Q?=C3?= =?UTF-8?Q?=A5x?=", "attachment",
               "åx", "blå"},
           Row{"attachment; filename=\"=?UTF-8*no?Q?a?= =?ISO-8859-1?Q?=E5?=\"", "attachment", none, "aå"},
           Row{"attachment; size=12; creation-date=\"Wed, 12 Feb 1997\"; unknown=1; filename=a", "attachment", none,
               "a"},
       }) {
    const auto parsed = parse_content_disposition(row.header);
    if (row.type == nullptr) {
      EXPECT_FALSE(parsed) << row.header;
      continue;
    }
    ASSERT_TRUE(parsed) << row.header << ": " << parsed.error().text();
    EXPECT_EQ(parsed->type, row.type) << row.header;
    EXPECT_EQ(parsed->name, row.name) << row.header;
    EXPECT_EQ(parsed->filename, row.filename) << row.header;
  }
}

TEST(ContentDisposition, RefusesWhatCannotBeRead) {
  for (const char* header : {
           "",
           ";",
           "; filename=a",
           "filename=a",
           "attachment; filename",
           "attachment; =a",
           "attachment; filename=\"a",
           "attachment; filename=\"a\"b",
           "attachment; filename=\"a\\\"b\"",
           "attachment; filename=a\"b\"",
           "attachment; filename=a; filename=b",
           "attachment; filename=a; FILENAME=a",
           "attachment; filename*=brev.pdf",
           "attachment; filename*=UTF-8'brev.pdf",
           "attachment; filename*=UTF-16''a",
           "attachment; filename*=''a",
           "attachment; filename*=UTF-8''%E5",
           "attachment; filename*=UTF-8''%",
           "attachment; filename*=UTF-8''%4",
           "attachment; filename*=UTF-8''%zz",
           "attachment; filename*=UTF-8''a b",
           "attachment; filename=a; filename*=UTF-8''%00",
           "attachment; filename*=UTF-8''a%0d%0ab",
           "attachment; filename=\"a\nb\"",
           "attachment; filename=\"=?UTF-8?B?***?=\"",
           "attachment; filename=\"=?UTF-8?X?a?=\"",
           "attachment; filename=\"=?UTF-8?Q?a\"",
           "attachment; filename=\"=?koi8-r?Q?a?=\"",
           "attachment; filename=\"=?UTF-8?Q?a?= rest\"",
           "attachment; size=many; filename=a",
           "attachment; size=; filename=a",
       }) {
    const auto parsed = parse_content_disposition(header);
    ASSERT_FALSE(parsed) << header;
    EXPECT_EQ(parsed.error().code, "disposition.malformed") << header;
    EXPECT_EQ(parsed.error().disposition, Disposition::reject);
  }
}

}  // namespace
}  // namespace kanal::formats
