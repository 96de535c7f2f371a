// Several nodes of one installation on one PostgreSQL: each message leaves once and is delivered once, whichever node a
// client talks to, also when a node dies in the middle (channels.md, point 5).
#include <gmock/gmock.h>

#include <array>

#include "store/postgres/testing_cluster.hpp"
#include "tests/e2e/bench.hpp"

namespace kanal::testing {
namespace {

using store::postgres::TestCluster;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class Nodes : public BenchTest {
 protected:
  Names on_database(const std::string& database) {
    return {"--difi.datasource.url=" + TestCluster::get().jdbc_url(database),
            std::string("--difi.datasource.username=") + TestCluster::user,
            std::string("--difi.datasource.password=") + TestCluster::password};
  }
  /// Two nodes of the sender's and two of the receiver's installation.
  void start_nodes(bool blobs_in_folder = false) {
    for (const auto& [side, orgnr] : {std::pair{"s", s_org}, std::pair{"r", r_org}}) {
      auto settings = on_database(TestCluster::get().new_database());
      if (blobs_in_folder) {
        const auto shared = folder.path() / ("shared-" + std::string(side));
        std::filesystem::create_directories(shared);
        settings.push_back("--kanal.blobs=folder");
        settings.push_back("--kanal.data-folder=" + shared.string());
      }
      for (const std::string node : {"1", "2"}) {
        setups_.push_back({side + node, orgnr, "", settings});
        start(setups_.back());
      }
    }
  }
  /// Messages of all sizes that are stored differently, in turn through both nodes.
  Names send_many(std::size_t count) {
    Names ids;
    for (std::size_t i = 0; i < count; ++i) {
      auto letter = Bench::letter(r_org);
      if (i % 4 == 1) letter.files.front().content = std::string(300'000 + i, 'x');
      auto id = client(i % 2 == 0 ? "s1" : "s2").send(letter);
      EXPECT_TRUE(id) << id.error().text();
      ids.push_back(id.value_or(""));
    }
    return ids;
  }
  void serve_both() {
    for (const auto* name : {"r1", "r2"}) {
      if (installations.contains(name)) serve(name, false);
    }
  }
  /// Everything that was ever sent, delivered exactly once, and its sender told so exactly once.
  void expect_each_once(const Names& ids, const std::string& sender_node) {
    ASSERT_TRUE(eventually([&] {
      serve_both();
      return std::ranges::all_of(ids, [&](const auto& id) {
        return has(sender_node, id, {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"});
      });
    }));
    serve_both();
    for (const auto& id : ids) EXPECT_THAT(receivers_of(id), SizeIs(1)) << id;
    std::map<std::string, int> transfers;
    for (const auto& document : ledger.read()) {
      if (document.type == "arkivmelding") ++transfers[document.message_id];
      EXPECT_THAT(document.confirmed_by, SizeIs(1)) << document.type << " about " << document.about;
    }
    for (const auto& id : ids) EXPECT_EQ(transfers[id], 1) << id;
  }

  std::vector<InstallationSetup> setups_;
};

TEST_F(Nodes, ShareTheWork) {
  start_nodes();
  expect_each_once(send_many(16), "s2");
  EXPECT_THAT(alarms("s1"), ElementsAre());
  EXPECT_THAT(alarms("r2"), ElementsAre()) << "a node's own sibling is no thief";
}

TEST_F(Nodes, ShareAFolderForBlobs) {
  start_nodes(true);
  expect_each_once(send_many(8), "s1");
}

TEST_F(Nodes, OutliveEachOther) {
  start_nodes();
  auto ids = send_many(10);
  // Wherever they are with it: the nodes that polled and sent are gone.
  stop("s1");
  stop("r1");
  // What a dead node had leased is taken over when the lease ends.
  clock.advance(std::chrono::minutes(5));
  for (std::size_t i = 0; i < 4; ++i) {
    auto id = client("s2").send(letter(r_org));
    ASSERT_TRUE(id) << id.error().text();
    ids.push_back(*id);
  }
  expect_each_once(ids, "s2");
}

}  // namespace
}  // namespace kanal::testing
