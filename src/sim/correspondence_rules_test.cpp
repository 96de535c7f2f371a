// Texts and file names as Altinn takes them (dpv.md 6.2), apart from any request.
#include "sim/correspondence_rules.hpp"

#include <gtest/gtest.h>

namespace kanal::sim {
namespace {

TEST(PlainText, IsNeitherHtmlNorMarkdown) {
  for (const auto* good : {"", "Svar på søknad", "Sak 12/345 - §7", "C:\\temp `kode`", "5 < 6 og 7 > 3", "2 * 3 * 4",
                           "fil_med_strek", "Nr. 1", "#emne", "a <- b"}) {
    EXPECT_TRUE(is_plain_text(good)) << good;
  }
  for (const auto* bad : {"<b>Svar</b>", "a<br/>b", "<!-- x -->", "# Svar", "> sitat", "Svar\n## Mer", "*svar*",
                          "et **fett** ord", "_svar_", "[lenke](https://example.no)"}) {
    EXPECT_FALSE(is_plain_text(bad)) << bad;
  }
}

TEST(Markdown, HasNoRawHtml) {
  EXPECT_TRUE(is_markdown("# Svar\n\n*fint*, se [her](https://example.no), 1 < 2"));
  EXPECT_FALSE(is_markdown("Svar <script>x</script>"));
}

TEST(AttachmentName, IsCheckedInOrder) {
  for (const auto* good : {"svar.pdf", "Søknad nr 1.DOCX", "a.b.xml", "console.txt", "com10.txt"}) {
    EXPECT_FALSE(attachment_name_error(good).has_value()) << good;
  }
  EXPECT_EQ(attachment_name_error(""), 2010);
  EXPECT_EQ(attachment_name_error("  "), 2010);
  EXPECT_EQ(attachment_name_error(std::string(252, 'x') + ".pdf"), 2011);
  EXPECT_FALSE(attachment_name_error(std::string(251, 'x') + ".pdf").has_value());
  for (const auto* bad : {"a<.pdf", "a>.pdf", "a:b.pdf", "a\".pdf", "a/b.pdf", "a\\b.pdf", "a|b.pdf", "a?.pdf",
                          "a*.pdf", "a\x01.pdf", "a\x7F.pdf"}) {
    EXPECT_EQ(attachment_name_error(bad), 2012) << bad;
  }
  for (const auto* bad : {"a.exe", "a", "a.pdf.asice", "a."}) EXPECT_EQ(attachment_name_error(bad), 2013) << bad;
  for (const auto* bad : {"con.pdf", "NUL.txt", "Com1.xml", "lpt9.pdf"}) EXPECT_EQ(attachment_name_error(bad), 2021);
}

TEST(CorrespondenceErrors, AreSortedAndKnownByCode) {
  int before = 0;
  for (const auto& error : correspondence_errors()) {
    EXPECT_LT(before, error.code);
    before = error.code;
    ASSERT_NE(find_correspondence_error(error.code), nullptr);
    EXPECT_EQ(find_correspondence_error(error.code)->status, error.status);
  }
  EXPECT_EQ(find_correspondence_error(1), nullptr);
}

TEST(RecipientDigits, MasksPersonsOnly) {
  EXPECT_EQ(masked_recipient("21868110187"), "218681*****");
  EXPECT_EQ(masked_recipient("310701378"), "310701378");
  EXPECT_EQ(recipient_digits("urn:altinn:person:identifier-no:21868110187"), "21868110187");
  EXPECT_EQ(recipient_digits("0192:310701378"), "310701378");
  EXPECT_FALSE(recipient_digits("0192:31070137").has_value());
}

}  // namespace
}  // namespace kanal::sim
