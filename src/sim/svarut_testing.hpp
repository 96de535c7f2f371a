// A sender to SvarUt and a receiving system of SvarInn for their tests. Never included by product code.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "crypto/cms.hpp"
#include "sim/sim_testing.hpp"

namespace kanal::sim::testing {

constexpr const char* konto = "5d0b3a0e-3f1c-4a43-9b53-0f7f2f7f1c11";
constexpr const char* integrasjon = "b7bb0f4e-57d5-4f2b-9a3f-9d1c3ad6d0ab";

struct Upload {
  std::string filnavn;
  std::string mimetype = "application/pdf";
  std::string content = "%PDF-1.7 brev";
};

/// One forsendelse to send; what is left alone is good.
struct Letter {
  std::string ekstern_ref = new_uuid();
  std::string receiver = municipality;
  std::string level = "BETYDELIG";
  bool encrypted = true;
  std::vector<Upload> uploads{{"brev.pdf"}, {"kart på én side.pdf", "application/pdf", "%PDF-1.7 kart"}};
  std::function<void(json::object& forsendelse)> change{};
  std::function<void(std::string& body)> change_body{};
};

class SvarUtBench : public Bench {
 protected:
  SvarUtBench() {
    national_.svarut().add_account({konto, integrasjon, "hemmelig", agency, "agency-soap", "såpe", {}});
    national_.svarinn().add_system(system("mottak", municipality, Keys::get().municipality_identity));
  }

  static Mottakersystem system(const std::string& username, const std::string& orgnr,
                               const crypto::Identity& identity) {
    return {username, "pæss", {orgnr}, identity.certificate, {3, 4}, std::nullopt, false};
  }

  std::string at(const std::string& path) const { return national_.svarut_url() + path; }
  std::string of_konto(const std::string& version, const std::string& path) const {
    return at("/api/" + version + "/kontoer/" + konto + "/forsendelser" + path);
  }
  net::Headers three_headers(const std::string& scope = "ks:fiks", const std::string& orgnr = agency) {
    auto& token = tokens_["ks" + scope + orgnr];
    if (token.empty()) token = maskinporten_token(scope, orgnr);
    return {{"Authorization", "Bearer " + token}, {"IntegrasjonId", integrasjon}, {"IntegrasjonPassord", "hemmelig"}};
  }
  static net::Headers basic(const std::string& username, const std::string& password) {
    return {{"Authorization", "Basic " + to_base64(bytes_of(username + ":" + password))}};
  }

  std::string encrypted(const std::string& content) const {
    MemorySink sink(2'000'000);
    auto encryptor =
        crypto::make_cms_encryptor(national_.svarut().certificate(), crypto::KeyTransport::oaep_sha256, sink);
    EXPECT_TRUE(encryptor.has_value());
    EXPECT_TRUE((*encryptor)->write(bytes_of(content)).has_value());
    EXPECT_TRUE((*encryptor)->finish().has_value());
    return std::string(text_of(sink.bytes()));
  }
  static std::string decrypted(const std::string& content, const crypto::Identity& identity) {
    MemorySink sink(2'000'000);
    const auto decryptor = crypto::make_cms_decryptor({identity}, sink);
    const bool good = decryptor->write(bytes_of(content)).has_value() && decryptor->finish().has_value();
    return good ? std::string(text_of(sink.bytes())) : "not for this key";
  }

  static json::object address() {
    return {{"adresselinje1", "Rådhusgata 4"}, {"postnummer", "6800"}, {"poststed", "FØRDE"}};
  }
  static json::object forsendelse(const Letter& letter) {
    json::array documents;
    for (const auto& upload : letter.uploads) {
      documents.push_back(json::object{{"filnavn", upload.filnavn},
                                       {"mimeType", upload.mimetype},
                                       {"skalEkskluderesFraUtskrift", upload.mimetype != "application/pdf"}});
    }
    return {{"mottaker", json::object{{"navn", "BERGVIK"}, {"digitalId", letter.receiver}, {"adresse", address()}}},
            {"tittel", "Svar på høring"},
            {"avgivendeSystem", nullptr},
            {"kryptert", letter.encrypted},
            {"utskriftskonfigurasjon", json::object{{"tosidig", true}}},
            {"sikkerhetsniva", letter.level},
            {"svarSendesTil",
             json::object{
                 {"navn", "Direktoratet"}, {"type", "ORGANISASJON"}, {"digitalId", agency}, {"adresse", address()}}},
            {"metadataFraAvleverendeSystem", json::object{{"saksaar", 2026},
                                                          {"sakssekvensnummer", 118},
                                                          {"journalposttype", "U"},
                                                          {"journaldato", "2026-09-01T00:00:00+02:00"},
                                                          {"saksbehandler", "Ola Dunk"}}},
            {"dokumenter", std::move(documents)},
            {"eksternReferanse", letter.ekstern_ref}};
  }
  static std::string part(const std::string& disposition, const std::string& type, const std::string& content) {
    return "--b7\r\nContent-Disposition: form-data; " + disposition + "\r\nContent-Type: " + type + "\r\n\r\n" +
           content + "\r\n";
  }
  std::string body(const Letter& letter) const {
    auto head = forsendelse(letter);
    if (letter.change) letter.change(head);
    auto out = part("name=\"forsendelse\"", "application/json;charset=UTF-8", json::serialize(head));
    int number = 0;
    for (const auto& upload : letter.uploads) {
      out += part("name=\"filer_" + std::to_string(number++) + "\"; filename=\"" + upload.filnavn + "\"",
                  upload.mimetype, letter.encrypted ? encrypted(upload.content) : upload.content);
    }
    out += "--b7--\r\n";
    if (letter.change_body) letter.change_body(out);
    return out;
  }
  net::ClientRequest letter_request(const Letter& letter) {
    return post_request(of_konto("v3", "/organisasjon"), body(letter), "multipart/form-data; boundary=b7",
                        three_headers());
  }
  net::ClientResponse send_letter(const Letter& letter) { return send(letter_request(letter)); }
  /// Gives the id.
  std::string sent(const Letter& letter = {}) {
    const auto answer = send_letter(letter);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return text(object_of(answer), "id");
  }
  /// The sentence of a refusal, behind its status.
  std::string refusal(const Letter& letter) {
    const auto answer = send_letter(letter);
    return std::to_string(answer.status) + " " + text(object_of(answer), "message");
  }
  net::ClientResponse ask_status(const std::vector<std::string>& ids) {
    json::array wanted;
    for (const auto& id : ids) wanted.emplace_back(id);
    return post(of_konto("v3", "/status/sok"), json::serialize(json::object{{"id", std::move(wanted)}}),
                "application/json", three_headers());
  }
  std::string status_of(const std::string& id) {
    const auto answer = object_of(ask_status({id}));
    const auto* list = answer.if_contains("statuser");
    if (list == nullptr || list->as_array().empty()) return "none";
    return text(list->as_array().front().as_object(), "status");
  }

  // SvarInn.
  net::Headers mottak() const { return basic("mottak", "pæss"); }
  std::string inn(const std::string& path) const { return national_.svarinn_url() + path; }
  json::array listed(const net::Headers& who) {
    const auto answer = get(inn("/mottaker/hentNyeForsendelser"), who);
    EXPECT_EQ(answer.status, 200);
    json::error_code error;
    const auto value = json::parse(answer.body, error);
    return !error && value.is_array() ? value.get_array() : json::array{"not readable"};
  }
};

}  // namespace kanal::sim::testing
