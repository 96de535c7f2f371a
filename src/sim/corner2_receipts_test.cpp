// Statuses and receipts of corner 2: when they come, who gets them, and how they are broken on purpose.
#include <gmock/gmock.h>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <thread>

#include "sim/corner2_testing.hpp"

namespace kanal::sim::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Adapter = valijson::adapters::BoostJsonAdapter;

const std::filesystem::path& schemas() {
  static const auto folder = kanal::testing::shared_data() / "dpi/schema";
  return folder;
}

/// Schemas refer to each other by `$id`; the files have other names.
const json::value* fetch(const std::string& uri) {
  const auto name = uri.substr(0, uri.find('#'));
  const auto file = name.find("/common/") != std::string::npos ? schemas() / "common/sbdh.schema.json"
                                                               : schemas() / "dpi/commons.schema.json";
  return new json::value(json::parse(kanal::testing::read_file(file)));
}

/// Empty when the receipt is what the schema of its type wants.
std::string schema_complaint(const json::object& receipt, const std::string& type) {
  const auto file = schemas() / ("dpi/innbyggerpost_dpi_" + type + "_1_0.schema.json");
  const auto text = json::parse(kanal::testing::read_file(file));
  valijson::Schema schema;
  valijson::SchemaParser parser;
  parser.populateSchema(
      Adapter(text), schema, [](const std::string& uri) { return fetch(uri); },
      [](const json::value* document) { delete document; });
  const json::value whole(json::object{{"standardBusinessDocument", receipt}});
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(schema, Adapter(whole), &results)) return {};
  std::string out;
  for (valijson::ValidationResults::Error error; results.popError(error);) {
    for (const auto& step : error.context) out += step;
    out += ": " + error.description + "\n";
  }
  return out;
}

class Corner2ReceiptsTest : public Corner2Bench {
 protected:
  Corner2State& state() { return national_.corner2().state(); }
  /// Sends to this channel; gives the message id.
  std::string to_channel(const std::string& channel, const std::string& unit = {}) {
    Shipment one;
    one.query = channel.empty() ? "" : "?kanal=" + channel;
    one.unit = unit;
    one.opening_receipt = false;
    return shipped(one);
  }
  std::vector<std::string> types_after(const Shipment& shipment) {
    shipped(shipment);
    return types("");
  }
};

TEST_F(Corner2ReceiptsTest, ComeInTheirTime) {
  auto rules = state().rules();
  rules.sent_delay = std::chrono::seconds(10);
  rules.delivery_delay = std::chrono::seconds(20);
  rules.later_delay = std::chrono::seconds(30);
  state().set_rules(rules);
  const auto id = shipped({});
  EXPECT_THAT(statuses(id), ElementsAre("OPPRETTET"));
  EXPECT_EQ(poll("?kanal=arkiv_1").status, 204);
  clock_.advance(std::chrono::seconds(10));
  EXPECT_THAT(statuses(id), ElementsAre("OPPRETTET", "SENDT"));
  clock_.advance(std::chrono::seconds(20));
  EXPECT_THAT(types("?kanal=arkiv_1"), ElementsAre("leveringskvittering"));
  clock_.advance(std::chrono::seconds(30));
  EXPECT_THAT(types("?kanal=arkiv_1"), ElementsAre("leveringskvittering", "aapningskvittering"));
}

TEST_F(Corner2ReceiptsTest, FollowTheirSchemas) {
  national_.corner2().state().set_behaviour("returned", {Fate::returned, {}});
  national_.corner2().state().set_behaviour("unnotified", {Fate::notification_failed, "Ukjent nummer"});
  national_.corner2().state().set_behaviour("refused", {Fate::supplier_error, "Postboksen er full"});
  Shipment shipment;
  shipment.unit = "byggesak";
  for (const auto* who : {"kari", "unnotified", "refused"}) {
    shipment.id = new_uuid();
    shipment.addressee = who;
    shipped(shipment);
  }
  shipment.id = new_uuid();
  shipment.type = "utskrift";
  shipment.addressee = "returned";
  shipped(shipment);
  const auto all = receipts("");
  std::set<std::string> seen;
  for (const auto& receipt : all) {
    seen.insert(type_of(receipt));
    EXPECT_EQ(schema_complaint(receipt, type_of(receipt)), "") << json::serialize(receipt);
  }
  EXPECT_THAT(seen, ElementsAre("aapningskvittering", "feil", "leveringskvittering", "mottakskvittering",
                                "returpostkvittering", "varslingfeiletkvittering"));
}

TEST_F(Corner2ReceiptsTest, SayWhatTheyAreAbout) {
  Shipment shipment;
  shipment.unit = "byggesak";
  shipped(shipment);
  const auto receipt = receipts("?kanal=arkiv_1").at(0);
  const auto& header = receipt.at("standardBusinessDocumentHeader").as_object();
  const auto& scope = header.at("businessScope").as_object().at("scope").as_array().at(0).as_object();
  EXPECT_EQ(text(scope, "instanceIdentifier"), shipment.conversation);
  EXPECT_EQ(json::serialize(header.at("sender")),
            R"([{"identifier":{"authority":"iso6523-actorid-upis","value":"0192:984661185"}}])");
  EXPECT_EQ(json::serialize(header.at("receiver")),
            R"([{"identifier":{"authority":"iso6523-actorid-upis","value":"0192:310700002"}}])");
  const auto& body = receipt.at("leveringskvittering").as_object();
  EXPECT_EQ(text(body.at("mottaker").as_object(), "motakeridentifikator"), "byggesak");
  EXPECT_EQ(text(body, "tidspunkt"), format_iso(clock_.now()));
  EXPECT_NE(id_of(receipt), shipment.id);
}

TEST_F(Corner2ReceiptsTest, DependOnTheAddressee) {
  Shipment quiet;
  quiet.opening_receipt = false;
  EXPECT_THAT(types_after(quiet), ElementsAre("leveringskvittering"));
  state().set_behaviour("gone", {Fate::fail_at_corner2, "Ukjent mottaker"});
  Shipment failing;
  failing.addressee = "gone";
  shipped(failing);
  const auto answer = get(at("/messages/out/" + failing.id + "/statuses"), bearer());
  const auto list = json::parse(answer.body).as_array();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(text(list[1].as_object(), "status"), "FEILET");
  EXPECT_EQ(text(list[1].as_object(), "beskrivelse"), "Ukjent mottaker");
  EXPECT_EQ(types("").size(), 1U) << "no receipt of what never left";
}

TEST_F(Corner2ReceiptsTest, SuppliersRefuseFileTypes) {
  Shipment letter;
  letter.type = "utskrift";
  letter.mime = "text/plain";
  EXPECT_THAT(types_after(letter), ElementsAre("feil"));
  const auto body = receipts("").at(0).at("feil").as_object();
  EXPECT_EQ(text(body, "feiltype"), "KLIENT");
  EXPECT_THAT(text(body, "detaljer"), HasSubstr("text/plain"));
}

TEST_F(Corner2ReceiptsTest, GoToTheChannelOfTheirMessage) {
  to_channel("Arkiv_1");
  to_channel("arkiv_2");
  to_channel("");
  EXPECT_EQ(receipts("?kanal=ARKIV_1").size(), 1U) << "in either case";
  EXPECT_EQ(receipts("?kanal=arkiv_2").size(), 1U);
  EXPECT_EQ(poll("?kanal=arkiv_3").status, 204);
  EXPECT_EQ(receipts("").size(), 3U) << "without a channel, those of all";
  EXPECT_EQ(poll("", municipality).status, 204) << "never another organisation's";
  arm("corner2.ignore_channel");
  EXPECT_EQ(receipts("?kanal=arkiv_3").size(), 3U);
}

TEST_F(Corner2ReceiptsTest, GoToTheSenderUnit) {
  to_channel("a", "byggesak");
  to_channel("a", "skatt");
  to_channel("a");
  EXPECT_EQ(receipts("?kanal=a&avsenderidentifikator=skatt").size(), 1U);
  EXPECT_EQ(receipts("?kanal=a&avsenderidentifikator=Skatt").size(), 0U);
  EXPECT_EQ(receipts("?kanal=a").size(), 3U);
}

TEST_F(Corner2ReceiptsTest, ComeInPages) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    to_channel("a");
    clock_.advance(std::chrono::seconds(1));
  }
  for (const auto& receipt : receipts("?kanal=a")) ids.push_back(id_of(receipt));
  ASSERT_EQ(ids.size(), 5U);
  const auto page = [&](const std::string& query) {
    std::vector<std::string> out;
    for (const auto& receipt : receipts("?kanal=a" + query)) out.push_back(id_of(receipt));
    return out;
  };
  EXPECT_THAT(page("&page_size=2"), ElementsAre(ids[0], ids[1])) << "oldest first";
  EXPECT_THAT(page("&page_size=2&page=1"), ElementsAre(ids[2], ids[3]));
  EXPECT_THAT(page("&page_size=2&page=2"), ElementsAre(ids[4]));
  EXPECT_THAT(page("&page_size=2&page=3"), IsEmpty());
  arm("corner2.ignore_page");
  EXPECT_THAT(page("&page_size=2&page=1"), ElementsAre(ids[0], ids[1]));
  EXPECT_EQ(mark(ids[0]), 200);
  EXPECT_THAT(page("&page_size=2"), ElementsAre(ids[1], ids[2])) << "marking moves the pages";
  EXPECT_EQ(poll("?kanal=a&page_size=many").status, 400);
  EXPECT_EQ(poll("?kanal=a&page_size=0").status, 400);
  EXPECT_EQ(poll("?kanal=a&page=-1").status, 400);
}

TEST_F(Corner2ReceiptsTest, AreGoneForEverybodyWhenRead) {
  const auto vendor = std::string("OTHER_VENDOR");
  national_.register_client(vendor, agency);
  auto wanted = claims(vendor, scope);
  tokens_["dpiother"] = text(object_of(grant(wanted)), "access_token");
  to_channel("a");
  const auto id = id_of(receipts("?kanal=a").at(0));
  EXPECT_EQ(id_of(receipts("?kanal=a", "other").at(0)), id) << "nothing is locked";
  EXPECT_EQ(state().foreign_reads(), 0U);
  EXPECT_EQ(mark(id, "other"), 200) << "nobody asks whose it is";
  EXPECT_EQ(poll("?kanal=a").status, 204);
  EXPECT_EQ(mark(id), 404);
  EXPECT_EQ(mark(new_uuid()), 404);
  EXPECT_EQ(mark("not-a-uuid"), 400);
  EXPECT_EQ(state().foreign_reads(), 1U);
  const auto reads = national_.audit().find({.simulator = "corner2", .action = "read"});
  ASSERT_EQ(reads.size(), 1U);
  EXPECT_EQ(reads[0].organisation, agency);
  EXPECT_EQ(reads[0].vendor, vendor);
  EXPECT_EQ(reads[0].subject, id);
  EXPECT_THAT(reads[0].detail, HasSubstr("kanal=a owner=310700002 client=MOVE_IP_310700002"));
  const auto lists = national_.audit().find({.simulator = "corner2", .vendor = vendor, .action = "list"});
  ASSERT_EQ(lists.size(), 1U);
  EXPECT_EQ(lists[0].subject, "a");
  EXPECT_THAT(lists[0].detail, HasSubstr("items=1 foreign=1"));
  to_channel("a");
  EXPECT_EQ(mark(id_of(receipts("?kanal=a").at(0)), municipality), 200) << "not even another organisation";
  EXPECT_EQ(state().foreign_reads(), 2U);
}

TEST_F(Corner2ReceiptsTest, MayBeFlawed) {
  const auto payload = [](const net::ClientResponse& answer) {
    return text(json::parse(answer.body).as_array().at(0).as_object(), "forretningsmelding");
  };
  const auto flawed = [&](const std::string& flaw) {
    arm("corner2.receipt." + flaw);
    to_channel(flaw);
    return payload(poll("?kanal=" + flaw));
  };
  const auto jws_of = [&](const std::string& flaw) {
    const auto jws = crypto::parse_jws(flawed(flaw));
    EXPECT_TRUE(jws.has_value()) << flaw;
    return jws.value_or(crypto::Jws{});
  };
  const auto certificate = [](const crypto::Jws& jws) { return crypto::certificates_of(jws)->at(0); };
  const auto forged = jws_of("forged");
  EXPECT_TRUE(crypto::verify_jws(forged, crypto::PublicKey(certificate(forged))).has_value());
  EXPECT_FALSE(certificate(forged).same_as(national_.corner2().supplier(DpiType::digital).certificate));
  EXPECT_EQ(certificate(forged).organisation()->str(), "984661185") << "it pretends";
  EXPECT_LT(certificate(jws_of("expired_certificate")).not_after(), clock_.now());
  const auto broken = jws_of("broken_signature");
  EXPECT_FALSE(crypto::verify_jws(broken, crypto::PublicKey(certificate(broken))).has_value());
  const auto unsigned_one = flawed("unsigned");
  EXPECT_TRUE(unsigned_one.ends_with('.')) << "no signature at all";
  const auto header = from_base64url(unsigned_one.substr(0, unsigned_one.find('.')));
  EXPECT_THAT(std::string(text_of(*header)), HasSubstr(R"("alg":"none")"));
  EXPECT_EQ(flawed("null"), "");
  EXPECT_THAT(jws_of("unknown_type").payload, HasSubstr("ukjentkvittering"));
  EXPECT_THAT(jws_of("unknown_member").payload, HasSubstr("maskinportentoken"));
  EXPECT_EQ(jws_of("missing_time").payload.find("tidspunkt"), std::string::npos);
  EXPECT_THAT(jws_of("foreign_receiver").payload, HasSubstr("999999999"));
  EXPECT_THAT(jws_of("schema_violation").payload, HasSubstr("\"digital\":{"));
  const auto unknown = jws_of("unknown_conversation").payload;
  EXPECT_EQ(unknown.find(state().messages(1).at(0).message.conversation), std::string::npos);
}

TEST_F(Corner2ReceiptsTest, MayComeTwiceOrInTheWrongOrder) {
  arm("corner2.receipt.duplicate");
  to_channel("twice");
  const auto twice = receipts("?kanal=twice");
  ASSERT_EQ(twice.size(), 2U);
  EXPECT_EQ(id_of(twice[0]), id_of(twice[1]));
  EXPECT_EQ(mark(id_of(twice[0])), 200);
  EXPECT_EQ(poll("?kanal=twice").status, 204) << "one mark for both";
  arm("corner2.receipt.repeated");
  to_channel("again");
  const auto again = receipts("?kanal=again");
  ASSERT_EQ(again.size(), 2U);
  EXPECT_NE(id_of(again[0]), id_of(again[1]));
  arm("corner2.receipt.out_of_order");
  Shipment shipment;
  shipment.query = "?kanal=order";
  shipped(shipment);
  EXPECT_THAT(types("?kanal=order"), ElementsAre("aapningskvittering", "leveringskvittering"));
}

TEST_F(Corner2ReceiptsTest, AnswersMayBeBroken) {
  to_channel("a");
  arm("corner2.empty_200");
  const auto empty = poll("?kanal=a");
  EXPECT_EQ(empty.status, 200);
  EXPECT_EQ(empty.body, "");
  arm("corner2.empty_array");
  EXPECT_EQ(poll("?kanal=a").body, "[]");
  arm("corner2.single_object");
  EXPECT_TRUE(json::parse(poll("?kanal=a").body).is_object());
  arm("corner2.cut_array");
  const auto cut = poll("?kanal=a");
  json::error_code error;
  json::parse(cut.body, error);
  EXPECT_TRUE(error.failed());
  arm("corner2.drip");
  net::ClientRequest impatient;
  impatient.url = at("/messages/in?kanal=a");
  impatient.headers = bearer();
  impatient.total_timeout = std::chrono::milliseconds(800);
  EXPECT_FALSE(http_.send(impatient).has_value());
  const auto id = id_of(receipts("?kanal=a").at(0));
  arm("corner2.read_fails");
  EXPECT_EQ(mark(id), 500);
  EXPECT_EQ(receipts("?kanal=a").size(), 1U) << "still there";
  arm("corner2.read_lost_answer");
  EXPECT_FALSE(http_.send(post_request(at("/messages/in/" + id + "/read"), "", "", bearer())).has_value());
  EXPECT_EQ(mark(id), 404) << "marked all the same";
}

TEST_F(Corner2ReceiptsTest, StatusesAreTheSendersOnly) {
  const auto id = to_channel("a");
  EXPECT_EQ(get(at("/messages/out/" + id + "/statuses"), bearer(municipality)).status, 404);
  EXPECT_EQ(get(at("/messages/out/" + new_uuid() + "/statuses"), bearer()).status, 404);
  EXPECT_EQ(get(at("/messages/out/" + id + "/statuses")).status, 401);
  auto rules = state().rules();
  rules.unknown_is_404 = false;
  state().set_rules(rules);
  EXPECT_THAT(statuses(new_uuid()), IsEmpty());
  arm("corner2.statuses.unknown_status");
  EXPECT_EQ(statuses(id).size(), 3U);
  arm("corner2.statuses.no_timestamp");
  const auto body = get(at("/messages/out/" + id + "/statuses"), bearer()).body;
  EXPECT_THAT(body, HasSubstr("\"timestamp\":null"));
}

TEST_F(Corner2ReceiptsTest, AdminQueuesThemByHand) {
  const auto site = national_.corner2().url() + "/sim";
  const auto id = to_channel("a");
  EXPECT_EQ(admin("POST", site + "/receipts", {{"type", "returpostkvittering"}, {"message", id}}).status, 200);
  EXPECT_THAT(types("?kanal=a"), ElementsAre("leveringskvittering", "returpostkvittering"));
  const auto foreign =
      admin("POST", site + "/receipts",
            {{"type", "leveringskvittering"}, {"organisation", agency}, {"channel", "b"}, {"times", 3}});
  EXPECT_EQ(object_of(foreign).at("ids").as_array().size(), 3U);
  EXPECT_EQ(receipts("?kanal=B").size(), 3U);
  EXPECT_EQ(admin("POST", site + "/receipts", {{"type", "feil"}, {"message", new_uuid()}}).status, 404);
  EXPECT_EQ(admin("POST", site + "/receipts", {{"type", "feil"}, {"message", id}, {"flaw", "ugly"}}).status, 400);
  EXPECT_EQ(admin("POST", site + "/receipts", {{"type", "feil"}}).status, 400);
  const auto moved = admin("POST", site + "/receipts",
                           {{"type", "leveringskvittering"}, {"message", id}, {"package", to_base64(bytes_of("CMS"))}});
  const auto with_package = std::string(object_of(moved).at("ids").as_array().at(0).as_string());
  const auto download = get(at("/messages/in/" + with_package), bearer());
  EXPECT_EQ(download.body, "CMS");
  EXPECT_EQ(download.header("Content-Type"), "application/cms");
  EXPECT_EQ(get(at("/messages/in/" + with_package), bearer(municipality)).status, 404);
  EXPECT_EQ(get(at("/messages/in/" + new_uuid()), bearer()).status, 404);
}

TEST_F(Corner2ReceiptsTest, AdminShowsAndSets) {
  const auto site = national_.corner2().url() + "/sim";
  EXPECT_EQ(
      admin("PUT", site + "/behaviours", {{"addressee", mailbox_address}, {"fate", "fail_at_corner2"}, {"text", "Nei"}})
          .status,
      204);
  EXPECT_EQ(admin("PUT", site + "/behaviours", {{"addressee", "x"}, {"fate", "vanish"}}).status, 400);
  const auto id = to_channel("a");
  EXPECT_THAT(statuses(id), ElementsAre("OPPRETTET", "FEILET"));
  const auto shown = object_of(get(site + "/messages/" + id));
  EXPECT_EQ(text(shown, "channel"), "a");
  EXPECT_EQ(shown.at("documents").as_array().size(), 2U);
  EXPECT_FALSE(shown.contains("token"));
  EXPECT_EQ(json::parse(get(site + "/messages").body).as_array().size(), 1U);
  EXPECT_EQ(admin("PUT", site + "/rules", {{"channels", "strict"}, {"sent_delay", 5000}}).status, 204);
  EXPECT_EQ(text(object_of(get(site + "/rules")), "channels"), "strict");
  EXPECT_EQ(state().rules().sent_delay, std::chrono::seconds(5));
  EXPECT_EQ(admin("PUT", site + "/rules", {{"channels", "loose"}}).status, 400);
  EXPECT_EQ(admin("PUT", site + "/rules", {{"sent_delay", -1}}).status, 400);
  EXPECT_EQ(admin("POST", site + "/receipts", {{"type", "feil"}, {"message", id}}).status, 200);
  const auto before = json::parse(get(site + "/receipts").body).as_array().at(0).as_object();
  EXPECT_TRUE(before.at("read").is_null());
  EXPECT_EQ(mark(text(before, "id")), 200);
  const auto after = json::parse(get(site + "/receipts").body).as_array().at(0).as_object();
  EXPECT_EQ(text(after.at("read").as_object(), "vendor"), "MOVE_IP_310700002");
}

TEST_F(Corner2ReceiptsTest, EachIsReadOnceWhenManyTry) {
  for (int i = 0; i < 4; ++i) to_channel("a");
  std::vector<std::string> ids;
  for (const auto& receipt : receipts("?kanal=a")) ids.push_back(id_of(receipt));
  std::atomic<int> marked{0};
  {
    std::vector<std::jthread> pollers;
    for (int i = 0; i < 4; ++i) {
      pollers.emplace_back([&] {
        for (const auto& id : ids) marked += state().read(id, {agency, "x"}) ? 1 : 0;
        EXPECT_LE(state().list({.channel = "a"}, {agency, "x"}).size(), 4U);
      });
    }
  }
  EXPECT_EQ(marked, 4);
  EXPECT_EQ(poll("?kanal=a").status, 204);
}

TEST_F(Corner2ReceiptsTest, ThePrintCertificateNeedsNoToken) {
  const auto answer = get(national_.krr_print_url());
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(text(object_of(answer), "postkasseleverandoerAdresse"), "996825827");
  const auto certificate = crypto::Certificate::from_pem(text(object_of(answer), "x509Sertifikat"));
  ASSERT_TRUE(certificate.has_value());
  EXPECT_TRUE(certificate->same_as(national_.corner2().supplier(DpiType::utskrift).certificate));
  arm("krr.down");
  EXPECT_EQ(get(national_.krr_print_url()).status, 503);
  arm("krr.expired_certificate");
  const auto expired = crypto::Certificate::from_pem(text(object_of(get(national_.krr_print_url())), "x509Sertifikat"));
  EXPECT_LT(expired->not_after(), clock_.now());
  arm("krr.unknown_fields");
  EXPECT_TRUE(object_of(get(national_.krr_print_url())).contains("somethingNew"));
}

TEST_F(Corner2ReceiptsTest, NationalRegistersResidents) {
  Resident kari{.id = "01817012345", .name = "Kari Nordvik"};
  kari.mailbox = Mailbox{{}, mailbox_address};
  ASSERT_TRUE(national_.register_resident(kari, {Fate::fail_at_corner2, "Stengt"}).has_value());
  EXPECT_EQ(national_.registry().find_resident(kari.id)->mailbox->supplier, "984661185");
  const auto token = maskinporten_token("eformidling:dpi");
  const auto entity = object_of(
      get(national_.registry_url() + "/identifier/" + kari.id + "/process/urn:no:difi:profile:digitalpost:info:ver1.0",
          {{"Authorization", "Bearer " + token}}));
  const auto& record = entity.at("serviceRecords").as_array().at(0).as_object();
  EXPECT_EQ(text(record.at("service").as_object(), "endpointUrl"), national_.corner2_url());
  const auto certificate = crypto::Certificate::from_pem(text(record, "pemCertificate"));
  ASSERT_TRUE(certificate.has_value());
  EXPECT_TRUE(certificate->same_as(national_.corner2().supplier(DpiType::digital).certificate));
  EXPECT_THAT(statuses(to_channel("a")), ElementsAre("OPPRETTET", "FEILET"));
  EXPECT_FALSE(national_.register_resident({.id = "01017012345", .name = "X"}).has_value());
}

}  // namespace
}  // namespace kanal::sim::testing
