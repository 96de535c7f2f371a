// The recipient's side: E4-E8, purge, rights, faults and admin (dpo.md 3.5-3.10, 12).
#include <gmock/gmock.h>

#include "sim/broker_testing.hpp"

namespace kanal::sim::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BrokerReceiveTest : public BrokerBench {
 protected:
  std::string inject(const std::string& reference = "ref") {
    const auto id = national_.broker().inject(agency, municipality, reference, bytes_of("0123456789"));
    EXPECT_TRUE(id.has_value());
    return id ? *id : "";
  }
  /// The token lives 30 minutes; tests that let more time pass need a new one.
  void pass(Duration time) {
    clock_.advance(time);
    tokens_.clear();
  }
};

TEST_F(BrokerReceiveTest, ListsTheHundredNewestFirst) {
  std::vector<std::string> ids;
  for (int i = 0; i < 150; ++i) {
    ids.push_back(inject());
    clock_.advance(std::chrono::milliseconds(10));
  }
  const auto newest = search("&status=Published&recipientStatus=Initialized");
  ASSERT_EQ(newest.size(), 100U);
  EXPECT_EQ(newest.front(), ids[149]);
  EXPECT_EQ(newest.back(), ids[50]);
  const auto oldest = search("&status=Published&recipientStatus=Initialized&orderAscending=true");
  ASSERT_EQ(oldest.size(), 100U);
  EXPECT_EQ(oldest.front(), ids[0]);
  EXPECT_EQ(oldest.back(), ids[99]);
}

TEST_F(BrokerReceiveTest, FromAndToAreStrictAloneAndInclusiveTogether) {
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(inject());
    clock_.advance(std::chrono::seconds(10));
  }
  const std::string first = "2026-09-01T08:00:00Z";
  const std::string second = "2026-09-01T08:00:10Z";
  const std::string last = "2026-09-01T08:00:20Z";
  EXPECT_THAT(search("&status=Published&from=" + second), ElementsAre(ids[2]));
  EXPECT_THAT(search("&status=Published&to=" + second), ElementsAre(ids[0]));
  EXPECT_THAT(search("&status=Published&from=" + first + "&to=" + second), ElementsAre(ids[1], ids[0]));
  EXPECT_THAT(search("&from=" + second + "&to=" + last + "&orderAscending=true"), ElementsAre(ids[1], ids[2]));
  EXPECT_THAT(search("&from=" + last + "&to=" + first), IsEmpty());
  EXPECT_THAT(search("&from=2026-09-01T10:00:10%2B02:00"), ElementsAre(ids[2]));
  EXPECT_THAT(search("&from=2026-09-01T08:00:10"), ElementsAre(ids[2])) << "without offset it is UTC";
}

TEST_F(BrokerReceiveTest, TimesAreThoseOfTheStatusWhenOneIsGiven) {
  national_.broker().state().set_scan_time(std::chrono::seconds(60));
  const auto id = inject();
  clock_.advance(minutes(2));
  const std::string after_creation = "&from=2026-09-01T08:00:30Z";
  EXPECT_THAT(search(after_creation), IsEmpty());
  EXPECT_THAT(search("&status=Published" + after_creation), ElementsAre(id));
}

TEST_F(BrokerReceiveTest, FiltersByRoleAndStatus) {
  const auto to_us = inject();
  const auto from_us = *national_.broker().inject(municipality, agency, "r", bytes_of("x"));
  EXPECT_EQ(search("").size(), 2U);
  EXPECT_THAT(search("&role=Sender"), ElementsAre(from_us));
  EXPECT_THAT(search("&role=Recipient"), ElementsAre(to_us));
  EXPECT_THAT(search("&role=Sender&recipientStatus=Initialized"), ElementsAre(to_us)) << "role is ignored then";
  EXPECT_THAT(search("&role=Sender&status=3"), ElementsAre(from_us)) << "statuses may be numbers";
  EXPECT_THAT(search("&status=Failed"), IsEmpty());
  EXPECT_THAT(search("&recipientStatus=DownloadStarted"), IsEmpty());
  auto urn = initialization();
  urn["sender"] = "urn:altinn:organization:identifier-no:310700002";
  const auto hidden = initialized(urn);
  EXPECT_THAT(search("&role=Sender&status=Initialized", agency), IsEmpty()) << "a sender in URN form is not found";
  EXPECT_EQ(overview(hidden, agency).status, 200);
}

TEST_F(BrokerReceiveTest, RefusesBadSearches) {
  for (const char* wrong : {"&status=Nothing", "&recipientStatus=9", "&role=Both", "&from=yesterday",
                            "&orderAscending=1", "&from=2026-09-01T08:00:00+02:00"}) {
    const auto answer = search_call(wrong);
    EXPECT_EQ(answer.status, 400) << wrong;
    EXPECT_TRUE(object_of(answer).contains("errors")) << wrong;
  }
  EXPECT_EQ(get(at("/filetransfer"), altinn(agency)).status, 400);
  EXPECT_EQ(get(at("/filetransfer?resourceId=another"), altinn(agency)).body, "[]");
}

TEST_F(BrokerReceiveTest, SearchNeedsBothRights) {
  auto& state = national_.broker().state();
  state.set_rights(municipality, {.write = false, .read = true});
  expect_problem(search_call(""), 401, "BRO-00006");
  state.set_rights(municipality, {.write = true, .read = false});
  expect_problem(search_call(""), 401, "BRO-00006");
  state.set_rights(municipality, {});
  EXPECT_EQ(search_call("").body, "[]");
}

TEST_F(BrokerReceiveTest, OverviewIsForThePartiesOnly) {
  const auto id = *national_.broker().inject("999999999", agency, "r", bytes_of("x"));
  expect_problem(overview(id), 401, "BRO-00006");
  EXPECT_EQ(overview(id, agency).status, 200);
  expect_problem(overview("00000000-0000-4000-8000-000000000000"), 404, "BRO-00001");
  expect_problem(overview("00000000-0000-4000-8000-000000000000", agency, "/details"), 404, "BRO-00001");
  const auto upper = [&] {
    auto text = id;
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
  }();
  EXPECT_EQ(overview(upper, agency).status, 200);
}

TEST_F(BrokerReceiveTest, DownloadsWithTheDocumentedHeaders) {
  const auto id = inject();
  const auto answer = download(id);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "0123456789");
  EXPECT_EQ(answer.header("Content-Type"), "application/octet-stream");
  EXPECT_EQ(answer.header("Content-Disposition"), "attachment; filename=sbd.zip");
  EXPECT_EQ(answer.header("Accept-Ranges"), "bytes");
  EXPECT_EQ(answer.header("Content-Length"), "10");
  EXPECT_EQ(recipient_status(id), "DownloadStarted");
}

TEST_F(BrokerReceiveTest, DownloadChecksInOrder) {
  expect_problem(download("00000000-0000-4000-8000-000000000000"), 404, "BRO-00001");
  const auto id = initialized();
  expect_problem(download(id, "", agency), 401, "BRO-00006");
  expect_problem(download(id), 403, "BRO-00007");
  EXPECT_TRUE(national_.broker().state().force_status(id, FileStatus::published, ""));
  expect_problem(download(id), 400, "BRO-00003");
  EXPECT_EQ(recipient_status(id), "Initialized");
}

TEST_F(BrokerReceiveTest, ServesOneRange) {
  const auto id = inject();
  const auto part = download(id, "bytes=2-4");
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "234");
  EXPECT_EQ(part.header("Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(download(id, "bytes=7-").body, "789");
  EXPECT_EQ(download(id, "bytes=-3").body, "789");
  EXPECT_EQ(download(id, "bytes=8-99").header("Content-Range"), "bytes 8-9/10");
  for (const char* bad : {"bytes=10-", "bytes=5-4", "bytes=-0", "bytes=x-"}) {
    expect_problem(download(id, bad), 416, "BRO-00029");
  }
  for (const char* ignored : {"bytes=0-1,3-4", "items=0-1"}) {
    const auto whole = download(id, ignored);
    EXPECT_EQ(whole.status, 200) << ignored;
    EXPECT_EQ(whole.body, "0123456789");
  }
}

TEST_F(BrokerReceiveTest, NotesRangedDownloadsOncePerFiveMinutes) {
  const auto id = inject();
  const auto events = [&] {
    return object_of(overview(id, agency, "/details")).at("recipientFileTransferStatusHistory").as_array().size();
  };
  download(id, "bytes=99-");
  EXPECT_EQ(events(), 1U) << "a refused one is no attempt";
  download(id, "bytes=0-1");
  download(id, "bytes=2-3");
  EXPECT_EQ(events(), 2U);
  clock_.advance(minutes(5));
  download(id, "bytes=4-5");
  EXPECT_EQ(events(), 3U);
  download(id);
  download(id);
  EXPECT_EQ(events(), 5U) << "whole ones are all noted";
}

TEST_F(BrokerReceiveTest, ConfirmChecksInOrder) {
  expect_problem(confirm("00000000-0000-4000-8000-000000000000"), 404, "BRO-00001");
  const auto empty = initialized();
  expect_problem(confirm(empty, agency), 401, "BRO-00006");
  expect_problem(confirm(empty), 400, "BRO-00003");
  const auto id = inject();
  expect_problem(confirm(id), 400, "BRO-00019");
  EXPECT_TRUE(national_.broker().state().force_status(id, FileStatus::failed, ""));
  expect_problem(confirm(id), 400, "BRO-00010");
}

TEST_F(BrokerReceiveTest, ASecondConfirmOfASingleRecipientIsRefused) {
  const auto id = inject();
  download(id);
  const auto first = confirm(id);
  EXPECT_EQ(first.status, 204);
  EXPECT_EQ(first.body, "");
  EXPECT_EQ(file_status(id), "AllConfirmedDownloaded");
  EXPECT_EQ(recipient_status(id), "DownloadConfirmed");
  expect_problem(confirm(id), 400, "BRO-00010");
}

TEST_F(BrokerReceiveTest, WithTwoRecipientsAConfirmMayBeRepeated) {
  auto body = initialization();
  body["recipients"] = json::array{"0192:310701378", "0192:310700002"};
  const auto id = published("abc", body);
  download(id);
  EXPECT_EQ(confirm(id).status, 204);
  EXPECT_EQ(file_status(id), "Published");
  EXPECT_EQ(confirm(id).status, 204);
  EXPECT_EQ(national_.audit().count({.action = "confirm", .subject = id}), 1U) << "without action";
  download(id, "", agency);
  EXPECT_EQ(confirm(id, agency).status, 204);
  EXPECT_EQ(file_status(id), "AllConfirmedDownloaded");
}

TEST_F(BrokerReceiveTest, SearchSeesTheLatestEventOverviewTheHighest) {
  auto body = initialization();
  body["recipients"] = json::array{"0192:310701378", "0192:310700002"};
  const auto id = published("abc", body);
  EXPECT_THAT(search("&status=Published&recipientStatus=Initialized"), ElementsAre(id));
  download(id);
  EXPECT_THAT(search("&status=Published&recipientStatus=Initialized"), IsEmpty());
  EXPECT_THAT(search("&status=Published&recipientStatus=DownloadStarted"), ElementsAre(id));
  confirm(id);
  EXPECT_THAT(search("&recipientStatus=DownloadConfirmed"), ElementsAre(id));
  download(id);
  EXPECT_THAT(search("&recipientStatus=DownloadConfirmed"), IsEmpty());
  EXPECT_THAT(search("&recipientStatus=DownloadStarted"), ElementsAre(id));
  EXPECT_EQ(recipient_status(id), "DownloadConfirmed");
}

TEST_F(BrokerReceiveTest, IsPurgedAfterTheGracePeriod) {
  const auto id = inject();
  download(id);
  confirm(id);
  pass(minutes(119));
  EXPECT_EQ(download(id).status, 200) << "may be downloaded again until the purge";
  EXPECT_THAT(search("&status=AllConfirmedDownloaded"), ElementsAre(id));
  pass(minutes(1));
  expect_problem(download(id), 403, "BRO-00007");
  expect_problem(confirm(id), 400, "BRO-00003");
  const auto shown = object_of(overview(id));
  EXPECT_EQ(text(shown, "fileTransferStatus"), "Purged");
  EXPECT_EQ(text(shown, "fileTransferStatusText"), "FileTransfer has been purged");
}

TEST_F(BrokerReceiveTest, IsPurgedWhenItExpires) {
  const auto id = inject();
  pass(hours(24 * 30) - std::chrono::seconds(1));
  EXPECT_EQ(file_status(id), "Published");
  pass(std::chrono::seconds(1));
  EXPECT_EQ(file_status(id), "Purged");
  EXPECT_EQ(national_.audit().find({.action = "purge"}).at(0).detail, "reference=ref expired");
}

TEST_F(BrokerReceiveTest, AnEmptyFileCanBeFetched) {
  const auto id = *national_.broker().inject(agency, municipality, "r", {});
  const auto answer = download(id);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(confirm(id).status, 204);
}

TEST_F(BrokerReceiveTest, FailsEachEndpointOnDemand) {
  const auto id = inject();
  const std::vector<std::pair<std::string, std::function<net::ClientResponse()>>> calls = {
      {"initialize", [&] { return initialize(initialization()); }},
      {"upload", [&] { return upload(initialized()); }},
      {"search", [&] { return search_call(""); }},
      {"overview", [&] { return overview(id); }},
      {"details", [&] { return overview(id, municipality, "/details"); }},
      {"download", [&] { return download(id); }},
      {"confirm", [&] { return confirm(id); }}};
  for (const auto& [endpoint, call] : calls) {
    for (const int status : {401, 429, 500, 503}) {
      arm("broker." + endpoint + "." + std::to_string(status));
      EXPECT_EQ(call().status, status) << endpoint;
    }
    EXPECT_LT(call().status, 300) << endpoint << ": nothing of it remains";
  }
}

TEST_F(BrokerReceiveTest, FailsOneIdAlways) {
  const auto bad = inject();
  const auto good = inject();
  arm("broker.overview.500", std::nullopt, bad);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(overview(bad).status, 500);
    EXPECT_EQ(overview(good).status, 200);
  }
}

TEST_F(BrokerReceiveTest, RefusesATokenOnceAndAReporteeForEver) {
  arm("broker.401", 1, municipality);
  const auto once = search_call("");
  EXPECT_EQ(once.status, 401);
  EXPECT_EQ(once.body, "");
  EXPECT_EQ(search_call("").status, 200);
  arm("broker.deny_reportee", std::nullopt, municipality);
  expect_problem(search_call(""), 401, "BRO-00006");
  expect_problem(search_call(""), 401, "BRO-00006");
  EXPECT_EQ(search_call("", agency).status, 200);
}

TEST_F(BrokerReceiveTest, CutsADownloadInTheMiddle) {
  const auto content = std::string(500'000, 'x');
  const auto id = *national_.broker().inject(agency, municipality, "r", bytes_of(content));
  arm("broker.download.cut", 1, id);
  net::ClientRequest request;
  request.url = at("/filetransfer/" + id + "/download");
  request.headers = altinn(municipality);
  MemorySink sink(1'000'000);
  const auto cut = http_.send(request, sink);
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(cut.error().code, "http.broken");
  EXPECT_LE(sink.bytes().size(), 250'000U);
  EXPECT_EQ(recipient_status(id), "DownloadStarted") << "set before the bytes";
  EXPECT_EQ(download(id).body.size(), content.size());
}

TEST_F(BrokerReceiveTest, LosesTheAnswerToAConfirm) {
  const auto id = inject();
  download(id);
  arm("broker.confirm.lost_answer");
  const auto lost =
      http_.send(post_request(at("/filetransfer/" + id + "/confirmdownload"), "", "", altinn(municipality)));
  EXPECT_EQ(lost.error().code, "http.broken");
  EXPECT_EQ(file_status(id), "AllConfirmedDownloaded");
  expect_problem(confirm(id), 400, "BRO-00010");
}

TEST_F(BrokerReceiveTest, ShowsAnUnknownStatusOnDemand) {
  const auto id = inject();
  arm("broker.overview.unknown_status", 1, id);
  EXPECT_EQ(text(object_of(overview(id)), "fileTransferStatus"), "Hibernating");
  EXPECT_EQ(file_status(id), "Published");
}

TEST_F(BrokerReceiveTest, AuditNamesOrganisationAndVendor) {
  const auto id = published("abc", initialization("channel-a"));
  national_.maskinporten().register_client({"THIEF", agency, National::usual_scopes(), {}});
  national_.approve_system_user("THIEF", municipality, "stolen");
  auto wanted = claims("THIEF", "altinn:broker.read");
  wanted["authorization_details"] = system_user(municipality, "stolen");
  const auto token = text(object_of(grant(wanted)), "access_token");
  EXPECT_EQ(get(at("/filetransfer/" + id + "/download"), {{"Authorization", "Bearer " + token}}).status, 200);
  const auto taken = national_.audit().find({.simulator = "broker", .action = "download", .subject = id});
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].organisation, municipality);
  EXPECT_EQ(taken[0].vendor, "THIEF");
  EXPECT_EQ(taken[0].detail, "reference=channel-a");
  confirm(id);
  EXPECT_EQ(national_.audit().find({.action = "confirm"}).at(0).vendor, "MOVE_IP_310701378");
  EXPECT_EQ(national_.audit().find({.action = "upload"}).at(0).vendor, "MOVE_IP_310700002");
  confirm(id);
  EXPECT_EQ(national_.audit().find({.action = "confirm.refused"}).at(0).detail, "BRO-00010");
}

TEST_F(BrokerReceiveTest, CountsRequests) {
  const auto id = inject();
  overview(id);
  overview(id);
  search("");
  const auto& counts = national_.broker().counts();
  EXPECT_EQ(counts.of("overview", municipality), 2U);
  EXPECT_EQ(counts.of("overview", agency), 0U);
  EXPECT_EQ(counts.of("search"), 1U);
  EXPECT_THAT(get(national_.broker().url() + "/sim/counts").body, HasSubstr("\"overview\""));
}

TEST_F(BrokerReceiveTest, IsRunByItsAdminApi) {
  const auto base = national_.broker().url() + "/sim";
  const auto made =
      admin("POST", base + "/transfers",
            {{"from", "987654321"}, {"to", municipality}, {"reference", "a"}, {"content", "AAEC"}, {"vendor", "v"}});
  ASSERT_EQ(made.status, 200) << made.body;
  const auto id = text(object_of(made), "fileTransferId");
  EXPECT_EQ(download(id).body.size(), 3U);
  EXPECT_EQ(admin("POST", base + "/transfers", {{"from", "x"}, {"to", municipality}, {"content", ""}}).status, 400);
  EXPECT_THAT(get(base + "/transfers?organisation=987654321").body, HasSubstr(id));
  EXPECT_EQ(get(base + "/transfers?organisation=111111111").body, "[]");
  EXPECT_TRUE(object_of(get(base + "/transfers/" + id)).at("hasContent").as_bool());
  EXPECT_EQ(get(base + "/transfers/none").status, 404);
  EXPECT_EQ(admin("PUT", base + "/transfers/" + id + "/status", {{"status", "Failed"}, {"text", "why"}}).status, 204);
  EXPECT_EQ(admin("PUT", base + "/transfers/" + id + "/status", {{"status", "Odd"}}).status, 400);
  EXPECT_EQ(text(object_of(overview(id)), "fileTransferStatusText"), "why");
  EXPECT_EQ(admin("DELETE", base + "/transfers/" + id).status, 204);
  EXPECT_EQ(file_status(id), "Purged");
  EXPECT_EQ(admin("DELETE", base + "/transfers/none").status, 404);
  EXPECT_EQ(admin("PUT", base + "/rights/310701378", {{"read", false}}).status, 204);
  EXPECT_EQ(search_call("").status, 401);
  EXPECT_EQ(admin("PUT", base + "/scan-time", {{"milliseconds", 1000}}).status, 204);
  EXPECT_EQ(admin("PUT", base + "/scan-time", {{"milliseconds", -1}}).status, 400);
}

}  // namespace
}  // namespace kanal::sim::testing
