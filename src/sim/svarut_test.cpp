#include "sim/svarut.hpp"

#include <gmock/gmock.h>

#include "sim/svarut_testing.hpp"

namespace kanal::sim::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using SvarUtRest = SvarUtBench;

void set(json::object& forsendelse, const char* member, const char* name, json::value value) {
  forsendelse[member].as_object()[name] = std::move(value);
}
json::object& first_document(json::object& forsendelse) {
  return forsendelse["dokumenter"].as_array().front().as_object();
}

TEST_F(SvarUtRest, TakesAForsendelseAndDecryptsItsDocuments) {
  Letter letter;
  const auto id = sent(letter);
  EXPECT_TRUE(is_uuid(id));
  EXPECT_EQ(status_of(id), "KLAR_FOR_MOTTAK");
  const auto found = national_.svarut().state().find(id);
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->dokumenter.size(), 2U);
  EXPECT_EQ(found->dokumenter[1].filnavn, "kart på én side.pdf");
  EXPECT_EQ(found->dokumenter[1].sha256, to_hex(crypto::sha256(bytes_of("%PDF-1.7 kart"))));
  EXPECT_EQ(found->ekstern_ref, letter.ekstern_ref);
  EXPECT_EQ(found->niva, 3);
  const auto told = national_.audit().find({.simulator = "svarut", .action = "forsendelse"});
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].organisation, agency);
  EXPECT_EQ(told[0].vendor, std::string("MOVE_IP_") + agency);
  EXPECT_EQ(told[0].subject, id);
}

TEST_F(SvarUtRest, ChecksTheThreeHeaders) {
  const auto ask = [&](net::Headers headers) { return get(at("/api/v2/forsendelsestyper"), std::move(headers)); };
  EXPECT_EQ(ask(three_headers()).status, 200);
  auto headers = three_headers();
  headers[0].second = "Bearer nonsense";
  EXPECT_EQ(ask(headers).status, 401);
  const auto scopeless = ask(three_headers("eformidling:dpo"));
  EXPECT_EQ(scopeless.status, 401);
  EXPECT_THAT(text(object_of(scopeless), "message"), HasSubstr("ks:fiks"));
  for (const int spoiled : {1, 2}) {
    headers = three_headers();
    headers[static_cast<std::size_t>(spoiled)].second = "00000000-0000-4000-8000-000000000000";
    const auto answer = ask(headers);
    EXPECT_EQ(answer.status, 401);
    EXPECT_THAT(text(object_of(answer), "message"), HasSubstr("integrasjon med id"));
    headers.erase(headers.begin() + spoiled);
    EXPECT_EQ(ask(headers).status, 401);
  }
  // A good token, but of an organisation that the integration is not for.
  EXPECT_EQ(ask(three_headers("ks:fiks", municipality)).status, 401);
}

TEST_F(SvarUtRest, ChecksTheAccount) {
  const std::string other = "11111111-1111-4111-8111-111111111111";
  const auto url = at("/api/v2/kontoer/" + other + "/forsendelser?eksternRef=x");
  EXPECT_EQ(get(url, three_headers()).status, 404);
  national_.svarut().add_account({other, "22222222-2222-4222-8222-222222222222", "annen", municipality, "", "", {}});
  EXPECT_EQ(get(url, three_headers()).status, 403);
}

TEST_F(SvarUtRest, RefusesWhatBreaksTheSchema) {
  struct Case {
    std::function<void(json::object&)> change;
    const char* says;
  };
  const std::vector<Case> cases{
      {[](auto& f) { f.erase("tittel"); }, "tittel is missing"},
      {[](auto& f) { f["tittel"] = std::string(1001, 'x'); }, "tittel has 1001"},
      {[](auto& f) { f["tittel"] = ""; }, "too short"},
      {[](auto& f) { f.erase("mottaker"); }, "mottaker is missing"},
      {[](auto& f) { set(f, "mottaker", "digitalId", "12345678"); }, "digitalId"},
      {[](auto& f) { set(f, "mottaker", "digitalId", "123456789a"); }, "no digitalId"},
      {[](auto& f) { set(f, "mottaker", "navn", json::string(101, 'x')); }, "navn has 101"},
      {[](auto& f) { f["mottaker"].as_object()["adresse"].as_object().erase("poststed"); }, "poststed is missing"},
      {[](auto& f) { f["mottaker"].as_object()["adresse"].as_object()["adresselinje1"] = std::string(71, 'x'); },
       "adresselinje1 has 71"},
      {[](auto& f) { f["mottaker"].as_object()["adresse"].as_object()["landkode"] = "no"; }, "landkode"},
      {[](auto& f) { f["svarSendesTil"].as_object().erase("adresse"); }, "adresse is missing"},
      {[](auto& f) { set(f, "svarSendesTil", "type", "KOMMUNE"); }, "no type"},
      {[](auto& f) { f["konteringskode"] = "a b"; }, "konteringskode"},
      {[](auto& f) { f["konteringskode"] = std::string(21, 'a'); }, "konteringskode has 21"},
      {[](auto& f) { f["sikkerhetsniva"] = "LAV"; }, "no sikkerhetsniva"},
      {[](auto& f) { f["kryptert"] = "true"; }, "neither true nor false"},
      {[](auto& f) { f["svarPaForsendelseId"] = "42"; }, "no uuid"},
      {[](auto& f) { f["eksternReferanse"] = std::string(101, 'x'); }, "eksternReferanse has 101"},
      {[](auto& f) { f["forsendelsestype"] = "ukjent"; }, "Ukjent forsendelsestype ukjent"},
      {[](auto& f) { f["eksternRef"] = "x"; }, "eksternRef is not allowed"},
      {[](auto& f) { set(f, "metadataFraAvleverendeSystem", "saksaar", 0); }, "saksaar is not 1000"},
      {[](auto& f) { set(f, "metadataFraAvleverendeSystem", "sakssekvensnummer", 0); }, "sakssekvensnummer is not 1"},
      {[](auto& f) { set(f, "metadataFraAvleverendeSystem", "journaldato", "2026-09-01T00:00:00"); }, "offset"},
      {[](auto& f) { set(f, "metadataFraAvleverendeSystem", "ekstraMetadata", json::array(21, json::object{})); },
       "at most 20"},
      {[](auto& f) { f["lenker"] = json::array(6, json::object{}); }, "at most 5"},
      {[](auto& f) { first_document(f)["filnavn"] = "a/b.pdf"; }, "no file name"},
      {[](auto& f) { first_document(f)["filnavn"] = std::string(227, 'x'); }, "filnavn has 227"},
      {[](auto& f) { first_document(f)["filnavn"] = "kart på én side.pdf"; }, "ikke unikt"},
      {[](auto& f) { first_document(f).erase("mimeType"); }, "mimeType is missing"},
      {[](auto& f) { set(f, "mottaker", "digitalId", "3107013781"); }, "Enhetsregisteret"},
  };
  for (const auto& one : cases) {
    Letter letter;
    letter.change = one.change;
    const auto told = refusal(letter);
    EXPECT_THAT(told, StartsWith("400 ")) << one.says;
    EXPECT_THAT(told, HasSubstr(one.says));
  }
  EXPECT_TRUE(national_.svarut().state().forsendelser(10).empty());
}

TEST_F(SvarUtRest, WantsDocumentsInTheirOrder) {
  Letter swapped;
  swapped.change = [](json::object& f) { std::swap(f["dokumenter"].as_array()[0], f["dokumenter"].as_array()[1]); };
  EXPECT_THAT(refusal(swapped), HasSubstr("samme rekkefølge"));
  Letter missing;
  missing.change = [](json::object& f) {
    f["dokumenter"].as_array().push_back(json::object{{"filnavn", "x.pdf"}, {"mimeType", "application/pdf"}});
  };
  EXPECT_THAT(refusal(missing), HasSubstr("2 filer, men 3 dokumenter"));
  Letter extra;
  extra.change = [](json::object& f) { f["dokumenter"].as_array().pop_back(); };
  EXPECT_THAT(refusal(extra), HasSubstr("flere filer"));
  Letter type;
  type.change_body = [](std::string& body) {
    const std::string own = "Content-Type: application/pdf";
    body.replace(body.find(own), own.size(), "Content-Type: application/octet-stream");
  };
  EXPECT_THAT(refusal(type), HasSubstr("må ha Content-Type application/pdf"));
  Letter late;
  late.change_body = [](std::string& body) { body = part("name=\"filer_0\"; filename=\"a\"", "a/b", "x") + body; };
  EXPECT_THAT(refusal(late), HasSubstr("Første del"));
  Letter cut;
  cut.change_body = [](std::string& body) { body.resize(body.size() - 10); };
  EXPECT_THAT(refusal(cut), StartsWith("400 "));
  EXPECT_EQ(post(of_konto("v3", "/organisasjon"), "{}", "application/json", three_headers()).status, 415);
}

TEST_F(SvarUtRest, ChecksLevelEncryptionAndPrint) {
  Letter open;
  open.encrypted = false;
  EXPECT_EQ(national_.svarut().state().find(sent(open))->kryptert, false);
  open.level = "HOYESTE";
  EXPECT_THAT(refusal(open), HasSubstr("krypterte på nivå 4"));
  Letter level4;
  level4.level = "HOYESTE";
  EXPECT_EQ(national_.svarut().state().find(sent(level4))->niva, 4);
  Letter lying;
  lying.encrypted = false;
  lying.change = [](json::object& f) { f["kryptert"] = true; };
  EXPECT_THAT(refusal(lying), HasSubstr("Ugyldig innhold"));
  Letter empty;
  empty.uploads = {{"tom.pdf", "application/pdf", ""}};
  EXPECT_THAT(refusal(empty), HasSubstr("tomt dokument"));
  Letter picture;
  picture.uploads = {{"kart.png", "image/png", "png"}};
  sent(picture);
  picture.change = [](json::object& f) { first_document(f)["skalEkskluderesFraUtskrift"] = false; };
  EXPECT_THAT(refusal(picture), HasSubstr("kart.png må ekskluderes fra utskrift"));
  picture.change = [](json::object& f) {
    first_document(f)["skalEkskluderesFraUtskrift"] = false;
    f["kunDigitalLevering"] = true;
  };
  sent(picture);
  auto rules = national_.svarut().state().rules();
  rules.max_pdf_bytes = 20;
  national_.svarut().state().set_rules(rules);
  EXPECT_THAT(refusal({}), HasSubstr("for store"));
}

TEST_F(SvarUtRest, StatusesFollowTheClock) {
  using std::chrono::seconds;
  auto rules = national_.svarut().state().rules();
  rules.accept_delay = rules.ready_delay = rules.fate_delay = seconds(10);
  national_.svarut().state().set_rules(rules);
  national_.svarut().state().set_fate(municipality, "AVVIST");
  const auto id = sent();
  for (const char* status : {"MOTTATT", "AKSEPTERT", "KLAR_FOR_MOTTAK", "AVVIST", "AVVIST"}) {
    EXPECT_EQ(status_of(id), status);
    EXPECT_EQ(listed(mottak()).size(), std::string(status) == "KLAR_FOR_MOTTAK" ? 1U : 0U);
    clock_.advance(seconds(10));
  }
  Letter elsewhere;
  elsewhere.receiver = agency;
  const auto other = sent(elsewhere);
  clock_.advance(seconds(20));
  EXPECT_EQ(status_of(other), "VARSLET");
  EXPECT_EQ(admin("PUT", at("/sim/forsendelser/" + other + "/status"), {{"status", "PRINTET"}}).status, 204);
  EXPECT_EQ(status_of(other), "PRINTET");
  const auto seen = object_of(admin("GET", at("/sim/forsendelser/" + other)));
  EXPECT_EQ(text(seen, "status"), "PRINTET");
  EXPECT_EQ(seen.at("statuses").as_array().size(), 4U);
  const auto events = object_of(get(at("/api/v2/forsendelser/" + other + "/hendelser"), three_headers()));
  EXPECT_EQ(events.at("hendelser").as_array().size(), 4U);
}

TEST_F(SvarUtRest, StatusSearch) {
  const auto a = sent();
  const auto b = sent();
  const auto both = object_of(ask_status({a, b}));
  EXPECT_EQ(both.at("statuser").as_array().size(), 2U);
  const auto unknown = new_uuid();
  EXPECT_EQ(object_of(ask_status({a, unknown})).at("statuser").as_array().size(), 1U);
  EXPECT_EQ(admin("PUT", at("/sim/rules"), {{"unknown_ids", "not_found"}}).status, 204);
  EXPECT_EQ(ask_status({a, unknown}).status, 404);
  EXPECT_EQ(admin("PUT", at("/sim/rules"), {{"unknown_ids", "forbidden"}}).status, 204);
  EXPECT_EQ(ask_status({a, unknown}).status, 403);
  EXPECT_EQ(ask_status({"42"}).status, 400);
  const auto old = post(of_konto("v2", "/status-sok"), R"({"forsendelseIds":[")" + a + R"("]})", "application/json",
                        three_headers());
  EXPECT_EQ(object_of(old).at("statuser").as_array().size(), 1U);
}

TEST_F(SvarUtRest, AReferenceIsNotUnique) {
  Letter letter;
  const auto first = sent(letter);
  clock_.advance(std::chrono::seconds(1));
  const auto second = sent(letter);
  EXPECT_NE(first, second);
  const auto query = "?eksternRef=" + letter.ekstern_ref;
  const auto ids = object_of(get(of_konto("v2", query), three_headers())).at("forsendelseIds").as_array();
  EXPECT_EQ(ids, (json::array{json::string(first), json::string(second)}));
  const auto described = object_of(get(of_konto("v2", "/metadata" + query), three_headers()));
  EXPECT_LT(text(described.at("forsendelser").as_array()[0].as_object(), "dato"),
            text(described.at("forsendelser").as_array()[1].as_object(), "dato"));
  const auto none = object_of(get(of_konto("v2", "?eksternRef=x"), three_headers()));
  EXPECT_TRUE(none.at("forsendelseIds").as_array().empty());
  EXPECT_EQ(get(of_konto("v2", ""), three_headers()).status, 400);
}

TEST_F(SvarUtRest, TypesSystemsAndKey) {
  const auto types = object_of(get(at("/api/v2/forsendelsestyper"), three_headers()));
  EXPECT_EQ(types.at("forsendelsestyper"), (json::array{"byggesak", "havneplan"}));
  const auto systems =
      object_of(get(at(std::string("/api/v2/mottakersystem?organisasjonsnummer=") + municipality), three_headers()));
  EXPECT_EQ(systems.at("mottakersystemer").as_array().size(), 2U);
  EXPECT_EQ(get(at("/forsendelse/publickey/hent")).body, national_.svarut().certificate().pem());
}

TEST_F(SvarUtRest, TheServiceRegistryKnowsWhoIsReachedWithDpf) {
  OrganisationRegistration organisation{municipality, "BERGVIK", std::set<std::string>{}, std::nullopt};
  organisation.dpf = true;
  national_.register_organisation(organisation);
  const auto answer = object_of(
      get(national_.registry_url() + "/identifier/" + municipality +
              "/process/urn:no:difi:profile:arkivmelding:administrasjon:ver1.0",
          {{"Authorization", "Bearer " + maskinporten_token("eformidling:dpf")}, {"Accept", "application/json"}}));
  const auto record = answer.at("serviceRecords").as_array().at(0).as_object();
  EXPECT_EQ(text(record.at("service").as_object(), "identifier"), "DPF");
  EXPECT_EQ(text(record, "pemCertificate"), national_.svarut().certificate().pem());
  EXPECT_EQ(text(record.at("service").as_object(), "endpointUrl"), national_.svarut_url());
}

TEST_F(SvarUtRest, FaultsOfSending) {
  Letter letter;
  arm("svarut.send.lost_answer", 1, letter.ekstern_ref);
  EXPECT_FALSE(http_.send(letter_request(letter)).has_value());
  EXPECT_EQ(national_.svarut().state().by_ekstern_ref(letter.ekstern_ref, konto).size(), 1U);
  arm("svarut.send.503_after_store");
  EXPECT_EQ(send_letter({}).status, 503);
  arm("svarut.send.empty_200");
  EXPECT_EQ(send_letter({}).body, "");
  arm("svarut.send.no_id");
  EXPECT_EQ(text(object_of(send_letter({})), "id"), "");
  EXPECT_EQ(national_.svarut().state().forsendelser(10).size(), 4U);
  arm("svarut.reset");
  EXPECT_FALSE(http_.send(letter_request({})).has_value());
  arm("svarut.send.429");
  EXPECT_EQ(send_letter({}).header("Retry-After"), "2");
  arm("svarut.502");
  EXPECT_THAT(send_letter({}).body, HasSubstr("<html>"));
  arm("svarut.401", 1, agency);
  const auto refused = send_letter({});
  EXPECT_EQ(refused.status, 401);
  EXPECT_TRUE(is_uuid(text(object_of(refused), "errorId")));
  EXPECT_TRUE(object_of(refused).at("errorJson").is_object());
  arm("svarut.send.400");
  arm("svarut.error_json_string");
  EXPECT_TRUE(object_of(send_letter({})).at("errorJson").is_string());
  EXPECT_EQ(national_.svarut().state().forsendelser(10).size(), 4U);
}

TEST_F(SvarUtRest, FaultsOfAsking) {
  Letter letter;
  const auto id = sent(letter);
  const auto statuses = [&] { return object_of(ask_status({id})).at("statuser").as_array(); };
  arm("svarut.status.missing", 1, id);
  EXPECT_TRUE(statuses().empty());
  arm("svarut.status.duplicated", 1, id);
  EXPECT_EQ(statuses().size(), 2U);
  arm("svarut.status.foreign_id");
  EXPECT_EQ(statuses().size(), 2U);
  arm("svarut.status.unknown_status");
  EXPECT_EQ(text(statuses()[0].as_object(), "status"), "DRØMMER");
  arm("svarut.status.null_status");
  EXPECT_TRUE(statuses()[0].as_object().at("status").is_null());
  arm("svarut.eksternref.empty", 1, letter.ekstern_ref);
  const auto url = of_konto("v2", "?eksternRef=" + letter.ekstern_ref);
  EXPECT_TRUE(object_of(get(url, three_headers())).at("forsendelseIds").as_array().empty());
  EXPECT_EQ(object_of(get(url, three_headers())).at("forsendelseIds").as_array().size(), 1U);
}

class SvarUtSoap : public SvarUtBench {
 protected:
  net::Headers login() const { return basic("agency-soap", "såpe"); }
  static std::string envelope(const std::string& body) {
    return R"(<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>)" + body +
           "</s:Body></s:Envelope>";
  }
  static std::string call(const std::string& operation, const std::string& arguments) {
    return envelope("<v:" + operation + " xmlns:v=\"http://www.ks.no/svarut/servicesV9\">" + arguments +
                    "</v:" + operation + ">");
  }
  net::ClientResponse soap(const std::string& body, const std::string& type = "application/soap+xml") {
    return post(at("/tjenester/forsendelseservice/ForsendelsesServiceV9"), body, type, login());
  }
  static std::string document(const std::string& data) {
    return "<dokumenter><data>" + data +
           "</data><ekskluderesFraPrint>false</ekskluderesFraPrint><filnavn>brev.pdf</filnavn>"
           "<mimetype>application/pdf</mimetype><skalSigneres>false</skalSigneres></dokumenter>";
  }
  static std::string send_call(const std::string& id, const std::string& documents) {
    return call("sendForsendelseMedId",
                "<forsendelse><avgivendeSystem/>" + documents +
                    "<eksternref>ref-1</eksternref><krevNiva4Innlogging>true</krevNiva4Innlogging>"
                    "<kryptert>true</kryptert><kunDigitalLevering>false</kunDigitalLevering>"
                    "<metadataFraAvleverendeSystem><journalaar>0</journalaar><journalpostnummer>0</journalpostnummer>"
                    "<journalsekvensnummer>0</journalsekvensnummer><saksaar>2026</saksaar>"
                    "<sakssekvensnummer>7</sakssekvensnummer></metadataFraAvleverendeSystem>"
                    "<mottaker><digitalAdresse xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                    "xmlns:t=\"http://www.ks.no/svarut/servicesV9\" xsi:type=\"t:organisasjonDigitalAdresse\"><orgnr>" +
                    std::string(municipality) +
                    "</orgnr></digitalAdresse><postAdresse><navn>BERGVIK</navn></postAdresse></mottaker>"
                    "<signaturtype/><signeringUtloper/><svarPaForsendelseLink>false</svarPaForsendelseLink>"
                    "<tittel>Svar</tittel></forsendelse><forsendelsesid>" +
                    id + "</forsendelsesid>");
  }
  static std::string mtom(const std::string& envelope, const std::string& content_id, const std::string& content) {
    return "--m1\r\nContent-Type: application/xop+xml; charset=UTF-8; type=\"application/soap+xml\"\r\n"
           "Content-ID: <root@kanal>\r\n\r\n" +
           envelope +
           "\r\n--m1\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <" +
           content_id + ">\r\n\r\n" + content + "\r\n--m1--\r\n";
  }
  static constexpr const char* mtom_type =
      "multipart/related; type=\"application/xop+xml\"; boundary=\"m1\"; start=\"<root@kanal>\"";
  static std::string included(const std::string& cid) {
    return "<xop:Include xmlns:xop=\"http://www.w3.org/2004/08/xop/include\" href=\"cid:" + cid + "\"/>";
  }
};

TEST_F(SvarUtSoap, TakesAForsendelseWithMtom) {
  const auto id = new_uuid();
  const auto body = mtom(send_call(id, document(included("doc%201@kanal"))), "doc 1@kanal", encrypted("%PDF brev"));
  const auto answer = soap(body, mtom_type);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("<return>" + id + "</return>"));
  const auto found = national_.svarut().state().find(id);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->dokumenter[0].size, 9U);
  EXPECT_EQ(found->niva, 4);
  const auto again = soap(body, mtom_type);
  EXPECT_EQ(again.status, 500);
  EXPECT_THAT(again.body, HasSubstr("Duplikat"));
  EXPECT_THAT(soap(call("retrieveForsendelseStatuser", "<forsendelseider>" + id + "</forsendelseider>")).body,
              HasSubstr("<forsendelseStatus>KLAR_FOR_MOTTAK</forsendelseStatus><forsendelsesid>" + id));
  EXPECT_THAT(soap(call("retrieveForsendelseIdByEksternRef", "<eksternRef>ref-1</eksternRef>")).body, HasSubstr(id));
  EXPECT_THAT(soap(call("retreiveForsendelseTyper", "")).body, HasSubstr("<return>havneplan</return>"));
}

TEST_F(SvarUtSoap, TakesADocumentInsideTheEnvelope) {
  const auto id = new_uuid();
  EXPECT_EQ(soap(send_call(id, document(to_base64(bytes_of(encrypted("%PDF brev")))))).status, 200);
  EXPECT_EQ(listed(mottak()).size(), 1U);
}

TEST_F(SvarUtSoap, FaultsSayWhatIsWrong) {
  const auto reason = [&](const std::string& body, const char* type = "application/soap+xml") {
    const auto answer = soap(body, type);
    EXPECT_EQ(answer.status, 500);
    return answer.body;
  };
  const auto id = new_uuid();
  EXPECT_THAT(reason(send_call("42", "")), HasSubstr("Ugyldig innhold: forsendelsesid"));
  EXPECT_THAT(reason(mtom(send_call(id, document(included("a"))), "a", "not encrypted"), mtom_type),
              HasSubstr("Feil under lesing av brev.pdf"));
  EXPECT_THAT(reason(mtom(send_call(id, document(included("a"))), "b", encrypted("x")), mtom_type),
              HasSubstr("hører ikke til"));
  EXPECT_THAT(reason(mtom(send_call(id, document(included("a"))), "a", encrypted("")), mtom_type),
              HasSubstr("Kan ikke lagre tomt dokument"));
  EXPECT_THAT(reason(call("sendFisk", "")), HasSubstr("no operation"));
  EXPECT_THAT(reason("<a/>"), HasSubstr("SOAP 1.2"));
  EXPECT_EQ(soap("<a/>", "text/xml").status, 415);
  EXPECT_EQ(post(at("/tjenester/forsendelseservice/ForsendelsesServiceV9"), "", "application/soap+xml",
                 basic("agency-soap", "galt"))
                .status,
            401);
  arm("svarut.soap.fault");
  EXPECT_THAT(reason(call("retreiveForsendelseTyper", "")), HasSubstr("intern feil"));
  arm("svarut.soap.multipart_answer");
  const auto wrapped = soap(call("retreiveForsendelseTyper", ""));
  EXPECT_THAT(std::string(wrapped.header("Content-Type")), StartsWith("multipart/related"));
  EXPECT_THAT(wrapped.body, HasSubstr("<return>havneplan</return>"));
  EXPECT_TRUE(national_.svarut().state().forsendelser(1).empty());
}

}  // namespace
}  // namespace kanal::sim::testing
