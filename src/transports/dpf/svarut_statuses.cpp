#include "transports/dpf/svarut_statuses.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "domain/partner.hpp"
#include "lookup/remote_answer.hpp"
#include "ops/key_names.hpp"
#include "transports/dpf/forsendelse.hpp"
#include "transports/dpf/forsendelse_status.hpp"

namespace kanal::transports::dpf {
namespace {

constexpr std::size_t largest_call = 200;
/// Halving finds one bad id among 200 in fifteen calls; more is no search but a storm.
constexpr int most_calls = 32;
constexpr std::chrono::hours patience{24};
constexpr std::size_t most_unknown = 50;

/// The call fails for what is in it, maybe.
bool may_be_an_id(const Error& error) { return error.code == "dpf.denied" || error.code == "dpf.refused"; }

Error not_asked() {
  return {"dpf.away", "SvarUt refuses questions for statuses", Disposition::retry, std::chrono::minutes(5), {}};
}

}  // namespace

struct SvarUtStatuses::Round {
  const std::vector<ports::StatusQuestion>& questions;
  std::vector<Result<ports::StatusReport>> answers;
  int calls = 0;
  bool proven = false;  ///< this sender's account may ask
};

ports::StatusReport SvarUtStatuses::missing(const ports::StatusQuestion& question) const {
  const auto now = clock_.now();
  const auto since = parse_iso(question.remembered);
  ports::StatusReport report;
  if (since && now - since->utc >= patience) {
    report.statuses.push_back({domain::ReceiptStatus::feil, {}, "forsendelseId finnes ikke i SvarUt.", {}});
    report.settled = true;
  }
  report.remember = since ? question.remembered : format_iso(now);
  return report;
}

ports::StatusReport SvarUtStatuses::told(const ForsendelseStatus& status) {
  auto meaning = meaning_of(status);
  if (!meaning.known) {
    const std::scoped_lock lock(mutex_);
    if (unknown_.size() < most_unknown && unknown_.insert(status.status).second) {
      log_.warning("svarut_status_unknown", {{"status", lookup::remote_text(status.status)},
                                             {"reason", "SvarUt tells a status that this version does not know"}});
    }
  }
  return std::move(meaning.report);
}

void SvarUtStatuses::ask(Round& round, const std::string& sender, std::span<const std::size_t> which) {
  const auto all_get = [&](const Error& error) {
    for (const auto at : which) round.answers[at] = tl::unexpected(error);
  };
  if (round.calls++ >= most_calls) return all_get(not_asked());
  std::vector<std::string> ids;
  ids.reserve(which.size());
  for (const auto at : which) ids.push_back(round.questions[at].remote_reference);
  auto answer = client_.statuses(sender, ids);
  if (!answer && may_be_an_id(answer.error())) {
    if (which.size() > 1) {
      const auto half = which.size() / 2;
      ask(round, sender, which.first(half));
      return ask(round, sender, which.subspan(half));
    }
    // A lone id: is it the account that may not, or the id that is not there?
    if (!round.proven) round.proven = client_.find(sender, ids.front()).has_value();
    if (round.proven) {
      round.answers[which.front()] = missing(round.questions[which.front()]);
      return;
    }
  }
  if (!answer) return all_get(answer.error());
  round.proven = true;
  std::unordered_map<std::string, const ForsendelseStatus*> by_id;
  for (const auto& line : *answer) {
    auto& known = by_id[ops::lower(line.id)];
    if (known == nullptr || known->at < line.at) known = &line;
  }
  for (const auto at : which) {
    const auto found = by_id.find(ops::lower(round.questions[at].remote_reference));
    round.answers[at] = found != by_id.end() ? told(*found->second) : missing(round.questions[at]);
  }
}

std::vector<Result<ports::StatusReport>> SvarUtStatuses::ask(const std::vector<ports::StatusQuestion>& questions) {
  Round round{questions, {}, 0, false};
  round.answers.resize(questions.size(), Result<ports::StatusReport>(tl::unexpected(not_asked())));
  std::map<std::string, std::vector<std::size_t>> by_sender;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    auto sender = sender_of(domain::iso6523_authority, questions[i].sender);
    if (sender) {
      by_sender[*sender].push_back(i);
    } else {
      round.answers[i] = tl::unexpected(sender.error());
    }
  }
  for (const auto& [sender, all] : by_sender) {
    round.proven = false;
    for (std::size_t from = 0; from < all.size(); from += largest_call) {
      round.calls = 0;
      ask(round, sender, std::span(all).subspan(from, std::min(largest_call, all.size() - from)));
    }
  }
  return std::move(round.answers);
}

}  // namespace kanal::transports::dpf
