// A sender of digital post for the tests of corner 2: builds messages and packages, and spoils them when told. Never
// included by product code.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "crypto/cms.hpp"
#include "formats/asic_testing.hpp"
#include "formats/sdp_manifest.hpp"
#include "sim/sim_testing.hpp"

namespace kanal::sim::testing {

constexpr const char* mailbox_address = "kari.nordvik#7QXD";

/// One message to send; what is left alone is good.
struct Shipment {
  std::string id = new_uuid();
  std::string conversation = new_uuid();
  std::string organisation = agency;
  std::string type = "digital";
  std::string unit{};
  std::string addressee = mailbox_address;  ///< or the name on a letter
  bool opening_receipt = true;
  std::string query = "?kanal=arkiv_1";
  std::string mime = "application/pdf";
  std::string token{};  ///< of the request; empty: a good one
  std::optional<std::string> token_inside{};
  std::function<void(json::object& document)> change_sbd{};  ///< what is below standardBusinessDocument
  std::function<void(formats::SdpManifest&)> change_manifest{};
  std::function<void(std::string& package)> change_package{};  ///< after its fingerprint was taken
  std::function<void(std::string& body)> change_body{};
  const crypto::Identity* message_signer = &Keys::get().agency_identity;
  const crypto::Identity* package_signer = &Keys::get().agency_identity;
  const crypto::Identity* encrypt_for = nullptr;  ///< absent: the supplier
  std::string content_type = "multipart/form-data; boundary=b7";
};

class Corner2Bench : public Bench {
 protected:
  static constexpr const char* scope = "digitalpostinnbygger:send";

  std::string at(const std::string& path) const { return national_.corner2_url() + path; }
  /// The token that reads receipts; made once for each client.
  net::Headers bearer(const std::string& who = agency) {
    auto& token = tokens_["dpi" + who];
    if (token.empty()) token = maskinporten_token(scope, who);
    return {{"Authorization", "Bearer " + token}};
  }
  /// A token of the agency's client for `consumer`.
  std::string sender_token(const std::string& consumer) {
    auto wanted = claims(std::string("MOVE_IP_") + agency, scope);
    wanted["consumer_org"] = consumer;
    const auto answer = grant(wanted);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return text(object_of(answer), "access_token");
  }

  const crypto::Identity& supplier_of(const Shipment& shipment) const {
    return national_.corner2().supplier(shipment.type == "digital" ? DpiType::digital : DpiType::utskrift);
  }

  std::string container(const Shipment& shipment) const {
    formats::SdpManifest manifest;
    if (shipment.type == "digital") manifest.mailbox = shipment.addressee;
    manifest.organisation = "0192:" + shipment.organisation;
    manifest.sender_identifier = shipment.unit;
    manifest.main = {"brev.pdf", shipment.mime, "Vedtak", "NO", {}};
    manifest.attachments = {{"kart på én side.pdf", "application/pdf", "Kart", "NO", {}}};
    if (shipment.change_manifest) shipment.change_manifest(manifest);
    const auto xml = formats::write_sdp_manifest(manifest);
    EXPECT_TRUE(xml.has_value()) << (xml ? "" : xml.error().message);
    const std::vector<formats::AsicDocument> documents{
        formats::testing::document("brev.pdf", shipment.mime, "%PDF-1.7 brev"),
        formats::testing::document("kart på én side.pdf", "application/pdf", "%PDF-1.7 kart")};
    MemorySink sink(1'000'000);
    const auto written = formats::write_xades_asic(documents, *xml, *shipment.package_signer, clock_.now(), sink);
    EXPECT_TRUE(written.has_value()) << (written ? "" : written.error().text());
    return std::string(text_of(sink.bytes()));
  }

  std::string package(const Shipment& shipment) const {
    const auto& recipient = shipment.encrypt_for != nullptr ? *shipment.encrypt_for : supplier_of(shipment);
    MemorySink sink(2'000'000);
    auto encryptor = crypto::make_cms_encryptor(recipient.certificate, crypto::KeyTransport::oaep_sha256, sink);
    EXPECT_TRUE(encryptor.has_value());
    EXPECT_TRUE((*encryptor)->write(bytes_of(container(shipment))).has_value());
    EXPECT_TRUE((*encryptor)->finish().has_value());
    return std::string(text_of(sink.bytes()));
  }

  static json::object identifier(const std::string& orgnr) {
    return {{"authority", "iso6523-actorid-upis"}, {"value", "0192:" + orgnr}};
  }

  json::object body(const Shipment& shipment, const std::string& digest, const std::string& token) const {
    json::object sender{{"virksomhetsidentifikator", identifier(shipment.organisation)}};
    if (!shipment.unit.empty()) sender["avsenderidentifikator"] = shipment.unit;
    json::object out{
        {"avsender", std::move(sender)},
        {"dokumentpakkefingeravtrykk",
         json::object{{"digestMethod", "http://www.w3.org/2001/04/xmlenc#sha256"}, {"digestValue", digest}}},
        {"maskinportentoken", token}};
    if (shipment.type == "digital") {
      out["mottaker"] = json::object{{"postkasseadresse", shipment.addressee}};
      out["sikkerhetsnivaa"] = 4;
      out["aapningskvittering"] = shipment.opening_receipt;
      out["ikkesensitivtittel"] = "Svar på søknad";
      out["spraak"] = "NO";
      out["varsler"] = json::object{};
    } else {
      const json::object address{{"navn", shipment.addressee},
                                 {"adresselinje1", "Storgata 1"},
                                 {"postnummer", "4621"},
                                 {"poststed", "Kristiansand S"}};
      out["mottaker"] = address;
      out["utskriftstype"] = "SORT_HVIT";
      out["retur"] = json::object{{"mottaker", address}, {"returposthaandtering", "DIREKTE_RETUR"}};
    }
    return out;
  }

  json::object sbd(const Shipment& shipment, json::object content) const {
    const auto actor = [](const std::string& orgnr) {
      return json::array{json::object{{"identifier", identifier(orgnr)}}};
    };
    json::object out;
    out["standardBusinessDocumentHeader"] =
        json::object{{"headerVersion", "1.0"},
                     {"sender", actor(agency)},
                     {"receiver", actor(supplier_of(shipment).certificate.organisation()->str())},
                     {"documentIdentification", json::object{{"standard", dpi_standard(shipment.type)},
                                                             {"typeVersion", "1.0"},
                                                             {"instanceIdentifier", shipment.id},
                                                             {"type", shipment.type},
                                                             {"creationDateAndTime", format_iso(clock_.now())}}},
                     {"businessScope",
                      json::object{{"scope", json::array{json::object{{"type", "ConversationId"},
                                                                      {"instanceIdentifier", shipment.conversation},
                                                                      {"identifier", dpi_process(shipment.type)}}}}}}};
    out[shipment.type] = std::move(content);
    if (shipment.change_sbd) shipment.change_sbd(out);
    return {{"standardBusinessDocument", std::move(out)}};
  }

  static std::string part(const std::string& name, const std::string& type, const std::string& content) {
    return "--b7\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"" + name +
           "\"\r\nContent-Type: " + type + "\r\n\r\n" + content + "\r\n";
  }

  net::ClientRequest request_for(const Shipment& shipment) {
    const auto token = shipment.token.empty() ? sender_token(shipment.organisation) : shipment.token;
    auto packed = package(shipment);
    const auto digest = to_base64(crypto::sha256(bytes_of(packed)));
    if (shipment.change_package) shipment.change_package(packed);
    const auto message = json::serialize(sbd(shipment, body(shipment, digest, shipment.token_inside.value_or(token))));
    const auto& signer = *shipment.message_signer;
    const auto jws = crypto::sign_jws(
        signer.key, {{"x5c", json::array{json::string(to_base64(signer.certificate.der()))}}}, message);
    auto whole = part("forretningsmelding", "application/jwt", jws) + part("dokumentpakke", "application/cms", packed) +
                 "--b7--\r\n";
    if (shipment.change_body) shipment.change_body(whole);
    return post_request(at("/messages/out" + shipment.query), std::move(whole), shipment.content_type,
                        {{"Authorization", "Bearer " + token}});
  }
  net::ClientResponse ship(const Shipment& shipment) { return send(request_for(shipment)); }
  /// Accepted; gives the message id.
  std::string shipped(const Shipment& shipment) {
    const auto answer = ship(shipment);
    EXPECT_EQ(answer.status, 201) << answer.body;
    return shipment.id;
  }
  /// `status detail` of a refusal, after a look at its shape.
  std::string refusal(const Shipment& shipment) { return problem_of(ship(shipment)); }
  static std::string problem_of(const net::ClientResponse& answer) {
    const auto problem = object_of(answer);
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json") << answer.status;
    EXPECT_EQ(text(problem, "type"), "about:blank");
    EXPECT_FALSE(text(problem, "title").empty());
    EXPECT_EQ(problem.contains("status") ? problem.at("status").to_number<int>() : 0, answer.status);
    return std::to_string(answer.status) + " " + text(problem, "detail");
  }

  std::vector<std::string> statuses(const std::string& id, const std::string& who = agency) {
    const auto answer = get(at("/messages/out/" + id + "/statuses"), bearer(who));
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::vector<std::string> out;
    const auto list = json::parse(answer.body);
    for (const auto& status : list.as_array()) out.push_back(text(status.as_object(), "status"));
    return out;
  }

  net::ClientResponse poll(const std::string& query, const std::string& who = agency) {
    return get(at("/messages/in" + query), bearer(who));
  }
  /// The payloads, below standardBusinessDocument; verified with the supplier's certificate.
  std::vector<json::object> receipts(const std::string& query, const std::string& who = agency) {
    const auto answer = poll(query, who);
    std::vector<json::object> out;
    if (answer.status == 204) return out;
    EXPECT_EQ(answer.status, 200) << answer.body;
    const auto list = json::parse(answer.body);
    for (const auto& item : list.as_array()) {
      const auto jws = crypto::parse_jws(text(item.as_object(), "forretningsmelding"));
      EXPECT_TRUE(jws.has_value());
      const auto certificates = crypto::certificates_of(*jws);
      EXPECT_TRUE(certificates && crypto::verify_jws(*jws, crypto::PublicKey(certificates->front())));
      out.push_back(json::parse(jws->payload).as_object().at("standardBusinessDocument").as_object());
    }
    return out;
  }
  static const json::object& identification(const json::object& receipt) {
    return receipt.at("standardBusinessDocumentHeader").as_object().at("documentIdentification").as_object();
  }
  static std::string id_of(const json::object& receipt) { return text(identification(receipt), "instanceIdentifier"); }
  static std::string type_of(const json::object& receipt) { return text(identification(receipt), "type"); }
  std::vector<std::string> types(const std::string& query, const std::string& who = agency) {
    std::vector<std::string> out;
    for (const auto& receipt : receipts(query, who)) out.push_back(type_of(receipt));
    return out;
  }
  int mark(const std::string& id, const std::string& who = agency) {
    return post(at("/messages/in/" + id + "/read"), "", "", bearer(who)).status;
  }
};

}  // namespace kanal::sim::testing
