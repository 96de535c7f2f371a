// DPFIO end to end, over a real RabbitMQ: messages arrive once with their files, answers find what they answer, and
// whatever becomes of connection, token, payload or account, nothing is lost (dpfio.md sections 4 to 12).
#include "sim/faults.hpp"
#include "tests/e2e/fiks.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Names delivered{"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"};

class Dpfio : public ::testing::Test, protected Bench {
 protected:
  explicit Dpfio(const BenchExtras& extras = {.fiks_io = true}) : Bench(extras) { fiks::set_up(national); }
  sim::FiksIo& fiks_io() { return national.fiks_io(); }
  void start_s(const Names& more = {}) { start_with("S", s_org, fiks::settings_of_s(national), more); }
  void start_r(const Names& more = {}) { start_with("R", r_org, fiks::settings_of_r(national), more); }
  void start_with(const std::string& name, const std::string& orgnr, Names settings, const Names& more) {
    settings.insert(settings.end(), more.begin(), more.end());
    start({name, orgnr, "", settings});
  }
  std::string post(const std::string& name, const app::Letter& letter) {
    auto id = client(name).send(letter);
    EXPECT_TRUE(id) << id.error().text();
    return id.value_or("");
  }
  bool in_time(const std::function<bool()>& holds, milliseconds step = milliseconds(300)) {
    return eventually(
        [&] {
          clock.advance(step);
          for (const auto& [name, installation] : installations) serve(name, false);
          return holds();
        },
        seconds(90));
  }
  /// What Fiks calls the message that an installation sent.
  std::string id_at_fiks(const std::string& message_id) {
    const auto ids = fiks::ids_of(national, message_id);
    return ids.empty() ? std::string{} : ids.front();
  }
  bool arrived(const std::string& message_id, const std::string& at = "R") {
    const auto id = id_at_fiks(message_id);
    return !id.empty() && receivers_of(id) == Names{at};
  }
  void expect_once(const std::string& message_id, const std::string& at = "R") {
    ASSERT_TRUE(in_time([&] { return arrived(message_id, at); })) << health(at);
    expect_empty(at == "R" ? fiks::r_konto : fiks::s_konto);
    EXPECT_EQ(receivers_of(id_at_fiks(message_id)), Names{at});
  }
  /// Nothing waits and nothing is unacknowledged: what is, comes back when its reader goes.
  void expect_empty(const std::string& konto) {
    ASSERT_TRUE(in_time([&] {
      const auto waiting = fiks_io().count(konto);
      return waiting && waiting->messages == 0;
    }));
  }
  std::string deliver(sim::FiksIoDelivery delivery) {
    if (delivery.to.empty()) delivery.to = fiks::r_konto;
    if (delivery.from.empty()) delivery.from = fiks::s_konto;
    if (delivery.type.empty()) delivery.type = fiks::protocol;
    const auto id = fiks_io().deliver(delivery);
    EXPECT_TRUE(id) << id.error().text();
    return id.value_or("");
  }
  std::int64_t quarantined(const std::string& name) {
    return boost::json::parse(health(name)).at_pointer("/components/channels/details/quarantined").as_int64();
  }
  /// The next message of a client, locked for it.
  app::Peeked next(const std::string& name) {
    std::optional<app::Peeked> found;
    EXPECT_TRUE(eventually(
        [&] {
          clock.advance(milliseconds(300));
          auto waiting = client(name).peek();
          if (waiting && *waiting) found = std::move(**waiting);
          return found.has_value();
        },
        seconds(60)))
        << health(name);
    return found.value_or(app::Peeked{});
  }
  static std::string scope_of(const app::Peeked& message, const std::string& type) {
    const auto& header = message.sbd.at("standardBusinessDocumentHeader").as_object();
    for (const auto& scope : header.at("businessScope").at("scope").as_array()) {
      if (scope.at("type").as_string() == type) return std::string(scope.at("instanceIdentifier").as_string());
    }
    return {};
  }
};

TEST_F(Dpfio, AMessageReachesTheOtherAccountOnceWithItsFiles) {
  start_s();
  start_r();
  const auto id = post("S", fiks::letter());
  const auto message = next("R");
  EXPECT_EQ(message.type, "fiksio");
  EXPECT_EQ(message.sender, "0192:" + s_org) << "as the catalogue knows the account";
  EXPECT_EQ(message.message_id, id_at_fiks(id));
  const auto package = client("R").pop(message.message_id);
  ASSERT_TRUE(package && *package);
  EXPECT_THAT(**package, HasSubstr("soknad.pdf"));
  EXPECT_THAT(**package, HasSubstr("kart.txt"));
  EXPECT_TRUE(client("R").remove(message.message_id));
  ASSERT_TRUE(in_time([&] { return has("S", id, delivered); }));
  expect_empty(fiks::r_konto);
  EXPECT_THAT(alarms("R"), IsEmpty());
  EXPECT_THAT(alarms("S"), IsEmpty());
}

TEST_F(Dpfio, ACatalogueThatIsAwayMakesNobodyElseOfTheSender) {
  start_s();
  const auto id = post("S", fiks::letter());
  ASSERT_TRUE(in_time([&] { return has("S", id, {"SENDT"}); }));
  arm("fiksio.konto.503", std::nullopt, fiks::s_konto);
  start_r();
  ASSERT_TRUE(in_time([&] { return national.faults().met("fiksio.konto.503") > 0; }));
  EXPECT_THAT(deliveries, IsEmpty());
  national.faults().disarm_all();
  EXPECT_EQ(next("R").sender, "0192:" + s_org);
}

TEST_F(Dpfio, AnAnswerNamesTheMessageThatItAnswers) {
  start_s();
  start_r();
  auto question = fiks::letter();
  question.conversation_id = new_uuid();
  const auto id = post("S", question);
  const auto received = next("R");
  EXPECT_EQ(received.conversation_id, question.conversation_id);
  ASSERT_TRUE(client("R").remove(received.message_id));
  auto answer = fiks::letter(fiks::s_konto, "svar");
  answer.answers = received.message_id;
  post("R", answer);
  const auto answered = next("S");
  EXPECT_EQ(scope_of(answered, "ReceiverRef"), id) << "by the id that its own client knows";
}

TEST_F(Dpfio, AnAnswerWithoutAConversationBelongsToThatOfItsQuestion) {
  start_s();
  auto question = fiks::letter();
  question.conversation_id = new_uuid();
  const auto id = post("S", question);
  ASSERT_TRUE(in_time([&] { return has("S", id, {"SENDT"}); }));
  sim::FiksIoDelivery answer;
  answer.to = fiks::s_konto;
  answer.from = fiks::r_konto;
  answer.type = fiks::protocol + ".kvittering";
  answer.svar_til = id_at_fiks(id);
  deliver(answer);
  const auto answered = next("S");
  EXPECT_EQ(answered.conversation_id, question.conversation_id);
  EXPECT_EQ(scope_of(answered, "ReceiverRef"), id);
  const auto package = client("S").pop(answered.message_id);
  ASSERT_TRUE(package);
  EXPECT_FALSE(*package) << "messages of a protocol may come without files";
}

TEST_F(Dpfio, AnAccountThatDoesNotExistOrIsClosedIsRefusedAtOnce) {
  start_s();
  const auto unknown = client("S").send(fiks::letter(new_uuid()));
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().text(), HasSubstr("knows no account"));
  auto closed = fiks::account("4be7d7d4-2ad1-4a6f-8b72-3f5a65f3d009", r_org);
  closed.gyldig_mottaker = false;
  closed.melding = "Kontoen er stengt";
  ASSERT_TRUE(fiks_io().add_account(closed));
  const auto refused = client("S").send(fiks::letter(closed.konto_id));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("Kontoen er stengt"));
}

TEST_F(Dpfio, AProtocolNameThatCannotBeOneIsRefused) {
  start_s();
  auto letter = fiks::letter();
  letter.process = "no example/soknad";
  const auto refused = client("S").send(letter);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("no message type of a Fiks IO protocol"));
}

TEST_F(Dpfio, AMessageThatNobodyFetchesInItsTimeEndsAsExpired) {
  start_s();
  auto letter = fiks::letter();
  letter.lives_until = format_iso(in_oslo(clock.now() + seconds(5)));
  const auto id = post("S", letter);
  ASSERT_TRUE(eventually([&] { return has("S", id, {"LEVETID_UTLOPT"}); }, seconds(60)))
      << ::testing::PrintToString(statuses("S", id));
  expect_empty(fiks::s_konto);
  EXPECT_FALSE(client("S").waiting()->has_value()) << "what Fiks IO itself says is a status, no message";
}

TEST_F(Dpfio, AReceiverThatCannotTakeItMakesTheMessageFail) {
  start_s();
  const auto id = post("S", fiks::letter());
  ASSERT_TRUE(in_time([&] { return has("S", id, {"SENDT"}); }));
  sim::FiksIoDelivery told;
  told.to = fiks::s_konto;
  told.type = "no.ks.fiks.kvittering.serverfeil.v1";
  told.svar_til = id_at_fiks(id);
  deliver(told);
  ASSERT_TRUE(in_time([&] { return has("S", id, {"FEIL"}); }));
}

TEST_F(Dpfio, AnErrorOfTheProtocolMakesTheMessageFailAndReachesTheClient) {
  start_s();
  const auto id = post("S", fiks::letter());
  ASSERT_TRUE(in_time([&] { return has("S", id, {"SENDT"}); }));
  sim::FiksIoDelivery error;
  error.to = fiks::s_konto;
  error.from = fiks::r_konto;
  error.type = "no.example.byggesak.feilmelding.ugyldigforespoersel";
  error.svar_til = id_at_fiks(id);
  const auto told = deliver(error);
  ASSERT_TRUE(in_time([&] { return has("S", id, {"FEIL"}) && receivers_of(told) == Names{"S"}; }));
}

TEST_F(Dpfio, StrictModeWaitsForTheProtocolsOwnAnswers) {
  start_s({"--kanal.dpfio.status-mode=strict"});
  const auto id = post("S", fiks::letter());
  ASSERT_TRUE(in_time([&] { return has("S", id, {"SENDT"}); }));
  EXPECT_THAT(statuses("S", id), Not(Contains("LEVERT")));
  sim::FiksIoDelivery answer;
  answer.to = fiks::s_konto;
  answer.from = fiks::r_konto;
  answer.svar_til = id_at_fiks(id);
  answer.type = fiks::protocol + ".mottatt";
  deliver(answer);
  ASSERT_TRUE(in_time([&] { return has("S", id, {"MOTTATT"}); }));
  answer.type = fiks::protocol + ".kvittering";
  deliver(answer);
  ASSERT_TRUE(in_time([&] { return has("S", id, {"LEVERT"}); }));
}

TEST_F(Dpfio, PoisonIsSetAsideAndReceptionGoesOn) {
  start_r();
  sim::FiksIoDelivery no_type;
  no_type.raw_headers["type"] = std::nullopt;
  deliver(no_type);
  sim::FiksIoDelivery no_id;
  no_id.raw_headers["melding-id"] = net::AmqpValue(std::string("17"));
  deliver(no_id);
  sim::FiksIoDelivery garbage;
  garbage.body = Bytes(1000, std::byte{42});
  deliver(garbage);
  sim::FiksIoDelivery foreign;
  foreign.documents = {{"brev.txt", "brev", "text/plain"}};
  foreign.signer = BenchKeys::get().organisations.at(s_org);
  foreign.encrypt_for = BenchKeys::get().organisations.at(t_org).certificate;
  deliver(foreign);
  sim::FiksIoDelivery good;
  good.documents = {{"brev.txt", "brev", "text/plain"}};
  good.signer = BenchKeys::get().organisations.at(s_org);
  const auto id = deliver(good);
  ASSERT_TRUE(in_time([&] { return receivers_of(id) == Names{"R"} && quarantined("R") == 4; })) << health("R");
  expect_empty(fiks::r_konto);
  EXPECT_EQ(deliveries.size(), 1U) << "nothing of the others was handed out";
}

TEST_F(Dpfio, ALargePayloadComesThroughDokumentlager) {
  fiks_io().state().change_rules([](sim::FiksIoRules& rules) { rules.offload_over = 1000; });
  start_s();
  start_r();
  arm("fiksio.nedlasting.500", 1);
  arm("fiksio.nedlasting.truncated", 1);
  expect_once(post("S", fiks::letter()));
  EXPECT_GE(national.audit().count({.simulator = "fiksio", .action = "download"}), 1U);
}

TEST_F(Dpfio, APayloadThatNeverArrivesIsTold) {
  start_r();
  sim::FiksIoDelivery lost;
  lost.raw_headers["dokumentlager-id"] = net::AmqpValue(new_uuid());
  const auto id = deliver(lost);
  ASSERT_TRUE(in_time([&] { return quarantined("R") == 1; }));
  EXPECT_THAT(statuses("R", id), Contains("FEIL"));
  expect_empty(fiks::r_konto);
}

/// With a broker that may be ended.
class DpfioBroker : public Dpfio {
 protected:
  DpfioBroker() : Dpfio({.fiks_io = true, .own_broker = true}) {}
};

TEST_F(DpfioBroker, WhateverBecomesOfItMessagesArriveOnce) {
  start_s();
  start_r();
  expect_once(post("S", fiks::letter()));
  ASSERT_TRUE(fiks_io().close_connections(fiks::r_integrasjon, "token expired"));
  expect_once(post("S", fiks::letter()));
  ASSERT_TRUE(fiks_io().restart_broker());
  expect_once(post("S", fiks::letter()));
  fiks_io().kill_broker();
  const auto meanwhile = post("S", fiks::letter());
  ASSERT_TRUE(fiks_io().start_broker());
  expect_once(meanwhile);
  ASSERT_TRUE(in_time([&] { return fiks_io().cancel_consumers(fiks::r_konto).has_value(); }));
  expect_once(post("S", fiks::letter()));
}

TEST_F(Dpfio, ATokenThatIsRefusedIsAskedForAnew) {
  start_s();
  arm("maskinporten.expired");
  start_r();
  expect_once(post("S", fiks::letter()));
}

TEST_F(Dpfio, AMessageThatComesTwiceIsDeliveredOnce) {
  start_r();
  sim::FiksIoDelivery twice;
  twice.documents = {{"brev.txt", "brev", "text/plain"}};
  twice.signer = BenchKeys::get().organisations.at(s_org);
  twice.times = 2;
  const auto id = deliver(twice);
  ASSERT_TRUE(in_time([&] { return receivers_of(id) == Names{"R"}; }));
  expect_empty(fiks::r_konto);
  EXPECT_EQ(receivers_of(id), Names{"R"});
}

TEST_F(Dpfio, AMessageWhoseAnswerIsLostIsSentAgainAndDeliveredOnce) {
  start_s();
  start_r();
  for (const std::string fault : {"fiksio.send.lost_answer", "fiksio.send.500_after_store", "fiksio.send.no_id"}) {
    SCOPED_TRACE(fault);
    deliveries.clear();
    arm(fault);
    const auto id = post("S", fiks::letter());
    ASSERT_TRUE(in_time([&] { return has("S", id, delivered) && !deliveries.empty(); }));
    expect_empty(fiks::r_konto);
    EXPECT_EQ(deliveries.size(), 1U);
  }
}

TEST_F(Dpfio, AnAnswerToEitherCopyFindsTheMessageThatWasSentTwice) {
  start_s({"--kanal.dpfio.status-mode=strict"});
  arm("fiksio.send.lost_answer");
  auto question = fiks::letter();
  question.conversation_id = new_uuid();
  const auto id = post("S", question);
  ASSERT_TRUE(in_time([&] { return has("S", id, {"SENDT"}); }));
  const auto copies = fiks::ids_of(national, id);
  ASSERT_EQ(copies.size(), 2U);
  sim::FiksIoDelivery answer;
  answer.to = fiks::s_konto;
  answer.from = fiks::r_konto;
  answer.headere = {{"klientKorrelasjonsId", question.conversation_id}};
  answer.svar_til = copies.front();
  answer.type = fiks::protocol + ".mottatt";
  deliver(answer);
  ASSERT_TRUE(in_time([&] { return has("S", id, {"MOTTATT"}); }));
  answer.svar_til = copies.back();
  answer.type = fiks::protocol + ".kvittering";
  deliver(answer);
  ASSERT_TRUE(in_time([&] { return has("S", id, {"LEVERT"}); }));
}

TEST_F(Dpfio, AnAnswerToWhatIsUnknownIsNoAnswerToOneOfSeveral) {
  start_s({"--kanal.dpfio.status-mode=strict"});
  auto question = fiks::letter();
  question.conversation_id = new_uuid();
  const Names ids{post("S", question), post("S", question)};
  ASSERT_TRUE(in_time([&] { return has("S", ids[0], {"SENDT"}) && has("S", ids[1], {"SENDT"}); }));
  sim::FiksIoDelivery answer;
  answer.to = fiks::s_konto;
  answer.from = fiks::r_konto;
  answer.headere = {{"klientKorrelasjonsId", question.conversation_id}};
  answer.svar_til = new_uuid();
  answer.type = fiks::protocol + ".kvittering";
  deliver(answer);
  const auto told = next("S");
  EXPECT_EQ(scope_of(told, "ReceiverRef"), *answer.svar_til) << "as it came";
  for (const auto& id : ids) EXPECT_THAT(statuses("S", id), Not(Contains("LEVERT")));
}

TEST_F(Dpfio, ALoginThatIsRefusedIsToldAndTriedAgain) {
  arm("fiksio.amqp.refused");
  start_s();
  start_r();
  const auto id = post("S", fiks::letter());
  ASSERT_TRUE(eventually(
      [&] {
        return health("R").find("amqp") != std::string::npos || health("R").find(fiks::r_konto) != std::string::npos;
      },
      seconds(60)))
      << health("R");
  ASSERT_TRUE(eventually(
      [&] {
        clock.advance(seconds(20));
        serve("R", false);
        return arrived(id);
      },
      seconds(60)));
}

TEST_F(Dpfio, ADeathBetweenStoreAndAcknowledgementDeliversOnce) {
  start_s();
  start_r();
  hooks("R").die_at("receive.committed");
  const auto id = post("S", fiks::letter());
  ASSERT_TRUE(eventually(
      [&] {
        clock.advance(milliseconds(300));
        return hooks("R").dead();
      },
      seconds(60)));
  stop("R");
  hooks("R").revive();
  start_r();
  expect_once(id);
}

TEST_F(Dpfio, TwoInstallationsAtOneAccountAreToldOf) {
  start_r();
  start_with("R2", r_org, fiks::settings_of_r(national), {});
  ASSERT_TRUE(in_time(
      [&] {
        return health("R").find("connections read account") != std::string::npos ||
               health("R2").find("connections read account") != std::string::npos;
      },
      seconds(5)))
      << "not faster: tokens end, and with them connections";
}

TEST_F(Dpfio, AFurtherAccountReceivesForItsOwnOrganisation) {
  const std::string third = "4be7d7d4-2ad1-4a6f-8b72-3f5a65f3d007";
  auto account = fiks::account(third, t_org);
  account.certificate = BenchKeys::get().organisations.at(r_org).certificate;
  ASSERT_TRUE(fiks_io().add_account(account));
  fiks_io().add_integration({fiks::r_integrasjon, Secret(fiks::password), r_org, {fiks::r_konto, third}});
  start_s();
  const std::string entry = "--kanal.dpfio.accounts[0].";
  start_r({entry + "konto-id=" + third, entry + "integrasjons-id=" + fiks::r_integrasjon,
           entry + "integrasjons-passord=" + fiks::password, entry + "orgnr=" + t_org});
  const auto id = post("S", fiks::letter(third));
  const auto message = next("R");
  EXPECT_EQ(message.message_id, id_at_fiks(id));
  const auto& receivers = message.sbd.at("standardBusinessDocumentHeader").at("receiver").as_array();
  EXPECT_EQ(receivers.front().at("identifier").at("value").as_string(), "0192:" + t_org);
}

}  // namespace
}  // namespace kanal::testing
