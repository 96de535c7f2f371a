// The sender's side: tokens, E1, E2 and the virus scan (dpo.md 3.1-3.5).
#include <gmock/gmock.h>

#include "sim/broker_testing.hpp"

namespace kanal::sim::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class BrokerSendTest : public BrokerBench {
 protected:
  /// A model error that names this field.
  void expect_model_error(const json::object& body, const std::string& field) {
    const auto answer = initialize(body);
    const auto problem = object_of(answer);
    EXPECT_EQ(answer.status, 400) << field << ": " << answer.body;
    EXPECT_EQ(text(problem, "title"), "One or more validation errors occurred.");
    EXPECT_FALSE(problem.contains("code"));
    ASSERT_TRUE(problem.contains("errors")) << answer.body;
    EXPECT_TRUE(problem.at("errors").as_object().contains(field)) << answer.body;
  }
  template <class Value>
  static json::object with(std::string_view name, const Value& value) {
    auto body = initialization();
    body[name] = value;
    return body;
  }
  ResourceSettings settings_;
};

TEST_F(BrokerSendTest, RefusesBadTokensWithoutABody) {
  const auto url = at("/filetransfer?resourceId=x");
  const auto none = get(url);
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(none.body, "");
  EXPECT_EQ(none.header("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(get(url, {{"Authorization", "Basic eDp5"}}).status, 401);
  EXPECT_EQ(get(url, {{"Authorization", "Bearer x.y.z"}}).status, 401);
  auto spoilt = altinn(agency);
  auto& token = spoilt[0].second;
  token[token.size() - 20] = token[token.size() - 20] == 'A' ? 'B' : 'A';
  EXPECT_EQ(get(url, spoilt).status, 401);
  const Issuer stranger("altinn");
  EXPECT_EQ(get(url, {{"Authorization",
                       "Bearer " + stranger.mint({{"exp", seconds() + 60}, {"scope", "altinn:broker.read"}})}})
                .status,
            401);
  const Issuer other("somebody");
  const auto foreign = get(url, {{"Authorization", "Bearer " + other.mint({{"exp", seconds() + 60}})}});
  EXPECT_THAT(std::string(foreign.header("WWW-Authenticate")), HasSubstr("somebody"));
}

TEST_F(BrokerSendTest, ATokenIsTooOldAtOnce) {
  EXPECT_EQ(search_call("", agency).status, 200);
  clock_.advance(std::chrono::seconds(1799));
  EXPECT_EQ(search_call("", agency).status, 200);
  clock_.advance(std::chrono::seconds(1));
  const auto expired = search_call("", agency);
  EXPECT_EQ(expired.status, 401);
  EXPECT_EQ(expired.body, "");
  EXPECT_THAT(std::string(expired.header("WWW-Authenticate")), HasSubstr("invalid_token"));
}

TEST_F(BrokerSendTest, ScopesAreEndpointByEndpoint) {
  const auto id = published();
  const auto reader = altinn(agency, "altinn:broker.read");
  const auto writer = altinn(municipality, "altinn:broker.write");
  const auto none = altinn(agency, "eformidling:dpo");
  const auto refused = post(at("/filetransfer"), json::serialize(initialization()), "application/json", reader);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.body, "");
  EXPECT_EQ(post(at("/filetransfer/" + id + "/upload"), "x", "application/octet-stream", reader).status, 403);
  EXPECT_EQ(get(at("/filetransfer/" + id + "/download"), writer).status, 403);
  EXPECT_EQ(post(at("/filetransfer/" + id + "/confirmdownload"), "", "", writer).status, 403);
  for (const char* path : {"", "/details"}) {
    EXPECT_EQ(get(at("/filetransfer/" + id + path), reader).status, 200);
    EXPECT_EQ(get(at("/filetransfer/" + id + path), writer).status, 200);
    EXPECT_EQ(get(at("/filetransfer/" + id + path), none).status, 403);
  }
  EXPECT_EQ(get(at("/filetransfer?resourceId=" + std::string(resource)), reader).status, 200);
  EXPECT_EQ(get(at("/filetransfer?resourceId=" + std::string(resource)), none).status, 403);
}

TEST_F(BrokerSendTest, TakesMaskinportenTokensToo) {
  const auto token = maskinporten_token("altinn:broker.write", agency, true);
  const auto answer = post(at("/filetransfer"), json::serialize(initialization()), "application/json",
                           {{"Authorization", "Bearer " + token}});
  EXPECT_EQ(answer.status, 200) << answer.body;
}

TEST_F(BrokerSendTest, WithoutSystemUserThereIsNoRight) {
  const auto exchanged =
      get(national_.exchange_url(), {{"Authorization", "Bearer " + maskinporten_token("altinn:broker.write")}}).body;
  expect_problem(post(at("/filetransfer"), json::serialize(initialization()), "application/json",
                      {{"Authorization", "Bearer " + exchanged}}),
                 401, "BRO-00006");
}

TEST_F(BrokerSendTest, RoutesAsTheServerDoes) {
  const auto body = json::serialize(initialization());
  EXPECT_EQ(post(at("/filetransfer"), body, "application/json", altinn(agency)).status, 200);
  EXPECT_EQ(post(at("/filetransfer/"), body, "application/json; charset=utf-8", altinn(agency)).status, 200);
  EXPECT_EQ(post(at("/filetransfer"), body, "text/plain", altinn(agency)).status, 415);
  EXPECT_EQ(get(at("/filetransfer/not-a-guid"), altinn(agency)).status, 404);
  EXPECT_EQ(post(at("/filetransfer/upload"), "x", "multipart/form-data", altinn(agency)).status, 405)
      << "E3 is left out";
  EXPECT_EQ(get(at("/resource/x"), altinn(agency)).status, 404);
}

TEST_F(BrokerSendTest, WantsAnAcceptHeaderThatTakesJson) {
  auto headers = altinn(agency);
  headers.emplace_back("Accept", "text/html, application/xml");
  const auto answer = post(at("/filetransfer"), json::serialize(initialization()), "application/json", headers);
  EXPECT_EQ(answer.status, 406);
  EXPECT_THAT(std::string(answer.header("Content-Type")), StartsWith("text/plain"));
  headers.back().second = "text/html, application/json;q=0.1";
  EXPECT_EQ(post(at("/filetransfer"), json::serialize(initialization()), "application/json", headers).status, 200);
  const auto id = published();
  auto reader = altinn(municipality);
  reader.emplace_back("Accept", "application/octet-stream");
  EXPECT_EQ(get(at("/filetransfer/" + id), reader).status, 406);
  EXPECT_EQ(get(at("/filetransfer/" + id + "/download"), reader).status, 200) << "download has no such check";
}

TEST_F(BrokerSendTest, ValidatesTheModel) {
  expect_model_error(with("fileName", nullptr), "FileName");
  expect_model_error(with("fileName", std::string(256, 'x')), "FileName");
  expect_model_error(with("fileName", 7), "$.fileName");
  expect_model_error(with("resourceId", ""), "ResourceId");
  expect_model_error(with("resourceId", "other:thing"), "ResourceId");
  expect_model_error(with("sendersFileTransferReference", ""), "SendersFileTransferReference");
  expect_model_error(with("sendersFileTransferReference", std::string(4097, 'x')), "SendersFileTransferReference");
  expect_model_error(with("sender", "310700002"), "Sender");
  expect_model_error(with("sender", "0192:310700002:part"), "Sender");
  expect_model_error(with("recipients", json::array{}), "Recipients");
  expect_model_error(with("recipients", nullptr), "Recipients");
  expect_model_error(with("recipients", json::array{"0192:310701378", "310701378"}), "Recipients");
  expect_model_error(with("checksum", std::string(32, 'A')), "Checksum");
  expect_model_error(with("checksum", std::string(31, 'a')), "Checksum");
  expect_model_error(with("propertyList", json::object{{std::string(51, 'k'), "v"}}), "PropertyList");
  expect_model_error(with("propertyList", json::object{{"k", std::string(3001, 'v')}}), "PropertyList");
  json::object eleven;
  for (int i = 0; i < 11; ++i) eleven["k" + std::to_string(i)] = "v";
  expect_model_error(with("propertyList", eleven), "PropertyList");
  expect_model_error(with("disableVirusScan", "yes"), "$.disableVirusScan");
  const auto broken = post(at("/filetransfer"), "{", "application/json", altinn(agency));
  EXPECT_EQ(broken.status, 400);
  EXPECT_TRUE(object_of(broken).at("errors").as_object().contains("$"));
}

TEST_F(BrokerSendTest, TakesWhatTheModelAllows) {
  auto body = with("resourceId", "urn:altinn:resource:" + std::string(resource));
  body["sendersFileTransferReference"] = std::string(4096, 'x');
  body["recipients"] = json::array{"urn:altinn:organization:identifier-no:310701378"};
  body["checksum"] = "";
  body["propertyList"] = json::object{{std::string(50, 'k'), std::string(3000, 'v')}};
  body["unknownMember"] = true;
  const auto shown = object_of(overview(initialized(body)));
  EXPECT_EQ(text(shown, "resourceId"), resource);
  EXPECT_EQ(text(shown.at("recipients").as_array()[0].as_object(), "recipient"), "0192:310701378");
  EXPECT_EQ(shown.at("propertyList").as_object().size(), 1U);
  auto without = initialization();
  without.erase("sendersFileTransferReference");
  EXPECT_TRUE(object_of(overview(initialized(without))).at("sendersFileTransferReference").is_null());
}

TEST_F(BrokerSendTest, ChecksInTheOrderOfTheSpecification) {
  // Everything is wrong at once; each repair shows the next code.
  auto body = with("sender", "0192:310701378");
  body["resourceId"] = "unknown";
  expect_problem(initialize(body), 401, "BRO-00006");
  body["sender"] = "0192:310700002";
  expect_problem(initialize(body), 400, "BRO-00025");
  body["resourceId"] = resource;
  body["disableVirusScan"] = true;
  settings_.access_list = std::set<std::string>{};
  settings_.required_party = "999999999";
  auto& state = national_.broker().state();
  state.set_resource(resource, settings_);
  arm("broker.initialize.BRO-00002");
  arm("broker.initialize.BRO-00021");
  arm("broker.initialize.BRO-00005");
  arm("broker.initialize.BRO-00027");
  expect_problem(initialize(body), 400, "BRO-00002");
  expect_problem(initialize(body), 400, "BRO-00020");
  settings_.scan_may_be_disabled = true;
  state.set_resource(resource, settings_);
  expect_problem(initialize(body), 503, "BRO-00021");
  expect_problem(initialize(body), 403, "BRO-00005");
  expect_problem(initialize(body), 400, "BRO-00028");
  settings_.access_list->insert(municipality);
  state.set_resource(resource, settings_);
  expect_problem(initialize(body), 400, "BRO-00026");
  settings_.required_party = agency;
  state.set_resource(resource, settings_);
  expect_problem(initialize(body), 400, "BRO-00027");
  EXPECT_EQ(initialize(body).status, 200);
}

TEST_F(BrokerSendTest, ANewTransferIsInitialized) {
  const auto shown = object_of(overview(initialized(), agency, "/details"));
  EXPECT_EQ(text(shown, "fileTransferStatus"), "Initialized");
  EXPECT_EQ(text(shown, "fileTransferStatusText"), "Ready for upload");
  EXPECT_EQ(text(shown, "created"), "2026-09-01T08:00:00Z");
  EXPECT_EQ(text(shown, "expirationTime"), "2026-10-01T08:00:00Z");
  EXPECT_EQ(shown.at("fileTransferSize").to_number<int>(), 0);
  EXPECT_FALSE(shown.contains("published")) << "not in details";
  EXPECT_EQ(shown.at("recipientFileTransferStatusHistory").as_array().size(), 1U);
}

TEST_F(BrokerSendTest, UploadChecksInOrder) {
  expect_problem(upload("00000000-0000-4000-8000-000000000000"), 404, "BRO-00001");
  settings_.max_size = 20;
  national_.broker().state().set_resource(resource, settings_);
  const auto id = initialized();
  const auto url = at("/filetransfer/" + id + "/upload");
  const std::string big(21, 'x');
  expect_problem(post(url, big, "application/octet-stream", altinn(municipality)), 401, "BRO-00006");
  EXPECT_EQ(post(url, big, "application/zip", altinn(agency)).status, 415);
  expect_problem(upload(id, big), 400, "BRO-00016");
  EXPECT_EQ(file_status(id), "Initialized") << "refused before it began";
  const auto done = upload(id, std::string(20, 'x'));
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(text(object_of(done), "fileTransferId"), id);
  expect_problem(upload(id, big), 409, "BRO-00004");
}

TEST_F(BrokerSendTest, AnUploadWithoutLengthIsCutAtTheLimit) {
  settings_.max_size = 20;
  national_.broker().state().set_resource(resource, settings_);
  const auto id = initialized();
  const std::string big(21, 'x');
  MemorySource source{bytes_of(big)};
  auto request = post_request(at("/filetransfer/" + id + "/upload"), "", "application/octet-stream", altinn(agency));
  request.upload = &source;
  expect_problem(send(request), 400, "BRO-00016");
  EXPECT_EQ(file_status(id), "Failed");
}

TEST_F(BrokerSendTest, PublishesWithChecksumAndHistory) {
  const auto id = published("abc");
  const auto shown = object_of(overview(id));
  EXPECT_EQ(text(shown, "fileTransferStatus"), "Published");
  EXPECT_EQ(text(shown, "fileTransferStatusText"), "Ready for download");
  EXPECT_EQ(text(shown, "checksum"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(text(shown, "published"), "2026-09-01T08:00:00Z");
  EXPECT_EQ(shown.at("fileTransferSize").to_number<int>(), 3);
  EXPECT_TRUE(shown.at("useVirusScan").as_bool());
  std::vector<std::string> history;
  const auto details = object_of(overview(id, agency, "/details"));
  for (const auto& event : details.at("fileTransferStatusHistory").as_array()) {
    history.push_back(text(event.as_object(), "fileTransferStatus"));
  }
  EXPECT_THAT(history, ElementsAre("Initialized", "UploadStarted", "UploadProcessing", "Published"));
}

TEST_F(BrokerSendTest, ComparesTheChecksum) {
  const auto good = initialized(with("checksum", "900150983cd24fb0d6963f7d28e17f72"));
  EXPECT_EQ(upload(good, "abc").status, 200);
  const auto bad = initialized(with("checksum", "900150983cd24fb0d6963f7d28e17f72"));
  expect_problem(upload(bad, "abd"), 400, "BRO-00009");
  const auto shown = object_of(overview(bad));
  EXPECT_EQ(text(shown, "fileTransferStatus"), "Failed");
  EXPECT_EQ(text(shown, "fileTransferStatusText"), "Checksum mismatch");
  expect_problem(upload(bad, "abc"), 409, "BRO-00004");
}

TEST_F(BrokerSendTest, ScansOnTheInjectedClock) {
  national_.broker().state().set_scan_time(std::chrono::seconds(30));
  const auto id = published();
  EXPECT_EQ(file_status(id), "UploadProcessing");
  EXPECT_TRUE(search("&status=Published").empty());
  expect_problem(download(id), 403, "BRO-00007");
  clock_.advance(std::chrono::seconds(29));
  EXPECT_EQ(file_status(id), "UploadProcessing");
  clock_.advance(std::chrono::seconds(11));
  EXPECT_EQ(file_status(id), "Published");
  EXPECT_EQ(text(object_of(overview(id)), "published"), "2026-09-01T08:00:30Z")
      << "when the scan ended, not when somebody looked";
}

TEST_F(BrokerSendTest, MalwareFailsTheTransfer) {
  arm("broker.scan.malware", 1, agency);
  const auto id = published();
  const auto shown = object_of(overview(id));
  EXPECT_EQ(text(shown, "fileTransferStatus"), "Failed");
  EXPECT_THAT(text(shown, "fileTransferStatusText"), StartsWith("Malware scan failed:"));
  expect_problem(download(id), 403, "BRO-00007");
  national_.broker().state().set_scan_time(std::chrono::seconds(5));
  const auto second = published();
  EXPECT_EQ(
      admin("PUT", national_.broker().url() + "/sim/transfers/" + second + "/verdict", {{"verdict", "EICAR"}}).status,
      204);
  clock_.advance(std::chrono::seconds(5));
  EXPECT_EQ(text(object_of(overview(second)), "fileTransferStatusText"), "Malware scan failed: EICAR");
}

TEST_F(BrokerSendTest, LargeTransfersGoThroughTheFolder) {
  std::string content(3'000'000, 'x');
  for (std::size_t i = 0; i < content.size(); i += 7) content[i] = static_cast<char>(i);
  const auto id = published(content);
  const auto folder = folder_.path() / "transfers";
  EXPECT_FALSE(std::filesystem::is_empty(folder));
  EXPECT_EQ(download(id).body, content);
  EXPECT_EQ(download(id, "bytes=1000000-2000000").body, content.substr(1'000'000, 1'000'001));
  EXPECT_EQ(admin("DELETE", national_.broker().url() + "/sim/transfers/" + id).status, 204);
  EXPECT_EQ(file_status(id), "Purged");
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(BrokerSendTest, AnAbortedUploadFails) {
  class Stopping final : public Source {
   public:
    Result<std::size_t> read(std::span<std::byte> into) override {
      if (left_ == 0) return reject("test.stop", "the client stops");
      const auto count = std::min(left_, into.size());
      left_ -= count;
      std::ranges::fill(into.first(count), std::byte{'x'});
      return count;
    }

   private:
    std::size_t left_ = 600'000;
  } source;
  const auto id = initialized();
  auto request = post_request(at("/filetransfer/" + id + "/upload"), "", "application/octet-stream", altinn(agency));
  request.upload = &source;
  request.upload_size = 1'000'000;
  EXPECT_EQ(http_.send(request).error().code, "test.stop");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (file_status(id) != "Failed" && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(text(object_of(overview(id)), "fileTransferStatusText"), "File upload failed and was aborted");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "transfers"));
}

TEST_F(BrokerSendTest, AStorageErrorFailsTheUpload) {
  const auto id = initialized();
  std::filesystem::remove_all(folder_.path() / "transfers");
  expect_problem(upload(id, std::string(300'000, 'x')), 500, "BRO-00008");
  EXPECT_EQ(text(object_of(overview(id)), "fileTransferStatusText"), "Error occurred while uploading fileTransfer");
}

TEST_F(BrokerSendTest, LosesAnswersAfterTheEffect) {
  arm("broker.initialize.lost_answer");
  auto lost = http_.send(
      post_request(at("/filetransfer"), json::serialize(initialization("lost")), "application/json", altinn(agency)));
  EXPECT_EQ(lost.error().code, "http.broken");
  EXPECT_EQ(search("&role=Sender", agency).size(), 1U);

  const auto id = initialized();
  arm("broker.upload.lost_answer", 1, id);
  lost = http_.send(
      post_request(at("/filetransfer/" + id + "/upload"), "abc", "application/octet-stream", altinn(agency)));
  EXPECT_EQ(lost.error().code, "http.broken");
  EXPECT_EQ(file_status(id), "Published");

  const auto cut = initialized();
  arm("broker.upload.cut", 1, agency);
  lost = http_.send(
      post_request(at("/filetransfer/" + cut + "/upload"), "abc", "application/octet-stream", altinn(agency)));
  EXPECT_FALSE(lost.has_value());
  EXPECT_EQ(file_status(cut), "Failed");
}

}  // namespace
}  // namespace kanal::sim::testing
