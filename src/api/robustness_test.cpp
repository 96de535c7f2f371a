// What clients do when they are many, hasty, or have lost an answer (rest-api.md 12 and 14).
#include <algorithm>
#include <future>
#include <set>

#include "api/testing_stage.hpp"
#include "net/net_testing.hpp"

namespace kanal::api::testing {
namespace {

const std::string path = "/api/messages/out/" + message_1;

class Robustness : public ApiStage {
 protected:
  /// Runs all at once; their statuses in order of the calls.
  std::vector<int> at_once(std::size_t count, const std::function<Reply(std::size_t)>& one) {
    std::vector<std::future<int>> running;
    running.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      running.push_back(std::async(std::launch::async, [&, i] { return one(i).status; }));
    }
    std::vector<int> statuses;
    for (auto& call : running) statuses.push_back(call.get());
    return statuses;
  }
  std::string content_of(const ports::Attachment& file) {
    auto source = spool->open(file.blob).value();
    return std::string(text_of(read_all(*source, 1024 * 1024).value()));
  }
};

TEST_F(Robustness, AThousandFiles) {
  create();
  constexpr int count = 1000;
  std::vector<std::string> names;
  for (int i = 1; i <= count; ++i) names.push_back("file-" + std::to_string(i) + ".txt");
  for (const auto& name : names) ASSERT_EQ(put_file(message_1, name, name).status, 200);
  ASSERT_EQ(put_file(message_1, "arkivmelding.xml", arkivmelding_xml(names)).status, 200);
  const auto files = files_of(message_1);
  ASSERT_EQ(files.size(), names.size() + 1);
  for (std::size_t i = 0; i < names.size(); ++i) {
    ASSERT_EQ(files[i].number, static_cast<int>(i) + 1);
    ASSERT_EQ(files[i].filename, names[i]);
  }
  EXPECT_EQ(content_of(files[499]), names[499]);
  EXPECT_EQ(call("POST", path).status, 200);
  EXPECT_EQ(jobs("send"), 1);
}

TEST_F(Robustness, CreateAgainAfterALostAnswer) {
  create();
  ASSERT_EQ(put_file(message_1, "a.pdf", "kept").status, 200);
  expect_error(post_json(sbd()),
               refusal("MessageAlreadyExistsException", "Message with messageId = " + message_1 + " already exists",
                       "/api/messages/out"));
  EXPECT_EQ(get("/api/messages/out").at("/totalElements"), 1);
  EXPECT_EQ(get("/api/conversations").at("/totalElements"), 1);
  EXPECT_EQ(statuses(message_1), std::vector<std::string>{"OPPRETTET"});
  EXPECT_EQ(content_of(files_of(message_1).at(0)), "kept");
}

TEST_F(Robustness, UploadAgainAfterALostAnswer) {
  create();
  ASSERT_EQ(put_file(message_1, "arkivmelding.xml", arkivmelding_xml({"a.pdf"})).status, 200);
  ASSERT_EQ(put_file(message_1, "a.pdf", "first").status, 200);
  const auto before = SharedSpool::get().files();
  expect_error(put_file(message_1, "a.pdf", "first"),
               refusal("DuplicateFilenameException", "Filename already exists in message: a.pdf.", path));
  EXPECT_EQ(SharedSpool::get().files(), before);
  ASSERT_EQ(files_of(message_1).size(), 2U);
  EXPECT_EQ(content_of(files_of(message_1)[1]), "first");
  EXPECT_EQ(call("POST", path).status, 200);
}

TEST_F(Robustness, SendAgainAndAtOnceIsOneDelivery) {
  compose();
  const auto answers = at_once(8, [&](std::size_t) { return call("POST", path); });
  EXPECT_EQ(answers, std::vector<int>(8, 200));
  EXPECT_EQ(jobs("send"), 1);
  EXPECT_EQ(call("POST", path).status, 200);
  EXPECT_EQ(jobs("send"), 1);
}

TEST_F(Robustness, CreatesOfOneIdAtOnceMakeOneMessage) {
  auto answers = at_once(8, [&](std::size_t) { return post_json(sbd()); });
  std::ranges::sort(answers);
  EXPECT_EQ(answers, (std::vector<int>{200, 400, 400, 400, 400, 400, 400, 400}));
  EXPECT_EQ(get("/api/conversations").at("/totalElements"), 1);
  EXPECT_EQ(statuses(message_1), std::vector<std::string>{"OPPRETTET"});
}

TEST_F(Robustness, UploadsOfOneNameAtOnceHaveOneWinner) {
  create();
  const auto before = SharedSpool::get().files();
  constexpr std::size_t count = 6;
  // Large enough to lie as files: what loses must be gone.
  const auto content = [](std::size_t i) { return std::string(100'000, static_cast<char>('a' + i)); };
  const auto answers = at_once(count, [&](std::size_t i) { return put_file(message_1, "a.pdf", content(i)); });
  ASSERT_EQ(std::ranges::count(answers, 200), 1);
  EXPECT_EQ(std::ranges::count(answers, 400), count - 1);
  const auto winner = static_cast<std::size_t>(std::ranges::find(answers, 200) - answers.begin());
  ASSERT_EQ(files_of(message_1).size(), 1U);
  EXPECT_EQ(content_of(files_of(message_1)[0]), content(winner));
  EXPECT_EQ(SharedSpool::get().files(), before + 1);
}

TEST_F(Robustness, UploadsAtOnceGetNumbersOfTheirOwn) {
  create();
  constexpr std::size_t count = 12;
  const auto answers = at_once(count, [&](std::size_t i) {
    return put_file(message_1, "file-" + std::to_string(i), "content " + std::to_string(i));
  });
  EXPECT_EQ(answers, std::vector<int>(count, 200));
  std::set<int> numbers;
  const auto files = files_of(message_1);
  for (const auto& file : files) {
    numbers.insert(file.number);
    EXPECT_EQ(content_of(file), "content " + file.filename.substr(5));
  }
  EXPECT_EQ(files.size(), count);
  EXPECT_EQ(numbers.size(), count);
  EXPECT_EQ(*numbers.begin(), 1);
  EXPECT_EQ(*numbers.rbegin(), static_cast<int>(count));
}

/// The server sees request and end of the connection when it gets to them: then it must stay as it was.
void expect_files(std::size_t wanted) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  for (int same = 0; same < 40 && std::chrono::steady_clock::now() < until;) {
    same = SharedSpool::get().files() == wanted ? same + 1 : 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(SharedSpool::get().files(), wanted);
}

TEST_F(Robustness, ACutUploadLeavesNothing) {
  create();
  const auto before = SharedSpool::get().files();
  const std::string half(100'000, 'x');
  const std::string head = "PUT " + path +
                           " HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\n"
                           "Content-Disposition: attachment; filename=a.pdf\r\n";
  for (const std::string& request :
       {head + "Content-Length: 200000\r\n\r\n" + half, head + "Transfer-Encoding: chunked\r\n\r\n186A0\r\n" + half}) {
    auto peer = net::testing::RawSocket::connect(server->port());
    ASSERT_TRUE(peer.send(request));
  }
  expect_files(before);
  EXPECT_TRUE(files_of(message_1).empty());
  EXPECT_EQ(put_file(message_1, "a.pdf", "whole").status, 200);
}

TEST_F(Robustness, ACutFormLeavesNothing) {
  const auto before = SharedSpool::get().files();
  const std::string document = json::serialize(sbd());
  {
    auto peer = net::testing::RawSocket::connect(server->port());
    ASSERT_TRUE(
        peer.send("POST /api/messages/out/multipart HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n"
                  "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\nContent-Disposition: form-data; "
                  "name=\"sbd\"\r\n\r\n" +
                  document + "\r\n--b\r\nContent-Disposition: form-data; name=\"T\"; filename=\"a.pdf\"\r\n\r\n" +
                  std::string(100'000, 'x')));
  }
  expect_files(before);
  EXPECT_EQ(get("/api/messages/out").at("/totalElements"), 0);
}

TEST_F(Robustness, APeekGivesEachMessageToOneClient) {
  const std::vector<std::string> ids = {message_1, message_2, message_3};
  for (const auto& id : ids) arrive(id);
  // Nobody may be told that there is nothing while there is (rest-api.md 12 no. 12).
  const auto answers = at_once(ids.size(), [&](std::size_t) { return get("/api/messages/in/peek"); });
  EXPECT_EQ(answers, std::vector<int>(ids.size(), 200));
  EXPECT_EQ(get("/api/messages/in/peek").status, 204);
}

}  // namespace
}  // namespace kanal::api::testing
