// `kanal store migrate`: an installation goes on in PostgreSQL where it stopped in SQLite.
#include "app/move_store.hpp"

#include <gmock/gmock.h>

#include "store/postgres/testing_cluster.hpp"
#include "tests/e2e/bench.hpp"

namespace kanal::testing {
namespace {

using store::postgres::TestCluster;

class MoveStore : public ::testing::Test {
 protected:
  static std::vector<crypto::Identity> identities(const std::string& orgnr) {
    return {BenchKeys::get().organisations.at(orgnr)};
  }
  Result<app::MoveReport> move(const std::string& name, const std::string& orgnr, const std::string& database) {
    return app::move_store(bench.folder.path() / name / "kanal-data", {TestCluster::get().settings(database), 5, true},
                           identities(orgnr), bench.clock, bench.log);
  }
  std::vector<std::string> on_postgres(const std::string& database) {
    auto& cluster = TestCluster::get();
    return {"--difi.datasource.url=" + cluster.jdbc_url(database),
            std::string("--difi.datasource.username=") + TestCluster::user,
            std::string("--difi.datasource.password=") + TestCluster::password};
  }
  std::string listed(const std::string& name, const std::string& path) {
    net::ClientRequest request;
    request.url = bench.installations.at(name)->url() + path;
    const auto answer = bench.http.send(request);
    EXPECT_TRUE(answer);
    return answer ? answer->body : "";
  }
  Bench bench;
};

TEST_F(MoveStore, GoesOnWhereItStopped) {
  bench.start({"s", s_org, "", {}});
  bench.start({"r", r_org, "", {}});
  // One message waits for its client, with a file too large to lie in a row; one is only half composed.
  auto large = Bench::letter(r_org);
  large.files.front().content = std::string(3'000'000, 'x');
  const auto waiting = bench.client("s").send(large);
  ASSERT_TRUE(waiting);
  ASSERT_TRUE(Bench::eventually([&] { return bench.has("s", *waiting, {"MOTTATT"}); }));
  auto draft = Bench::letter(r_org);
  draft.message_id = new_uuid();
  ASSERT_TRUE(bench.client("s").create(draft));
  bench.stop("s");
  const auto before = listed("r", "/api/conversations?sort=id&size=100");
  bench.stop("r");

  auto& cluster = TestCluster::get();
  const auto s_database = cluster.new_database();
  const auto r_database = cluster.new_database();
  const auto moved = move("r", r_org, r_database);
  ASSERT_TRUE(moved) << moved.error().text();
  EXPECT_EQ(moved->rows.at("message"), 1);
  EXPECT_GE(moved->blobs, 1);
  EXPECT_TRUE(std::filesystem::exists(moved->put_away));
  const auto other = move("s", s_org, s_database);
  ASSERT_TRUE(other) << other.error().text();

  bench.start({"r", r_org, "", on_postgres(r_database)});
  bench.start({"s", s_org, "", on_postgres(s_database)});
  EXPECT_EQ(listed("r", "/api/conversations?sort=id&size=100"), before);
  for (const auto& file : app::complete_files(draft)) {
    ASSERT_TRUE(bench.client("s").upload(draft.message_id, file, file.name));
  }
  ASSERT_TRUE(bench.client("s").submit(draft.message_id));
  ASSERT_TRUE(Bench::eventually([&] { return bench.has("s", draft.message_id, {"MOTTATT"}); }));
  bench.serve("r", false);
  EXPECT_EQ(bench.receivers_of(*waiting), Names{"r"});
  EXPECT_EQ(bench.receivers_of(draft.message_id), Names{"r"});
  EXPECT_TRUE(Bench::eventually([&] { return bench.has("s", *waiting, {"LEVERT"}); }));
}

TEST_F(MoveStore, RefusesWhatWouldMixOrLose) {
  auto& cluster = TestCluster::get();
  const auto database = cluster.new_database();
  const auto nothing = move("s", s_org, database);
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, "store.not_found");
  bench.start({"s", s_org, "", {}});
  const auto running = move("s", s_org, database);
  ASSERT_FALSE(running);
  EXPECT_EQ(running.error().code, "store.locked");
  bench.send("s", r_org);
  bench.stop("s");
  ASSERT_TRUE(move("s", s_org, database));
  // A second installation may not be poured into the same database.
  bench.start({"r", r_org, "", {}});
  bench.stop("r");
  const auto full = move("r", r_org, database);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, "store.not_empty");
  EXPECT_TRUE(std::filesystem::exists(bench.folder.path() / "r" / "kanal-data" / "kanal.db"));
}

}  // namespace
}  // namespace kanal::testing
