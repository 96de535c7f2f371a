// kill -9 at every named point of sending and receiving: nothing is lost, and nothing comes twice to a client.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <thread>

#include "app/case_system.hpp"
#include "app/sandbox/sandbox.hpp"
#include "base/testing.hpp"
#include "ports/crash_points.hpp"
#include "sim/national.hpp"
#include "store/postgres/testing_cluster.hpp"
#include "tests/long_tests.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;

const std::string receiver_party = std::string("0192:") + app::municipality_orgnr;
constexpr auto limit = seconds(40);

/// The installation that passes a point when the agency sends to the municipality.
std::string victim_of(std::string_view point) {
  if (point.starts_with("submit.") || point.starts_with("send.") || point == "receipt.applied") return "agency";
  return "municipality";
}

/// Where a run is killed, and what its store is.
struct CrashCase {
  std::string_view point;
  bool postgres = false;
  friend void PrintTo(const CrashCase& one, std::ostream* out) { *out << one.point; }
};

class Crash : public ::testing::TestWithParam<CrashCase> {
 protected:
  static void SetUpTestSuite() { make_sandbox(false); }
  static void make_sandbox(bool postgres) {
    sandbox.reset();
    on_postgres = postgres;
    folder = std::make_unique<TemporaryFolder>();
    clock = std::make_unique<SystemClock>();
    log = std::make_unique<SilentLog>();
    app::SandboxPlan plan;
    plan.folder = folder->path() / "sandbox";
    plan.program = kanal_program();
    plan.polling = milliseconds(50);
    plan.installations = {{"agency", app::agency_orgnr, "", store_settings(postgres)},
                          {"municipality", app::municipality_orgnr, "", store_settings(postgres)}};
    auto made = app::Sandbox::make(std::move(plan), *clock, *log);
    ASSERT_TRUE(made) << made.error().text();
    sandbox = std::move(*made);
  }
  static void TearDownTestSuite() {
    sandbox.reset();
    folder.reset();
  }

  static std::map<std::string, std::string> store_settings(bool postgres) {
    if (!postgres) return {};
    auto& cluster = store::postgres::TestCluster::get();
    return {{"difi.datasource.url", cluster.jdbc_url(cluster.new_database())},
            {"difi.datasource.username", store::postgres::TestCluster::user},
            {"difi.datasource.password", store::postgres::TestCluster::password}};
  }

  /// Starts what has died; true when something had.
  static bool revive() {
    bool revived = false;
    for (const auto* name : {"agency", "municipality"}) {
      auto* process = sandbox->process(name);
      if (process != nullptr && !process->ended()) continue;
      revived = true;
      const auto started = sandbox->start(name);
      EXPECT_TRUE(started) << started.error().text();
    }
    return revived;
  }

  static app::CaseSystem client(const std::string& name) { return {sandbox->url(name), sandbox->http()}; }

  /// The installation may have died between the lock of a peek and its answer: then the message is locked, but not
  /// lost.
  static Result<std::optional<app::Peeked>> next_of(app::CaseSystem& client, bool& unanswered) {
    auto peeked = client.peek();
    unanswered = unanswered || !peeked;
    return unanswered && peeked && !*peeked ? client.waiting() : std::move(peeked);
  }

  /// A client that does not give up: what was done before is not done again.
  static void send_stubbornly(const app::Letter& letter) {
    const auto until = steady_clock::now() + limit;
    const auto insist = [&](const std::function<Result<void>()>& step, std::string_view done_before) {
      while (steady_clock::now() < until) {
        const auto result = step();
        if (result || result.error().text().find(done_before) != std::string::npos) return;
        ASSERT_NE(result.error().code, "client.refused") << result.error().text();
        revive();
        std::this_thread::sleep_for(milliseconds(10));
      }
      FAIL() << "not accepted in time";
    };
    insist(
        [&]() -> Result<void> {
          auto id = client("agency").create(letter);
          if (!id) return failed(id);
          return {};
        },
        "already exists");
    for (const auto& file : app::complete_files(letter)) {
      insist([&] { return client("agency").upload(letter.message_id, file, file.name); }, "Filename already exists");
    }
    insist([&] { return client("agency").submit(letter.message_id); }, "was not found");
  }

  static std::unique_ptr<TemporaryFolder> folder;
  static std::unique_ptr<SystemClock> clock;
  static std::unique_ptr<SilentLog> log;
  static std::unique_ptr<app::Sandbox> sandbox;
  static bool on_postgres;
};

std::unique_ptr<TemporaryFolder> Crash::folder;
std::unique_ptr<SystemClock> Crash::clock;
std::unique_ptr<SilentLog> Crash::log;
std::unique_ptr<app::Sandbox> Crash::sandbox;
bool Crash::on_postgres = false;

TEST_P(Crash, NothingIsLostAndNothingComesTwice) {
  if (GetParam().postgres != on_postgres) make_sandbox(GetParam().postgres);
  const std::string point(GetParam().point);
  const auto victim = victim_of(point);
  for (const auto* name : {"agency", "municipality"}) {
    sandbox->stop(name);
    const auto started = sandbox->start(
        name, victim == name ? std::vector<std::string>{"--kanal.crash-at=" + point} : std::vector<std::string>{});
    ASSERT_TRUE(started) << started.error().text();
  }
  auto* process = sandbox->process(victim);
  const pid_t first = process->pid();

  app::Letter letter;
  letter.receiver = receiver_party;
  letter.message_id = new_uuid();
  letter.files.push_back({"brev.pdf", "application/pdf", app::make_pdf("crash at " + point)});
  send_stubbornly(letter);

  std::map<std::string, int> handed_out;  // by message id, deletes that succeeded or were lost
  int receipts = 0;
  bool unanswered = false;
  std::vector<std::string> seen;
  const std::vector<std::string> wanted{"OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"};
  const auto complete = [&] {
    return std::ranges::all_of(wanted, [&](const auto& name) { return std::ranges::find(seen, name) != seen.end(); });
  };
  const auto until = steady_clock::now() + limit;
  while (steady_clock::now() < until && !(complete() && receipts > 0)) {
    revive();
    auto municipality = client("municipality");
    if (auto peeked = next_of(municipality, unanswered); peeked && *peeked) {
      const auto& message = **peeked;
      auto package = municipality.pop(message.message_id);
      while (!package && package.error().code != "client.refused" && steady_clock::now() < until) {
        revive();
        package = municipality.pop(message.message_id);
      }
      const auto removed = municipality.remove(message.message_id);
      // A client whose DELETE got no answer asks again; not found means that it was done.
      if (removed || removed.error().code != "client.refused") {
        ++handed_out[message.message_id];
        EXPECT_TRUE(package && *package) << "the package was there";
        while (steady_clock::now() < until) {
          revive();
          if (const auto again = municipality.remove(message.message_id);
              removed || again || again.error().code == "client.refused") {
            break;
          }
        }
        while (steady_clock::now() < until && !municipality.send_receipt(message, "OK")) revive();
      }
    }
    auto agency = client("agency");
    if (auto peeked = next_of(agency, unanswered); peeked && *peeked) {
      auto removed = agency.remove((*peeked)->message_id);
      // No answer: ask until there is one; then not found means that it was done.
      const bool asked_again = !removed && removed.error().code != "client.refused";
      while (!removed && removed.error().code != "client.refused" && steady_clock::now() < until) {
        revive();
        removed = agency.remove((*peeked)->message_id);
      }
      if ((removed || asked_again) && (*peeked)->related_to == letter.message_id) ++receipts;
    }
    if (auto statuses = agency.statuses(letter.message_id)) {
      seen.clear();
      for (const auto& status : *statuses) seen.push_back(status.status);
    }
    std::this_thread::sleep_for(milliseconds(20));
  }

  EXPECT_NE(sandbox->process(victim)->pid(), first) << "the point was never passed, nothing was tested";
  EXPECT_EQ(handed_out[letter.message_id], 1);
  EXPECT_EQ(receipts, 1);
  auto sorted = seen;
  std::ranges::sort(sorted);
  auto expected = wanted;
  std::ranges::sort(expected);
  EXPECT_EQ(sorted, expected);
  // Let stragglers show themselves, then nobody has anything left for the client.
  std::this_thread::sleep_for(milliseconds(300));
  for (const auto* name : {"agency", "municipality"}) {
    auto left = client(name).peek();
    ASSERT_TRUE(left);
    EXPECT_FALSE(*left) << name;
  }
}

std::vector<CrashCase> every_point(bool postgres) {
  std::vector<CrashCase> cases;
  for (const auto point : ports::crash_points) cases.push_back({point, postgres});
  return cases;
}

/// What differs by store is the durability of blobs, jobs and commits: a few points unless LONG_TESTS is set.
std::vector<CrashCase> postgres_points() {
  if (is_long()) return every_point(true);
  return {{"submit.blob_written", true},   {"submit.queued", true},     {"send.uploaded", true},
          {"receive.taking_stored", true}, {"receive.committed", true}, {"client.delete_committed", true}};
}

std::string case_name(const ::testing::TestParamInfo<CrashCase>& info) {
  std::string name(info.param.point);
  std::ranges::replace(name, '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(EveryPoint, Crash, ::testing::ValuesIn(every_point(false)), case_name);
INSTANTIATE_TEST_SUITE_P(Postgres, Crash, ::testing::ValuesIn(postgres_points()), case_name);

}  // namespace
}  // namespace kanal::testing
