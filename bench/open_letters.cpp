#include "bench/open_letters.hpp"

#include <algorithm>
#include <iostream>
#include <random>

#include "app/identities.hpp"
#include "app/open_store.hpp"
#include "flow/follow.hpp"
#include "ops/config.hpp"

namespace kanal::bench {
namespace {

using namespace std::chrono;
using domain::ReceiptStatus;

/// Conversations written in one transaction. SQLite's time for it grows with the square of its size: each statement
/// that fires a trigger walks what the transaction's savepoint keeps in memory.
constexpr std::int64_t together = 32;

/// One letter, when it was sent, and how long from then to the next question.
struct Letter {
  ports::Conversation conversation;
  Time sent{};
  Duration until_question{};
};

/// How often questions come (ports/transport.hpp), by the installation's settings as the transports read them.
Result<ports::FollowPlan> plan_of(const ops::Config& config) {
  auto interval = config.milliseconds("kanal.status.interval");
  if (!interval) return failed(interval);
  auto longest = config.integer("difi.move.nextmove.statusPollingBackoffMaxIntervalMinutes");
  if (!longest) return failed(longest);
  auto grows_over = config.integer("difi.move.nextmove.statusPollingBackoffThresholdDays");
  if (!grows_over) return failed(grows_over);
  ports::FollowPlan plan;
  plan.interval = *interval;
  plan.longest = minutes(*longest);
  plan.grows_over = days(*grows_over);
  plan.pollable = true;
  return plan;
}

ports::Conversation conversation_of(const OpenLetters& letters, std::string reference, std::int64_t number, Time sent) {
  ports::Conversation conversation;
  conversation.conversation_id = ConversationId(new_uuid());
  conversation.message_id = MessageId(new_uuid());
  conversation.service = letters.service;
  conversation.sender = "0192:" + letters.sender;
  conversation.sender_identifier = letters.sender;
  conversation.receiver = "0192:" + letters.receiver;
  conversation.receiver_identifier = letters.receiver;
  conversation.process = "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0";
  conversation.document_type = "urn:no:difi:arkivmelding:xsd::arkivmelding";
  conversation.message_type = "arkivmelding";
  conversation.message_title = "Brev " + std::to_string(number);
  conversation.last_update = sent;
  conversation.expiry = sent + hours(24);
  conversation.pollable = true;
  conversation.external_system_reference = std::move(reference);
  return conversation;
}

Result<void> store_letter(ports::Txn& txn, Letter letter, ports::FollowPlan plan) {
  auto& conversation = letter.conversation;
  if (auto inserted = txn.insert(conversation); !inserted) return inserted;
  for (const auto status : {ReceiptStatus::opprettet, ReceiptStatus::sendt, ReceiptStatus::levert}) {
    if (auto added = txn.add_status(conversation.id, status, letter.sent); !added) return failed(added);
  }
  plan.first = letter.until_question;
  return flow::begin_following(txn, plan, conversation, *conversation.external_system_reference, letter.sent);
}

/// Whoever follows statuses has told of these long ago.
Result<void> tell_nobody(ports::Txn& txn) {
  const auto end = txn.feed_end();
  if (!end) return failed(end);
  return txn.put_setting("feed.position", std::to_string(*end));
}

Result<double> fill(const std::filesystem::path& folder, const OpenLetters& letters, Clock& clock, Log& log) {
  ops::ConfigSources sources;
  sources.folder = folder;
  const auto config = ops::Config::load(sources);
  if (!config) return failed(config);
  const auto plan = plan_of(*config);
  if (!plan) return failed(plan);
  const auto place = app::store_place(*config);
  if (!place) return failed(place);
  const auto identities = app::read_identities(*config);
  if (!identities) return failed(identities);
  const auto opened = app::open_store(*place, *identities, clock, log);
  if (!opened) return failed(opened);

  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> part(0, 1);
  const auto some_of = [&](Duration whole) {
    return Duration(static_cast<Duration::rep>(part(random) * static_cast<double>(whole.count())));
  };
  double a_minute = 0;
  for (std::int64_t at = 0; at < letters.count; at += together) {
    auto references = letters.make(std::min(together, letters.count - at));
    std::vector<Letter> batch;
    batch.reserve(references.size());
    const Time now = clock.now();
    for (auto& reference : references) {
      const auto age = some_of(letters.oldest);
      const auto delay = flow::follow_delay(*plan, age);
      a_minute += duration<double>(minutes(1)) / duration<double>(delay);
      const auto number = at + static_cast<std::int64_t>(batch.size());
      batch.push_back(
          {conversation_of(letters, std::move(reference), number, now - age), now - age, age + some_of(delay)});
    }
    auto written = opened->store->write([&](ports::Txn& txn) -> Result<void> {
      for (const auto& letter : batch) {
        if (auto stored = store_letter(txn, letter, *plan); !stored) return stored;
      }
      return {};
    });
    if (!written) return failed(written);
  }
  if (auto told = opened->store->write(tell_nobody); !told) return failed(told);
  return a_minute;
}

}  // namespace

double store_open_letters(const std::filesystem::path& folder, const OpenLetters& letters, Clock& clock, Log& log) {
  const auto filled = fill(folder, letters, clock, log);
  if (!filled) std::cerr << filled.error().text() << "\n";
  return filled.value_or(0);
}

}  // namespace kanal::bench
