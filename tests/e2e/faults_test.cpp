// Every fault of the simulators that DPO can meet, and what comes of it (the table of dpo.md 12): the message is
// delivered exactly once with all its statuses, or fails visibly. The clock runs fast, so that pauses cost nothing.
#include "tests/e2e/bench.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;

const Names all_five{"OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"};

/// What becomes of the message.
enum class End {
  delivered,
  failed,       ///< FEIL at the sender, and nothing at the receiver
  quarantined,  ///< the receiver cannot read it: kept there for a person
};

struct Expectation {
  std::string fault;
  std::string subject{};  ///< of the fault
  End end = End::delivered;
  bool hangs = false;  ///< released after a moment, as time-outs of these services are long
};

void PrintTo(const Expectation& expectation, std::ostream* out) { *out << expectation.fault; }

/// Faults that these installations never meet: the broker's details are asked for after a theft, and a key can only
/// expire when one was registered.
bool out_of_the_way(std::string_view fault) {
  // What is on the way of other services is met in their own tests.
  return fault.starts_with("broker.details.") || fault == "maskinporten.key_expired" || fault.starts_with("corner2.") ||
         fault.starts_with("krr.") || fault.starts_with("svarut.") || fault.starts_with("svarinn.") ||
         fault.starts_with("correspondence.") || fault.starts_with("servicebus.") || fault.starts_with("fiksio.") ||
         fault == "registry.no_dpv_resource";
}

Expectation expect(const std::string& fault) {
  static const std::map<std::string, End, std::less<>> ends{
      {"broker.initialize.BRO-00020", End::failed}, {"broker.initialize.BRO-00026", End::failed},
      {"broker.initialize.BRO-00027", End::failed}, {"broker.initialize.BRO-00028", End::failed},
      {"broker.scan.malware", End::failed},         {"registry.wrong_certificate", End::quarantined},
  };
  Expectation out{fault};
  if (const auto found = ends.find(fault); found != ends.end()) out.end = found->second;
  if (fault.starts_with("broker.initialize.BRO") || fault.starts_with("broker.scan")) out.subject = s_org;
  if (fault.starts_with("registry.") && fault != "registry.jwk_500") out.subject = r_org;
  out.hangs = fault == "maskinporten.hang" || fault == "exchange.hang" || fault == "registry.slow";
  return out;
}

std::vector<Expectation> all_expectations() {
  std::vector<Expectation> out;
  for (const auto& fault : sim::fault_catalogue()) {
    if (!out_of_the_way(fault.name)) out.push_back(expect(fault.name));
  }
  return out;
}

/// Whatever national service is away, and for a while.
std::vector<Expectation> outages() {
  std::vector<Expectation> out;
  for (const auto* fault :
       {"maskinporten.503", "exchange.503", "registry.503", "broker.initialize.503", "broker.upload.500",
        "broker.search.503", "broker.overview.500", "broker.download.503", "broker.confirm.500", "broker.401",
        "broker.deny_reportee", "broker.initialize.lost_answer", "broker.upload.cut", "broker.upload.lost_answer",
        "broker.download.cut", "broker.confirm.lost_answer", "broker.slow"}) {
    out.push_back({fault});
  }
  return out;
}

std::string name_of_test(const ::testing::TestParamInfo<Expectation>& info) {
  std::string name = info.param.fault;
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

/// One bench for all: a fault must leave nothing behind either.
class Faults : public ::testing::TestWithParam<Expectation> {
 protected:
  static void SetUpTestSuite() {
    bench = std::make_unique<Bench>();
    const Names settings{"--difi.move.dpo.requestTimeout=1500"};
    bench->start({"S", s_org, "", settings});
    bench->start({"R", r_org, "", settings});
  }
  static void TearDownTestSuite() { bench.reset(); }

  void SetUp() override {
    // Past the life of every token and every cached answer.
    bench->clock.advance(hours(2));
    bench->deliveries.clear();
    bench->ledger.begin();
  }
  void TearDown() override { bench->national.faults().disarm_all(); }

  /// A client that does not give up while it is told to come again, or that the receiver is not there.
  static std::string send_stubbornly() {
    auto letter = Bench::letter(r_org);
    letter.message_id = new_uuid();
    Result<std::string> sent = bench->client("S").send(letter);
    EXPECT_TRUE(Bench::eventually([&] {
      if (sent) return true;
      bench->clock.advance(minutes(1));
      // Whatever was stored before the failure, a client may start again with an id of its own.
      letter.message_id = new_uuid();
      sent = bench->client("S").send(letter);
      return sent.has_value();
    })) << sent.error().text();
    return sent.value_or("");
  }
  static bool eventually(const std::function<bool()>& holds) {
    return Bench::eventually([&] {
      bench->clock.advance(seconds(1));
      for (const auto* name : {"S", "R"}) bench->serve(name);
      return holds();
    });
  }
  static std::ptrdiff_t unconfirmed() {
    return std::ranges::count_if(bench->ledger.read(), [](const auto& one) { return one.confirmed_by.empty(); });
  }

  void expect_delivered(const std::string& id) {
    ASSERT_TRUE(eventually([&] {
      return bench->has("S", id, all_five) && bench->receipts_for(id).size() == 1 && bench->ledger.read().size() >= 6 &&
             unconfirmed() == 0;
    })) << ::testing::PrintToString(bench->statuses("S", id));
    EXPECT_THAT(bench->statuses("S", id), UnorderedElementsAreArray(all_five));
    EXPECT_THAT(bench->receivers_of(id), ElementsAre("R"));
    EXPECT_THAT(bench->receipts_for(id), ElementsAre("S"));
    Names documents;
    for (const auto& one : bench->ledger.read()) documents.push_back(one.type + one.status);
    EXPECT_THAT(documents, UnorderedElementsAre("arkivmelding", "statusMOTTATT", "statusLEVERT",
                                                "arkivmelding_kvittering", "statusMOTTATT", "statusLEVERT"))
        << "nothing was sent twice";
    for (const auto* name : {"S", "R"}) EXPECT_THAT(bench->alarms(name), IsEmpty()) << name;
  }

  static std::unique_ptr<Bench> bench;
};

std::unique_ptr<Bench> Faults::bench;

TEST_P(Faults, EndsAsItShould) {
  const auto& expected = GetParam();
  const bool lasts = expected.end == End::quarantined;
  bench->arm(expected.fault, lasts ? std::optional<std::uint64_t>{} : 1, expected.subject);
  const std::jthread releaser([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::this_thread::sleep_for(milliseconds(200));
      if (expected.hangs && !bench->national.faults().any()) bench->national.faults().release();
    }
  });
  const auto id = send_stubbornly();
  switch (expected.end) {
    case End::delivered:
      expect_delivered(id);
      break;
    case End::failed:
      ASSERT_TRUE(eventually([&] { return bench->has("S", id, {"FEIL"}); }));
      EXPECT_THAT(bench->receivers_of(id), IsEmpty());
      break;
    case End::quarantined:
      ASSERT_TRUE(eventually([&] { return !bench->ledger.read().empty() && unconfirmed() == 0; }));
      bench->national.faults().disarm_all();
      EXPECT_THAT(bench->receivers_of(id), IsEmpty());
      EXPECT_THAT(bench->statuses("R", id), ElementsAre("OPPRETTET", "FEIL"));
      break;
  }
  EXPECT_FALSE(bench->national.faults().any()) << "the fault was never met, nothing was tested";
}

/// The same bench, and services that stay away for a while.
class Outages : public Faults {};

TEST_P(Outages, CostNothingButTime) {
  auto& faults = bench->national.faults();
  const auto& fault = GetParam().fault;
  const auto before = faults.met(fault);
  bench->arm(fault, {});
  const std::jthread repair([&] {
    EXPECT_TRUE(Bench::eventually([&] { return faults.met(fault) >= before + 3; })) << "not met often enough";
    faults.disarm_all();
  });
  expect_delivered(send_stubbornly());
}

INSTANTIATE_TEST_SUITE_P(Long, Outages, ::testing::ValuesIn(outages()), name_of_test);
INSTANTIATE_TEST_SUITE_P(Once, Faults, ::testing::ValuesIn(all_expectations()), name_of_test);

}  // namespace
}  // namespace kanal::testing
