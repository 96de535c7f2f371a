// POST /messages/out: what corner 2 and the suppliers accept, and each thing that they do not.
#include <gmock/gmock.h>

#include "sim/corner2_testing.hpp"

namespace kanal::sim::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Corner2PostTest : public Corner2Bench {};

json::object& header_of(json::object& document) { return document["standardBusinessDocumentHeader"].as_object(); }

TEST_F(Corner2PostTest, AcceptsAMessageAndOpensItsPackage) {
  Shipment shipment;
  shipment.unit = "byggesak";
  const auto id = shipped(shipment);
  EXPECT_THAT(statuses(id), ElementsAre("OPPRETTET", "SENDT"));
  const auto message = national_.corner2().state().find(id);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->sender.organisation, agency);
  EXPECT_EQ(message->sender.vendor, "MOVE_IP_310700002");
  EXPECT_EQ(message->channel, "arkiv_1");
  EXPECT_EQ(message->message.sender_unit, "byggesak");
  EXPECT_TRUE(message->message.token.empty()) << "a token is not kept";
  ASSERT_EQ(message->documents.size(), 2U);
  EXPECT_EQ(message->documents[0].href, "brev.pdf");
  EXPECT_EQ(message->documents[0].title, "Vedtak");
  EXPECT_EQ(message->documents[0].sha256, to_hex(crypto::sha256(bytes_of("%PDF-1.7 brev"))));
  EXPECT_EQ(message->documents[1].size, 13U);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "transfers")) << "nothing is left behind";
}

TEST_F(Corner2PostTest, AcceptsALetter) {
  Shipment shipment;
  shipment.type = "utskrift";
  shipment.addressee = "Ola Sørli";
  shipped(shipment);
  shipment.id = new_uuid();
  shipment.encrypt_for = &national_.corner2().supplier(DpiType::digital);
  EXPECT_THAT(refusal(shipment), StartsWith("400")) << "encrypted for the mailbox supplier";
}

TEST_F(Corner2PostTest, AcceptsADataProcessor) {
  national_.maskinporten().register_client({"MOVE_IP_310700002", agency, National::usual_scopes(), {municipality}});
  Shipment shipment;
  shipment.organisation = municipality;
  const auto id = shipped(shipment);
  EXPECT_THAT(statuses(id), ElementsAre("OPPRETTET", "SENDT")) << "asked with the processor's own token";
  const auto receipt = receipts("?kanal=arkiv_1").at(0);
  EXPECT_EQ(text(receipt.at("leveringskvittering")
                     .as_object()
                     .at("mottaker")
                     .as_object()
                     .at("virksomhetsidentifikator")
                     .as_object(),
                 "value"),
            "0192:310701378")
      << "the organisation sent for";
  EXPECT_EQ(poll("", municipality).status, 204) << "the receipts are the processor's";
  shipment.id = new_uuid();
  shipment.token = sender_token(agency);
  EXPECT_THAT(refusal(shipment), StartsWith("403 avsender")) << "the token is not for the sender";
}

TEST_F(Corner2PostTest, ChecksTheToken) {
  Shipment shipment;
  shipment.token = "x.y.z";
  EXPECT_THAT(refusal(shipment), StartsWith("401"));
  shipment.token = maskinporten_token("eformidling:dpi");
  EXPECT_THAT(refusal(shipment), StartsWith("403 the token lacks"));
  shipment.token = sender_token(agency);
  const auto late = request_for(shipment);
  clock_.advance(std::chrono::seconds(120));
  EXPECT_THAT(problem_of(send(late)), StartsWith("401"));
  shipment.token.clear();
  shipment.token_inside = "another.to.ken";
  EXPECT_THAT(refusal(shipment), StartsWith("400 maskinportentoken"));
  auto rules = national_.corner2().state().rules();
  rules.agreements = {municipality};
  national_.corner2().state().set_rules(rules);
  EXPECT_THAT(refusal({}), StartsWith("403 the sender has no agreement"));
}

TEST_F(Corner2PostTest, RefusesAnIdThatHasBeenUsed) {
  Shipment shipment;
  shipped(shipment);
  shipment.conversation = new_uuid();
  EXPECT_THAT(refusal(shipment), HasSubstr("used before"));
  std::ranges::transform(shipment.id, shipment.id.begin(), [](unsigned char c) { return std::toupper(c); });
  EXPECT_THAT(refusal(shipment), HasSubstr("used before")) << "in upper case too";
}

TEST_F(Corner2PostTest, ChecksTheForm) {
  Shipment shipment;
  shipment.content_type = "application/json";
  EXPECT_THAT(refusal(shipment), StartsWith("415"));
  shipment.content_type = "multipart/form-data";
  EXPECT_THAT(refusal(shipment), StartsWith("400"));
  const auto with_body = [&](std::function<void(std::string&)> change) {
    Shipment one;
    one.change_body = std::move(change);
    return refusal(one);
  };
  const auto swap = [](std::string from, std::string to) {
    return [from = std::move(from), to = std::move(to)](std::string& body) {
      body.replace(body.find(from), from.size(), to);
    };
  };
  EXPECT_THAT(with_body(swap("name=\"forretningsmelding\"", "name=\"melding\"")), HasSubstr("part 1 must be"));
  EXPECT_THAT(with_body(swap("name=\"dokumentpakke\"", "name=\"pakke\"")), HasSubstr("part 2 must be"));
  EXPECT_THAT(with_body(swap("application/jwt", "text/plain")), HasSubstr("application/jwt"));
  EXPECT_THAT(with_body(swap("application/cms", "application/octet-stream")), HasSubstr("application/cms"));
  EXPECT_THAT(with_body([](std::string& body) { body.resize(body.size() - 9); }), StartsWith("400"));
  EXPECT_THAT(with_body([](std::string& body) { body.insert(body.size() - 8, part("mer", "text/plain", "x")); }),
              HasSubstr("more than two"));
  EXPECT_THAT(with_body([](std::string& body) { body = part("dokumentpakke", "application/cms", "x") + "--b7--\r\n"; }),
              HasSubstr("part 1 must be"));
  EXPECT_THAT(with_body([](std::string& body) { body = body.substr(0, body.find("--b7", 4)) + "--b7--\r\n"; }),
              HasSubstr("are needed"));
}

TEST_F(Corner2PostTest, ChecksTheSignedMessage) {
  const auto with_sbd = [&](std::function<void(json::object&)> change) {
    Shipment one;
    one.change_sbd = std::move(change);
    return refusal(one);
  };
  EXPECT_THAT(with_sbd([](json::object& sbd) { sbd["digital"].as_object()["mer"] = 1; }), HasSubstr("not allowed"));
  EXPECT_THAT(with_sbd([](json::object& sbd) {
                header_of(sbd)["sender"].as_array()[0].as_object()["identifier"] = identifier(municipality);
              }),
              HasSubstr("SBDH sender"));
  EXPECT_THAT(with_sbd([](json::object& sbd) {
                header_of(sbd)["receiver"].as_array()[0].as_object()["identifier"] = identifier(municipality);
              }),
              HasSubstr("SBDH receiver"));
  Shipment shipment;
  shipment.message_signer = &Keys::get().municipality_identity;
  EXPECT_THAT(refusal(shipment), StartsWith("403 the message is not signed"));
  shipment.message_signer = &Keys::get().stranger;
  EXPECT_THAT(refusal(shipment), StartsWith("400")) << "of a CA that is not trusted";
  shipment = {};
  shipment.change_body = [](std::string& body) {
    auto& letter = body[body.find("--b7", 4) - 40];
    letter = letter == 'A' ? 'B' : 'A';
  };
  EXPECT_THAT(refusal(shipment), StartsWith("400"));
}

TEST_F(Corner2PostTest, ChecksThePackage) {
  Shipment shipment;
  shipment.change_package = [](std::string& package) { package.back() ^= 1; };
  EXPECT_THAT(refusal(shipment), HasSubstr("SHA-256"));
  shipment = {};
  shipment.package_signer = &Keys::get().municipality_identity;
  EXPECT_THAT(refusal(shipment), StartsWith("403 the package is signed"));
  shipment.package_signer = &Keys::get().stranger;
  EXPECT_THAT(refusal(shipment), StartsWith("400"));
  shipment = {};
  shipment.encrypt_for = &Keys::get().agency_identity;
  EXPECT_THAT(refusal(shipment), StartsWith("400"));
  const auto with_manifest = [&](std::function<void(formats::SdpManifest&)> change) {
    Shipment one;
    one.change_manifest = std::move(change);
    return refusal(one);
  };
  EXPECT_THAT(with_manifest([](auto& manifest) { manifest.organisation = "0192:310701378"; }), HasSubstr("avsender"));
  EXPECT_THAT(with_manifest([](auto& manifest) { manifest.mailbox = "somebody#ELSE"; }), HasSubstr("mottaker"));
  EXPECT_THAT(with_manifest([](auto& manifest) { manifest.mailbox.reset(); }), HasSubstr("mottaker"));
  EXPECT_THAT(with_manifest([](auto& manifest) { manifest.sender_identifier = "x"; }),
              HasSubstr("avsenderidentifikator"));
  EXPECT_THAT(with_manifest([](auto& manifest) { manifest.attachments[0].href = "borte.pdf"; }),
              HasSubstr("borte.pdf"));
  auto rules = national_.corner2().state().rules();
  rules.max_package = 100;
  national_.corner2().state().set_rules(rules);
  EXPECT_THAT(refusal({}), StartsWith("413"));
  EXPECT_TRUE(national_.corner2().state().messages(10).empty()) << "nothing of all that was kept";
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "transfers"));
}

TEST_F(Corner2PostTest, ChannelNamesGoByTheRule) {
  auto& state = national_.corner2().state();
  const auto with_rule = [&](ChannelRule rule, const std::string& channel) {
    auto rules = state.rules();
    rules.channels = rule;
    state.set_rules(rules);
    Shipment one;
    one.query = "?kanal=" + channel;
    return std::pair(ship(one).status, one.id);
  };
  const std::string long_name = "no_difi_move_integrasjonspunkt";
  EXPECT_EQ(with_rule(ChannelRule::any, long_name).first, 201);
  EXPECT_EQ(with_rule(ChannelRule::strict, long_name).first, 400);
  EXPECT_EQ(with_rule(ChannelRule::strict, "a.b").first, 400);
  EXPECT_EQ(with_rule(ChannelRule::strict, "Arkiv-1_b").first, 201);
  EXPECT_EQ(poll("?kanal=a.b").status, 400) << "polls too";
  const auto cut = with_rule(ChannelRule::cut, long_name + "-1");
  EXPECT_EQ(cut.first, 201);
  EXPECT_EQ(state.find(cut.second)->channel, long_name.substr(0, 28));
  EXPECT_EQ(types("?kanal=" + long_name + "-2").size(), 2U) << "two that fall together";
}

TEST_F(Corner2PostTest, LosesAnswersAndFailsAfterStoring) {
  Shipment shipment;
  arm("corner2.lost_answer");
  EXPECT_FALSE(http_.send(request_for(shipment)).has_value());
  EXPECT_THAT(statuses(shipment.id), ElementsAre("OPPRETTET", "SENDT"));
  EXPECT_THAT(refusal(shipment), HasSubstr("used before"));
  shipment.id = new_uuid();
  arm("corner2.503_after_store");
  EXPECT_THAT(refusal(shipment), StartsWith("503"));
  EXPECT_THAT(statuses(shipment.id), ElementsAre("OPPRETTET", "SENDT"));
  shipment.id = new_uuid();
  arm("corner2.post.503");
  EXPECT_THAT(refusal(shipment), StartsWith("503"));
  EXPECT_EQ(get(at("/messages/out/" + shipment.id + "/statuses"), bearer()).status, 404) << "nothing was stored";
  arm("corner2.html_error");
  const auto html = ship(shipment);
  EXPECT_EQ(html.status, 400);
  EXPECT_THAT(html.body, StartsWith("<html>"));
  arm("corner2.expired_token");
  EXPECT_THAT(refusal(shipment), StartsWith("401"));
  arm("corner2.429", 1, agency);
  EXPECT_THAT(refusal(shipment), StartsWith("429"));
  shipped(shipment);
}

TEST_F(Corner2PostTest, AuditsWithoutTheToken) {
  Shipment shipment;
  shipped(shipment);
  refusal(shipment);
  const auto posts = national_.audit().find({.simulator = "corner2", .action = "post"});
  ASSERT_EQ(posts.size(), 1U);
  EXPECT_EQ(posts[0].organisation, agency);
  EXPECT_EQ(posts[0].vendor, "MOVE_IP_310700002");
  EXPECT_EQ(posts[0].subject, shipment.id);
  EXPECT_THAT(posts[0].detail, HasSubstr("kanal=arkiv_1"));
  EXPECT_EQ(national_.audit().count({.simulator = "corner2", .action = "post.refused"}), 1U);
  EXPECT_THAT(json::serialize(national_.audit().json({})), Not(HasSubstr("eyJ")));
}

}  // namespace
}  // namespace kanal::sim::testing
