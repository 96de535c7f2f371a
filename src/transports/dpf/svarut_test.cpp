// Sending against a scripted SvarUt, by both interfaces (dpf.md sections 3 to 6).
#include "transports/dpf/svarut.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/multipart.hpp"
#include "lookup/lookup_testing.hpp"
#include "transports/dpf/dpf_testing.hpp"

namespace kanal::transports::dpf::testing {
namespace {

using domain::ReceiptStatus;
using lookup::testing::answer;
using lookup::testing::Seen;
using ports::testing::TestDispatch;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::string send_path = "/api/v3/kontoer/" + std::string(konto_id) + "/forsendelser/organisasjon";
const std::string find_path = "/api/v2/kontoer/" + std::string(konto_id) + "/forsendelser";
const std::string types_path = "/api/v2/forsendelsestyper";
const std::string accepted = R"({"id":")" + std::string(ks_id) + R"("})";

/// Name, file name, content type and content of each part.
struct SeenPart {
  std::string name, filename, content_type, content;
};

std::vector<SeenPart> parts_of(const Seen& request) {
  class Collector final : public formats::PartHandler {
   public:
    Result<void> begin_part(const formats::PartHead& head) override {
      parts.push_back(
          {head.disposition.name.value_or(""), head.disposition.filename.value_or(""), head.content_type, {}});
      return {};
    }
    Result<void> part_data(ByteView bytes) override {
      parts.back().content += text_of(bytes);
      return {};
    }
    Result<void> end_part() override { return {}; }
    std::vector<SeenPart> parts{};
  };
  Collector collector;
  const auto boundary = formats::multipart_boundary(request.header("Content-Type"));
  EXPECT_TRUE(boundary);
  auto reader = formats::make_multipart_reader(boundary.value_or("x"), collector);
  EXPECT_TRUE(reader->write(bytes_of(request.body)) && reader->finish());
  return collector.parts;
}

template <class T>
std::string failure_of(const Result<T>& result) {
  if (result) return {};
  return result.error().code + (result.error().disposition == Disposition::retry ? " retry" : " reject");
}

class SvarUtTest : public ::testing::Test {
 protected:
  SvarUt& start(Settings settings) {
    settings.root = peer_.url();
    settings.rest_url = peer_.url();
    settings.soap_url = peer_.url("/soap");
    settings.token_client = lookup::TokenClient{peer_.url("/token"), "https://mp/", "MOVE_IP",
                                                lookup::CertificateCredential{DpfKeys::get().own, false}};
    settings_ = std::move(settings);
    svarut_.emplace(settings_, Resources{config_, http_, directory_, identities_, clock_, log_, "6a2c"});
    return *svarut_;
  }
  SvarUt& rest() { return start(dpf_settings()); }
  SvarUt& soap() { return start(dpf_settings(SvarUtType::soap)); }

  /// What the next calls to send get, in order; then acceptance.
  void next_sends(std::vector<std::pair<int, std::string>> answers) {
    const std::scoped_lock lock(mutex_);
    sends_ = std::move(answers);
  }
  void known(const std::string& ids) {
    const std::scoped_lock lock(mutex_);
    known_ = ids;
  }
  net::Response play(const Seen& request) {
    const std::scoped_lock lock(mutex_);
    if (request.path == "/token") {
      return answer(200, R"({"access_token":"token-)" + std::to_string(++tokens_) +
                             R"(","token_type":"Bearer","expires_in":120,"scope":"ks:fiks"})");
    }
    if (request.path == send_path || request.path == "/soap") {
      if (request.path == "/soap" && request.body.find("retrieveForsendelseIdByEksternRef") != std::string::npos) {
        return answer(200, envelope("retrieveForsendelseIdByEksternRef", known_),
                      {{"Content-Type", "application/soap+xml"}});
      }
      if (request.path == "/soap" && request.body.find("retrieveForsendelseStatuser") != std::string::npos) {
        return answer(200, envelope("retrieveForsendelseStatuser", soap_statuses_));
      }
      if (request.path == "/soap" && request.body.find("retreiveForsendelseTyper") != std::string::npos) {
        return answer(200, envelope("retreiveForsendelseTyper", "<return>havneplan</return>"));
      }
      if (!sends_.empty()) {
        auto next = sends_.front();
        sends_.erase(sends_.begin());
        return answer(next.first, next.second, retry_after_);
      }
      return request.path == send_path
                 ? answer(200, accepted)
                 : answer(200,
                          "--b\r\nContent-Type: application/xop+xml\r\n\r\n" +
                              envelope("sendForsendelseMedId", "<return>" + std::string(message_id) + "</return>") +
                              "\r\n--b--\r\n",
                          {{"Content-Type", "multipart/related; boundary=b"}});
    }
    if (request.path == find_path) return answer(200, R"({"forsendelseIds":[)" + known_ + "]}");
    if (request.path == find_path + "/metadata") {
      return answer(200,
                    R"({"forsendelser":[{"id":"7c1de2b4-0f9b-4f86-9c5b-3a0e70f4e6a1","dato":"2026-09-01T08:00:00Z"},)"
                    R"({"id":"3b8f0a64-52b9-4b0c-9d0f-7a2f6a0b8001","dato":"2026-09-01T09:00:00Z"}]})");
    }
    if (request.path == types_path) return answer(types_.first, types_.second);
    if (request.path == "/forsendelse/publickey/hent") return answer(200, DpfKeys::get().svarut.certificate.pem());
    return answer(404);
  }
  static std::string envelope(const std::string& operation, const std::string& inside) {
    return "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body><n:" + operation +
           "Response xmlns:n='http://www.ks.no/svarut/servicesV9'>" + inside + "</n:" + operation +
           "Response></s:Body></s:Envelope>";
  }
  static std::string fault(const std::string& text) {
    return "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body><s:Fault><s:Reason><s:Text>" + text +
           "</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>";
  }

  ports::OutboundDocument document(domain::Sbd sbd = dpf_sbd()) {
    return {std::move(sbd), domain::DocumentRole::message, {}, whole_files(blobs_)};
  }
  /// As the flow does: some time after the attempt before.
  Result<ports::Sent> send(const domain::Sbd& sbd = dpf_sbd()) {
    clock_.advance(std::chrono::seconds(20));
    return svarut_->send(document(sbd), dispatch_, {});
  }
  bool knocked(std::size_t times = 1) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (peer_.count(types_path) < times) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  kanal::testing::TemporaryFolder folder_;
  std::mutex mutex_;
  std::vector<std::pair<int, std::string>> sends_;
  std::string known_;
  std::string soap_statuses_;
  net::Headers retry_after_;
  std::pair<int, std::string> types_{200, R"({"forsendelsestyper":["havneplan","byggesak"]})"};
  int tokens_ = 0;
  lookup::testing::Peer peer_{[this](const Seen& request) { return play(request); }};
  net::HttpClient http_{net::ClientOptions{}};
  lookup::testing::ManualClock clock_;
  lookup::testing::CaptureLog log_;
  ops::Config config_ = *ops::Config::load({folder_.path(), {}, {}});
  DpfDirectory directory_;
  std::vector<crypto::Identity> identities_{DpfKeys::get().own};
  ports::testing::MemoryBlobs blobs_;
  TestDispatch dispatch_{blobs_};
  Settings settings_;
  std::optional<SvarUt> svarut_;
};

TEST_F(SvarUtTest, SendsTheJsonFirstAndEncryptedDocumentsInItsOrder) {
  rest();
  const auto sent = send();
  ASSERT_EQ(failure_of(sent), "");
  EXPECT_EQ(sent->remote_reference, ks_id) << "the server's id is what is asked with";
  EXPECT_THAT(sent->at_once, ElementsAre(ReceiptStatus::levert));
  EXPECT_TRUE(sent->follow);
  EXPECT_EQ(directory_.asked_level, 3);
  const auto calls = peer_.seen(send_path);
  ASSERT_THAT(calls, SizeIs(1));
  EXPECT_EQ(calls[0].header("IntegrasjonId"), integrasjon_id);
  EXPECT_EQ(calls[0].header("IntegrasjonPassord"), "hemmelig");
  EXPECT_THAT(calls[0].header("Authorization"), HasSubstr("Bearer token-"));
  const auto parts = parts_of(calls[0]);
  ASSERT_THAT(parts, SizeIs(3));
  EXPECT_EQ(parts[0].name, "forsendelse");
  EXPECT_EQ(parts[0].filename, "");
  EXPECT_EQ(parts[0].content_type, "application/json;charset=UTF-8");
  EXPECT_EQ(json::parse(parts[0].content).at("eksternReferanse"), message_id);
  EXPECT_EQ(parts[1].filename, "brev.pdf");
  EXPECT_EQ(parts[1].content_type, "application/pdf");
  EXPECT_EQ(decrypted(parts[1].content), "%PDF-1.7 brev");
  EXPECT_EQ(parts[2].filename, "kart.png");
  EXPECT_EQ(decrypted(parts[2].content), "PNG kart");
}

TEST_F(SvarUtTest, DocumentsGoAsTheyAreWhenNotEncrypted) {
  auto settings = dpf_settings();
  settings.encrypted = false;
  start(settings);
  ASSERT_EQ(failure_of(send()), "");
  EXPECT_EQ(parts_of(peer_.seen(send_path)[0]).at(1).content, "%PDF-1.7 brev");
}

TEST_F(SvarUtTest, TheIntentIsRememberedBeforeTheCall) {
  rest();
  std::string at_point;
  dispatch_.at_point = [&](std::string_view point) {
    at_point = point;
    EXPECT_NE(dispatch_.state, "");
    EXPECT_EQ(peer_.count(send_path), 0U);
  };
  ASSERT_EQ(failure_of(send()), "");
  EXPECT_EQ(at_point, "send.reference_stored");
}

TEST_F(SvarUtTest, AnAnswerThatWasLostIsFoundByOurReference) {
  rest();
  next_sends({{200, ""}});
  EXPECT_EQ(failure_of(send()), "dpf.answer retry") << "accepted, but under what id?";
  known("\"" + std::string(ks_id) + "\"");
  const auto sent = send();
  ASSERT_EQ(failure_of(sent), "");
  EXPECT_EQ(sent->remote_reference, ks_id);
  EXPECT_EQ(peer_.count(send_path), 1U) << "one forsendelse";
  EXPECT_THAT(peer_.seen(find_path)[0].target, HasSubstr("eksternRef=" + std::string(message_id)));
}

TEST_F(SvarUtTest, ThatNoneIsKnownProvesNothingRightAfterTheCall) {
  rest();
  next_sends({{200, ""}});
  EXPECT_EQ(failure_of(send()), "dpf.answer retry");
  const auto soon = svarut_->send(document(), dispatch_, {});
  EXPECT_EQ(failure_of(soon), "dpf.in_doubt retry");
  EXPECT_EQ(soon.error().retry_after, std::chrono::seconds(10));
  EXPECT_EQ(peer_.count(send_path), 1U);
  clock_.advance(std::chrono::seconds(10));
  EXPECT_EQ(failure_of(svarut_->send(document(), dispatch_, {})), "");
  EXPECT_EQ(failure_of(svarut_->send(document(), dispatch_, {})), "dpf.in_doubt retry") << "each call counts anew";
}

TEST_F(SvarUtTest, OfSeveralForsendelserTheNewestIsTaken) {
  rest();
  dispatch_.state = "{}";
  known("\"7c1de2b4-0f9b-4f86-9c5b-3a0e70f4e6a1\",\"3b8f0a64-52b9-4b0c-9d0f-7a2f6a0b8001\"");
  const auto sent = send();
  ASSERT_EQ(failure_of(sent), "");
  EXPECT_EQ(sent->remote_reference, "3b8f0a64-52b9-4b0c-9d0f-7a2f6a0b8001");
}

TEST_F(SvarUtTest, WhatNeverGotThereIsSentAgain) {
  rest();
  next_sends({{503, "<html>"}});
  EXPECT_EQ(failure_of(send()), "dpf.away retry");
  EXPECT_EQ(failure_of(send()), "");
  EXPECT_EQ(peer_.count(send_path), 2U);
}

TEST_F(SvarUtTest, ARefusedTokenIsRenewedOnce) {
  rest();
  ASSERT_TRUE(knocked());
  next_sends({{401, R"({"message":"token could not be validated"})"}});
  ASSERT_EQ(failure_of(send()), "");
  const auto calls = peer_.seen(send_path);
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_NE(calls[0].header("Authorization"), calls[1].header("Authorization"));
  EXPECT_EQ(decrypted(parts_of(calls[1]).at(1).content), "%PDF-1.7 brev") << "the body is made anew";
}

TEST_F(SvarUtTest, AWrongPasswordNamesPropertyAndAccount) {
  rest();
  const std::string body = R"({"message":"authentication failed for integration","errorId":"8a2c"})";
  next_sends({{401, body}, {401, body}});
  const auto sent = send();
  ASSERT_EQ(failure_of(sent), "dpf.credentials retry");
  EXPECT_THAT(sent.error().message,
              AllOf(HasSubstr("difi.move.fiks.ut.rest.integrasjon-passord"), HasSubstr(integrasjon_id),
                    HasSubstr(konto_id), HasSubstr("errorId 8a2c"), Not(HasSubstr("hemmelig"))));
  EXPECT_EQ(peer_.count(send_path), 2U);
  EXPECT_FALSE(svarut_->health().up);
  EXPECT_THAT(svarut_->health().detail, HasSubstr("integrasjon-passord"));
  ASSERT_EQ(failure_of(send()), "");
  EXPECT_TRUE(svarut_->health().up);
}

TEST_F(SvarUtTest, EveryClassOfRefusal) {
  rest();
  for (const auto& [status, wanted] : std::map<int, std::string>{{400, "dpf.refused reject"},
                                                                 {402, "dpf.refused reject"},
                                                                 {403, "dpf.denied retry"},
                                                                 {404, "dpf.denied retry"},
                                                                 {408, "dpf.away retry"},
                                                                 {409, "dpf.refused reject"},
                                                                 {413, "dpf.refused reject"},
                                                                 {415, "dpf.refused reject"},
                                                                 {422, "dpf.refused reject"},
                                                                 {425, "dpf.away retry"},
                                                                 {429, "dpf.away retry"},
                                                                 {500, "dpf.away retry"},
                                                                 {503, "dpf.away retry"}}) {
    next_sends({{status, R"({"message":"Dokument kart.png","errorId":"8a2c"})"}});
    const auto sent = send();
    EXPECT_EQ(failure_of(sent), wanted) << status;
    ASSERT_FALSE(sent);
    EXPECT_THAT(sent.error().message, AllOf(HasSubstr("Dokument kart.png"), HasSubstr("errorId 8a2c")));
  }
  retry_after_ = {{"Retry-After", "17"}};
  next_sends({{429, ""}});
  EXPECT_EQ(send().error().retry_after, std::chrono::seconds(17));
}

TEST_F(SvarUtTest, OthersHaveTheirOwnTokenAndAccount) {
  auto settings = dpf_settings();
  settings.rest_accounts.emplace(
      other_number, RestAccount{konto_id, "3b8f0a64-52b9-4b0c-9d0f-7a2f6a0b8002", Secret("annet"), "x.", true});
  start(settings);
  ASSERT_TRUE(knocked(2));
  ASSERT_EQ(failure_of(send(dpf_sbd(R"({"sikkerhetsnivaa":3})", "0192:310700002:974720760"))), "");
  ASSERT_EQ(failure_of(send()), "");
  const auto calls = peer_.seen(send_path);
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_EQ(calls[0].header("IntegrasjonPassord"), "annet");
  EXPECT_EQ(calls[1].header("IntegrasjonPassord"), "hemmelig");
  EXPECT_NE(calls[0].header("Authorization"), calls[1].header("Authorization"));
  std::vector<std::string> consumers;
  for (const auto& grant : peer_.seen("/token")) {
    const auto form = grant.body.substr(grant.body.find("assertion=") + 10);
    const auto claims = form.substr(form.find('.') + 1);
    const auto decoded = from_base64url(claims.substr(0, claims.find('.')));
    const auto text = decoded ? std::string(text_of(*decoded)) : std::string();
    consumers.push_back(text.find(R"("consumer_org":"974720760")") != std::string::npos ? "other" : "own");
  }
  EXPECT_THAT(consumers, ::testing::UnorderedElementsAre("own", "other"));
}

TEST_F(SvarUtTest, ReceiptsAreDiscardedAsDone) {
  rest();
  auto receipt = dpf_sbd();
  receipt.document.type = "arkivmelding_kvittering";
  EXPECT_TRUE(svarut_->complete(receipt, {}));
  const auto sent = svarut_->send({receipt, domain::DocumentRole::answer_to_message, {}, {}}, dispatch_, {});
  ASSERT_EQ(failure_of(sent), "");
  EXPECT_THAT(sent->at_once, ElementsAre(ReceiptStatus::levert, ReceiptStatus::lest));
  EXPECT_FALSE(sent->follow);
  EXPECT_EQ(peer_.count(send_path), 0U);
  EXPECT_EQ(dispatch_.state, "");
}

TEST_F(SvarUtTest, WhatCanNeverBeSentIsRefusedWhenItIsCreated) {
  rest();
  const auto refusal = [&](domain::Sbd sbd) { return failure_of(svarut_->complete(sbd, {})); };
  EXPECT_EQ(refusal(dpf_sbd()), "");
  EXPECT_EQ(refusal(dpf_sbd("{}")), "submit.document reject") << "the level is mandatory";
  auto typed = dpf_sbd(R"({"sikkerhetsnivaa":3,"dpf":{"forsendelseType":"postkort"}})");
  const auto refused = svarut_->complete(typed, {});
  EXPECT_EQ(failure_of(refused), "submit.forsendelse_type reject");
  EXPECT_EQ(refused.error().message, "Found forsendelseType postkort, but valid types are havneplan, byggesak");
  EXPECT_EQ(refusal(dpf_sbd(R"({"sikkerhetsnivaa":3,"dpf":{"forsendelseType":"byggesak"}})")), "");
  auto stranger = dpf_sbd(R"({"sikkerhetsnivaa":3})", "0192:310700002:974720760");
  const auto unknown = svarut_->complete(stranger, {});
  EXPECT_EQ(failure_of(unknown), "submit.svarut_credentials reject");
  EXPECT_EQ(unknown.error().message, "SvarUt credentials not configured for orgnr 974720760");
  auto other = dpf_sbd();
  other.document.type = "avtalt";
  EXPECT_EQ(refusal(other), "submit.document reject");
}

TEST_F(SvarUtTest, TypesThatCannotBeAskedForStopNothing) {
  types_.first = 503;
  rest();
  auto typed = dpf_sbd(R"({"sikkerhetsnivaa":3,"dpf":{"forsendelseType":"postkort"}})");
  EXPECT_EQ(failure_of(svarut_->complete(typed, {})), "");
}

TEST_F(SvarUtTest, FilesThatSvarUtRefusesAreRefusedWhenTheyAreUploaded) {
  rest();
  const auto refusal = [&](const std::string& name) {
    ports::Attachment file;
    file.filename = name;
    return failure_of(svarut_->check_file(dpf_sbd(), file));
  };
  EXPECT_EQ(refusal("brev.pdf"), "");
  EXPECT_EQ(refusal("kart.png"), "") << "not printed, by the configuration";
  EXPECT_EQ(refusal("arkivmelding.xml"), "");
  EXPECT_EQ(refusal("tabell.xlsx"), "submit.content_type reject");
  EXPECT_EQ(refusal("a:b.pdf"), "submit.document reject");
  auto settings = dpf_settings();
  settings.only_digital = true;
  start(settings);
  EXPECT_EQ(refusal("tabell.xlsx"), "");
}

TEST_F(SvarUtTest, TroubleWithTheRegisters) {
  rest();
  directory_.service = "DPV";
  EXPECT_EQ(failure_of(send()), "dpf.route_changed retry");
  directory_.service = "DPF";
  directory_.entity_error = Error{"directory.unavailable", "away", Disposition::retry, {}, {}};
  EXPECT_EQ(failure_of(send()), "directory.unavailable retry");
  EXPECT_EQ(dispatch_.state, "") << "nothing can be at SvarUt";
  directory_.entity_error->disposition = Disposition::reject;
  EXPECT_EQ(failure_of(send()), "") << "an address that nobody knows has its substitute";
}

TEST_F(SvarUtTest, TheKeyComesFromTheRecordOrFromSvarUt) {
  rest();
  directory_.certificate_pem.clear();
  ASSERT_EQ(failure_of(send()), "");
  EXPECT_EQ(decrypted(parts_of(peer_.seen(send_path)[0]).at(1).content), "%PDF-1.7 brev");
  dispatch_.state.clear();
  ASSERT_EQ(failure_of(send()), "");
  EXPECT_EQ(peer_.count("/forsendelse/publickey/hent"), 1U) << "kept for an hour";
  directory_.certificate_pem = "no certificate";
  EXPECT_EQ(failure_of(send()), "dpf.certificate retry");
}

TEST_F(SvarUtTest, AMessageThatCannotBeReadIsGivenUp) {
  rest();
  auto broken = document();
  broken.files[0].blob = blobs_.put("<a");
  EXPECT_EQ(failure_of(svarut_->send(broken, dispatch_, {})), "xml.malformed reject");
  broken.files.erase(broken.files.begin());
  EXPECT_EQ(failure_of(svarut_->send(broken, dispatch_, {})), "dpf.document reject");
  EXPECT_EQ(peer_.count(send_path), 0U);
}

TEST_F(SvarUtTest, WhoIsNotLetInIsToldAtTheStart) {
  types_ = {401, R"({"message":"authentication failed"})"};
  rest();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (svarut_->health().up && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_THAT(svarut_->health().detail, HasSubstr("difi.move.fiks.ut.rest.integrasjon-passord"));
  svarut_.reset();
  EXPECT_EQ(log_.count("svarut_not_let_in"), 1);
  EXPECT_THAT(log_.text(), Not(HasSubstr("hemmelig")));
}

TEST_F(SvarUtTest, NoAccountIsBadHealth) {
  auto settings = dpf_settings();
  settings.rest_accounts.clear();
  start(settings);
  EXPECT_EQ(svarut_->health().detail, "SvarUt credentials not configured for orgnr 310700002");
}

TEST_F(SvarUtTest, SoapSendsWithMtom) {
  soap();
  const auto sent = send();
  ASSERT_EQ(failure_of(sent), "");
  EXPECT_EQ(sent->remote_reference, message_id);
  std::vector<Seen> calls = peer_.seen("/soap");
  std::erase_if(calls, [](const Seen& call) { return call.body.find("sendForsendelseMedId") == std::string::npos; });
  ASSERT_THAT(calls, SizeIs(1));
  EXPECT_EQ(calls[0].header("Authorization"), "Basic " + to_base64(bytes_of("havna:hemmelig")));
  const auto type = calls[0].header("Content-Type");
  EXPECT_THAT(type, AllOf(HasSubstr("multipart/related"), HasSubstr(R"(type="application/xop+xml")"),
                          HasSubstr(R"(start-info="application/soap+xml")"), HasSubstr(R"(start="<root@kanal>")")));
  const auto& body = calls[0].body;
  const std::string head = "Content-ID: <document-0@kanal>\r\n\r\n";
  const auto begin = body.find(head) + head.size();
  const auto boundary = "\r\n--" + type.substr(type.find("boundary=\"") + 10, 42);
  EXPECT_EQ(decrypted(body.substr(begin, body.find(boundary, begin) - begin)), "%PDF-1.7 brev");
}

TEST_F(SvarUtTest, FaultsOfSoap) {
  soap();
  for (const auto& [text, wanted] :
       std::map<std::string, std::string>{{"Ugyldig innhold i fil", "dpf.refused reject"},
                                          {"Feil under lesing av fil", "dpf.refused reject"},
                                          {"Kan ikke lagre tomt dokument", "dpf.refused reject"},
                                          {"Duplikat forsendelse", "dpf.duplicate reject"},
                                          {"Noe annet", "dpf.away retry"}}) {
    dispatch_.state.clear();
    next_sends({{500, fault(text)}});
    const auto sent = send();
    EXPECT_EQ(failure_of(sent), wanted) << text;
    ASSERT_FALSE(sent);
    EXPECT_THAT(sent.error().message, HasSubstr(text));
  }
  next_sends({{500, "<html>"}, {401, ""}});
  EXPECT_EQ(failure_of(send()), "dpf.away retry");
  const auto refused = send();
  EXPECT_EQ(failure_of(refused), "dpf.credentials retry");
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("user havna"), HasSubstr("difi.move.fiks.ut.password")));
}

TEST_F(SvarUtTest, ADuplicateOfOurOwnIsASuccess) {
  soap();
  next_sends({{503, ""}, {500, fault("Duplikat")}, {500, fault("Duplikat")}});
  EXPECT_EQ(failure_of(send()), "dpf.away retry");
  soap_statuses_ = "<return><forsendelseStatus>MOTTATT</forsendelseStatus><forsendelsesid>" + std::string(message_id) +
                   "</forsendelsesid></return>";
  const auto sent = send();
  ASSERT_EQ(failure_of(sent), "");
  EXPECT_EQ(sent->remote_reference, message_id);
  soap_statuses_.clear();
  EXPECT_EQ(failure_of(send()), "dpf.duplicate reject") << "somebody else's";
}

TEST_F(SvarUtTest, SoapFindsOurReferenceToo) {
  soap();
  dispatch_.state = "{}";
  known("<return>" + std::string(ks_id) + "</return>");
  EXPECT_EQ(send()->remote_reference, ks_id);
}

}  // namespace
}  // namespace kanal::transports::dpf::testing
