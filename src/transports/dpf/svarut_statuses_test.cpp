// Statuses in batches (dpf.md 6.2 and 6.3).
#include "transports/dpf/svarut_statuses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lookup/lookup_testing.hpp"
#include "transports/dpf/dpf_testing.hpp"
#include "transports/dpf/forsendelse_status.hpp"

namespace kanal::transports::dpf::testing {
namespace {

using domain::ReceiptStatus;
using lookup::testing::code_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Answers from a table; refuses calls with an id that is not in it, when told to.
class TableClient final : public SvarUtClient {
 public:
  Result<std::string> send(const Forsendelse&, const lookup::Recipient&, ports::BlobStore&, std::stop_token) override {
    return bug("test", "nothing is sent here");
  }
  Result<std::vector<ForsendelseStatus>> statuses(const std::string& sender,
                                                  const std::vector<std::string>& ids) override {
    calls.push_back({sender, ids});
    if (broken.contains(sender)) return retry("dpf.away", "away");
    std::vector<ForsendelseStatus> found;
    for (const auto& id : ids) {
      const auto known = table.find(id);
      if (known != table.end()) {
        found.push_back({id, known->second, {}});
      } else if (strict) {
        return retry("dpf.denied", "unknown id");
      }
    }
    std::ranges::reverse(found);
    return found;
  }
  Result<std::string> find(const std::string&, const std::string&) override {
    ++finds;
    if (!may_ask) return retry("dpf.denied", "not allowed");
    return std::string{};
  }
  Result<std::vector<std::string>> types(const std::string&, std::stop_token) override { return {}; }
  [[nodiscard]] std::set<std::string> senders() const override { return {own_number}; }
  [[nodiscard]] std::vector<std::string> problems() const override { return {}; }

  std::map<std::string, std::string> table;
  std::set<std::string> broken;
  bool strict = false;
  bool may_ask = true;
  int finds = 0;
  std::vector<std::pair<std::string, std::vector<std::string>>> calls;
};

class SvarUtStatusesTest : public ::testing::Test {
 protected:
  static ports::StatusQuestion about(const std::string& id, const std::string& sender = own_number,
                                     const std::string& remembered = {}) {
    return {id, "0192:" + sender, remembered};
  }
  std::vector<ports::StatusQuestion> many(std::size_t count) {
    std::vector<ports::StatusQuestion> questions;
    for (std::size_t i = 0; i < count; ++i) {
      const auto id = "id-" + std::to_string(i);
      client_.table[id] = "KLAR_FOR_MOTTAK";
      questions.push_back(about(id));
    }
    return questions;
  }
  static ReceiptStatus status_of(const Result<ports::StatusReport>& answer) {
    EXPECT_TRUE(answer && answer->statuses.size() == 1);
    return answer && !answer->statuses.empty() ? answer->statuses.front().status : ReceiptStatus::opprettet;
  }
  lookup::testing::ManualClock clock_;
  lookup::testing::CaptureLog log_;
  TableClient client_;
  SvarUtStatuses statuses_{client_, clock_, log_};
};

TEST_F(SvarUtStatusesTest, OneCallPerSenderAndAnAnswerEach) {
  client_.table = {{"a", "LEST"}, {"b", "AVVIST"}, {"c", "MOTTATT"}};
  const auto answers =
      statuses_.ask({about("a"), about("c", other_number), about("b"), about("a", "310700002:974720760")});
  ASSERT_THAT(answers, SizeIs(4));
  EXPECT_EQ(status_of(answers[0]), ReceiptStatus::lest);
  EXPECT_TRUE(answers[0]->settled && answers[0]->taken_by_receiver);
  EXPECT_THAT(answers[1]->statuses, IsEmpty());
  EXPECT_FALSE(answers[1]->settled);
  EXPECT_EQ(status_of(answers[2]), ReceiptStatus::feil);
  EXPECT_TRUE(answers[2]->settled && !answers[2]->taken_by_receiver);
  EXPECT_EQ(status_of(answers[3]), ReceiptStatus::lest);
  ASSERT_THAT(client_.calls, SizeIs(2));
  EXPECT_THAT(client_.calls[0].second, ElementsAre("a", "b"));
  EXPECT_THAT(client_.calls[1].second, ElementsAre("c", "a")) << "on behalf of the other one";
}

TEST_F(SvarUtStatusesTest, OneSendersTroubleIsNotTheOthers) {
  client_.table = {{"a", "LEST"}, {"b", "LEST"}};
  client_.broken = {own_number};
  const auto answers = statuses_.ask({about("a"), about("b", other_number)});
  EXPECT_EQ(code_of(answers[0]), "dpf.away");
  EXPECT_EQ(status_of(answers[1]), ReceiptStatus::lest);
}

TEST_F(SvarUtStatusesTest, AnIdThatIsMissingIsGivenUpAfterADay) {
  auto answers = statuses_.ask({about("gone")});
  ASSERT_TRUE(answers[0]);
  EXPECT_THAT(answers[0]->statuses, IsEmpty());
  const auto since = answers[0]->remember;
  clock_.advance(std::chrono::hours(23));
  answers = statuses_.ask({about("gone", own_number, since)});
  EXPECT_FALSE(answers[0]->settled);
  EXPECT_EQ(answers[0]->remember, since);
  clock_.advance(std::chrono::hours(1));
  answers = statuses_.ask({about("gone", own_number, since)});
  EXPECT_EQ(status_of(answers[0]), ReceiptStatus::feil);
  EXPECT_EQ(answers[0]->statuses[0].description, "forsendelseId finnes ikke i SvarUt.");
  EXPECT_TRUE(answers[0]->settled);
  client_.table["gone"] = "MOTTATT";
  answers = statuses_.ask({about("gone", own_number, since)});
  EXPECT_EQ(answers[0]->remember, "") << "it is there after all";
}

TEST_F(SvarUtStatusesTest, OneBadIdSpoilsNoOther) {
  client_.strict = true;
  auto questions = many(100);
  client_.table["id-42"] = "LEST";
  client_.table.erase("id-77");
  const auto answers = statuses_.ask(questions);
  EXPECT_EQ(status_of(answers[42]), ReceiptStatus::lest);
  ASSERT_TRUE(answers[77]);
  EXPECT_NE(answers[77]->remember, "");
  EXPECT_EQ(std::ranges::count_if(answers, [](const auto& answer) { return !answer; }), 0);
  EXPECT_LE(client_.calls.size(), 16U);
}

TEST_F(SvarUtStatusesTest, ALoneBadIdIsToldFromARightThatIsMissing) {
  client_.strict = true;
  EXPECT_NE(statuses_.ask({about("gone")}).front()->remember, "");
  client_.may_ask = false;
  EXPECT_EQ(code_of(statuses_.ask({about("gone")}).front()), "dpf.denied");
  EXPECT_EQ(client_.finds, 2);
}

TEST_F(SvarUtStatusesTest, AnAccountThatMayNotAskIsNoStorm) {
  client_.strict = true;
  client_.may_ask = false;
  const auto questions = many(100);
  client_.table.clear();
  const auto answers = statuses_.ask(questions);
  EXPECT_EQ(std::ranges::count_if(answers, [](const auto& answer) { return answer.has_value(); }), 0);
  EXPECT_LE(client_.calls.size(), 32U);
}

TEST_F(SvarUtStatusesTest, LargeRoundsAreCut) {
  const auto answers = statuses_.ask(many(450));
  EXPECT_THAT(client_.calls, SizeIs(3));
  EXPECT_EQ(std::ranges::count_if(answers, [](const auto& answer) { return !answer; }), 0);
}

TEST_F(SvarUtStatusesTest, AnUnknownValueIsLoggedOnce) {
  client_.table = {{"a", "SENDT_MED_DUE"}};
  for (int i = 0; i < 3; ++i) {
    const auto answers = statuses_.ask({about("a")});
    EXPECT_THAT(answers[0]->statuses, IsEmpty());
    EXPECT_FALSE(answers[0]->settled);
  }
  EXPECT_EQ(log_.count("SENDT_MED_DUE"), 1);
}

TEST_F(SvarUtStatusesTest, EveryStatusOfTheTable) {
  struct Row {
    const char* name;
    std::optional<ReceiptStatus> status;
    bool settled;
  };
  for (const auto& row :
       {Row{"MOTTATT", {}, false}, Row{"AKSEPTERT", {}, false}, Row{"KLAR_FOR_MOTTAK", {}, false},
        Row{"VARSLET", {}, false}, Row{"SENDT_DIGITALT", {}, false}, Row{"SENDT_SDP", {}, false},
        Row{"LEVERT_SDP", {}, false}, Row{"SENDT_PRINT", {}, false}, Row{"SENDT_NHN_MOTTAKER", {}, false},
        Row{"LEVERT_NHN_MOTTAKER", {}, false}, Row{"LEST", ReceiptStatus::lest, true},
        Row{"AVVIST", ReceiptStatus::feil, true}, Row{"FEILET_UNDER_MOTTAK", ReceiptStatus::feil, true},
        Row{"IKKE_LEVERT", ReceiptStatus::feil, true}, Row{"PRINTET", ReceiptStatus::annet, true},
        Row{"MANUELT_HANDTERT", ReceiptStatus::annet, true}, Row{"SLETTET", ReceiptStatus::annet, true}}) {
    const auto meaning = meaning_of({"a", row.name, clock_.now()});
    EXPECT_TRUE(meaning.known) << row.name;
    EXPECT_EQ(meaning.report.settled, row.settled) << row.name;
    ASSERT_EQ(meaning.report.statuses.size(), row.status ? 1U : 0U) << row.name;
    if (!row.status) continue;
    EXPECT_EQ(meaning.report.statuses[0].status, *row.status) << row.name;
    EXPECT_EQ(meaning.report.statuses[0].at, clock_.now());
    EXPECT_EQ(meaning.report.statuses[0].description.has_value(), row.status != ReceiptStatus::lest) << row.name;
  }
}

}  // namespace
}  // namespace kanal::transports::dpf::testing
