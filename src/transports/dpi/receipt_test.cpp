#include "transports/dpi/receipt.hpp"

#include <gmock/gmock.h>

#include "lookup/lookup_testing.hpp"
#include "transports/dpi/receipt_testing.hpp"
#include "transports/dpi/schema_testing.hpp"

namespace kanal::transports::dpi::testing {
namespace {

using domain::ReceiptStatus;
using ::testing::HasSubstr;

const Time now = parse_iso("2026-03-02T10:00:00Z")->utc;

class Receipts : public ::testing::Test {
 protected:
  Result<ports::ServiceReceipt> read(std::string_view jws) { return read_receipt(jws, settings_, now, log_); }
  std::string code(std::string_view jws) {
    const auto read = this->read(jws);
    EXPECT_TRUE(read || read.error().disposition == Disposition::reject);
    return read ? "" : read.error().code;
  }
  Settings settings_ = letter_settings();
  lookup::testing::CaptureLog log_;
};

TEST_F(Receipts, EachTypeHasItsStatus) {
  struct Row {
    std::string type, more;
    ReceiptStatus status;
    std::string text;
  };
  const std::vector<Row> rows{
      {"leveringskvittering", "{}", ReceiptStatus::levert, "tilgjengelig"},
      {"aapningskvittering", "{}", ReceiptStatus::lest, "åpnet"},
      {"mottakskvittering", "{}", ReceiptStatus::levert, "utskrift"},
      {"returpostkvittering", "{}", ReceiptStatus::feil, "retur"},
      {"feil", R"({"feiltype":"KLIENT","detaljer":"Ukjent adresse"})", ReceiptStatus::feil, "detaljer: Ukjent adresse"},
      {"varslingfeiletkvittering", R"({"varslingskanal":"sms","beskrivelse":"Ugyldig nummer"})", ReceiptStatus::annet,
       "varslingskanal: sms"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(schema_breach(receipt_document(row.type, row.more), row.type), "") << "the sample itself: " << row.type;
    const auto receipt = read(testing::receipt(row.type, row.more));
    ASSERT_TRUE(receipt) << row.type << ": " << receipt.error().text();
    EXPECT_EQ(receipt->kind, row.type);
    EXPECT_EQ(receipt->conversation_id.str(), conversation_id);
    EXPECT_TRUE(receipt->message_id.empty());
    EXPECT_EQ(receipt->counterpart, "0192:984661185");
    ASSERT_EQ(receipt->statuses.size(), 1U);
    EXPECT_EQ(receipt->statuses[0].status, row.status) << row.type;
    EXPECT_THAT(receipt->statuses[0].description.value_or(""), HasSubstr(row.text));
    EXPECT_EQ(receipt->statuses[0].at, parse_iso("2026-03-02T09:12:39Z")->utc);
    EXPECT_EQ(receipt->statuses[0].raw_receipt, receipt->raw);
  }
  settings_.notification_failure_fails = true;
  EXPECT_EQ(read(receipt("varslingfeiletkvittering", R"({"varslingskanal":"epost"})"))->statuses[0].status,
            ReceiptStatus::feil)
      << "as in the reference";
}

TEST_F(Receipts, AreReadLeniently) {
  EXPECT_EQ(code(receipt("leveringskvittering", R"({"maskinportentoken":"x","ny":{"a":[1]}})")), "")
      << "the schemas forbid what the publisher's template has";
  EXPECT_EQ(read(receipt("leveringskvittering", R"({"tidspunkt":null})"))->statuses[0].at, std::nullopt);
}

TEST_F(Receipts, ReadsThePublishedForms) {
  const auto folder = kanal::testing::shared_data() / "dpi/samples/receipts";
  for (const auto& item : std::filesystem::directory_iterator(folder)) {
    const auto document = boost::json::parse(kanal::testing::read_file(item.path()));
    const auto read = this->read(signed_by(LetterKeys::get().supplier, document));
    ASSERT_TRUE(read) << item.path() << ": " << read.error().text();
    EXPECT_EQ(read->kind, "leveringskvittering");
    EXPECT_FALSE(read_label(read->raw).id.empty());
  }
}

TEST_F(Receipts, NothingUnverifiedCounts) {
  const auto good = receipt("leveringskvittering");
  EXPECT_EQ(code(""), "dpi.receipt");
  EXPECT_EQ(code("a.b"), "dpi.receipt");
  EXPECT_EQ(code(std::string(max_receipt_bytes + 1, 'a')), "dpi.receipt");
  auto flipped = good;
  auto& c = flipped[flipped.find('.') + 40];
  c = c == 'A' ? 'B' : 'A';
  EXPECT_EQ(code(flipped), "dpi.receipt_signature");
  EXPECT_EQ(code(signed_by(LetterKeys::get().stranger, receipt_document("leveringskvittering"))),
            "dpi.receipt_certificate")
      << "the right organisation number from a CA that nobody trusts";
  const auto dot = good.find('.');
  const auto header = std::string(text_of(*from_base64url(good.substr(0, dot))));
  const auto with_header = [&](const std::string& text) { return to_base64url(bytes_of(text)) + good.substr(dot); };
  auto none = header;
  none.replace(none.find("RS256"), 5, "none");
  EXPECT_EQ(code(with_header(none)), "dpi.receipt_signature");
  EXPECT_EQ(code(with_header(R"({"alg":"RS256"})")), "dpi.receipt") << "no certificate";
  EXPECT_EQ(code(with_header(R"({"crit":["b64"],)" + header.substr(1))), "dpi.receipt_signature");
}

TEST_F(Receipts, TheSignersCertificateMustBeValidNow) {
  const auto jws = receipt("leveringskvittering");
  const auto late = read_receipt(jws, settings_, parse_iso("2050-01-01T00:00:00Z")->utc, log_);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, "dpi.receipt_certificate");
}

TEST_F(Receipts, CertificateModes) {
  const auto jws = receipt("leveringskvittering");
  settings_.certificate_mode = CertificateMode::self_signed;
  EXPECT_EQ(code(jws), "dpi.receipt_certificate");
  const auto& ca = LetterKeys::get().ca;
  EXPECT_EQ(code(signed_by(ca, receipt_document("leveringskvittering"))), "");
  settings_.certificate_mode = CertificateMode::production;
  settings_.trusted_signers.clear();
  EXPECT_EQ(code(signed_by(LetterKeys::get().stranger, receipt_document("leveringskvittering"))), "")
      << "without CAs nobody can tell";
}

TEST_F(Receipts, ASignerThatIsNotTheSupplierIsNoted) {
  ASSERT_TRUE(read(signed_by(LetterKeys::get().own, receipt_document("leveringskvittering"))));
  EXPECT_EQ(log_.count("receipt_signer_differs"), 1);
}

TEST_F(Receipts, WhatIsNoReceiptIsRefused) {
  const auto& supplier = LetterKeys::get().supplier;
  EXPECT_EQ(code(signed_by(supplier, receipt_document("kvittering"))), "dpi.receipt_type");
  EXPECT_EQ(code(signed_by(supplier, boost::json::parse(kanal::testing::read_file(
                                         kanal::testing::shared_data() / "dpi/samples/sbd/feil-sbd-INVALID.json")))),
            "dpi.receipt");
  EXPECT_EQ(code(signed_by(supplier, receipt_document("leveringskvittering", "{}", "no uuid"))), "dpi.receipt");
  EXPECT_EQ(code(signed_by(supplier, receipt_document("leveringskvittering", "{}", receipt_id, "no uuid"))),
            "dpi.receipt");
  EXPECT_EQ(code(receipt("leveringskvittering", R"({"avsender":null})")), "dpi.receipt");
  EXPECT_EQ(code(receipt("leveringskvittering", R"({"mottaker":{}})")), "dpi.receipt");
  EXPECT_EQ(code(receipt("feil", R"({"feiltype":"ANNEN"})")), "dpi.receipt");
  EXPECT_EQ(code(receipt("varslingfeiletkvittering", R"({"varslingskanal":"brevdue"})")), "dpi.receipt");
  EXPECT_EQ(
      code(crypto::sign_jws(
          supplier.key, boost::json::object{{"x5c", boost::json::array{to_base64(supplier.certificate.der())}}}, "[]")),
      "dpi.receipt");
}

TEST_F(Receipts, LabelsAreReadFromAnything) {
  const auto label = read_label(receipt("leveringskvittering"));
  EXPECT_EQ(label.id, receipt_id);
  EXPECT_EQ(label.supplier, "0192:984661185");
  EXPECT_EQ(label.created, parse_iso("2026-03-02T09:12:40Z")->utc);
  EXPECT_EQ(read_label("").id, "");
  EXPECT_EQ(read_label("x.y.z").id, "");
  EXPECT_EQ(read_label(signed_by(LetterKeys::get().supplier, receipt_document("feil", "{}", "../../x"))).id, "")
      << "nothing but a UUID is an id: it goes into an address";
}

}  // namespace
}  // namespace kanal::transports::dpi::testing
