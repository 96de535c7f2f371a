#include "flow/retention.hpp"

#include <array>
#include <string_view>

namespace kanal::flow {
namespace {

constexpr int batch = 500;
constexpr std::chrono::hours interval{1};
/// Longer than any message lives that a satellite sends.
constexpr std::chrono::days sent_elsewhere_kept{90};

}  // namespace

Retention::Retention(ports::Store& store, const RetentionSettings& settings, Clock& clock, Log& log)
    : store_(store), settings_(settings), clock_(clock), log_(log) {}

bool Retention::due() const { return !last_run_ || clock_.now() - *last_run_ >= interval; }

Result<int> Retention::remove(ports::Leftover kind, std::chrono::days kept, const std::stop_token& stop) {
  if (kept.count() == 0) return 0;
  const Time before = clock_.now() - kept;
  int total = 0;
  for (int removed = batch; removed == batch && !stop.stop_requested();) {
    auto done = store_.write([&](ports::Txn& txn) -> Result<void> {
      auto gone = txn.remove_leftovers(kind, before, batch);
      if (!gone) return failed(gone);
      removed = *gone;
      return {};
    });
    if (!done) return failed(done);
    total += removed;
  }
  return total;
}

Result<int> Retention::run(const std::stop_token& stop) {
  struct Step {
    std::string_view name;
    ports::Leftover kind;
    std::chrono::days kept;
  };
  const std::array<Step, 6> steps = {{{"conversations", ports::Leftover::conversation, settings_.conversations},
                                      {"orphans", ports::Leftover::orphan, settings_.orphans},
                                      {"quarantine", ports::Leftover::quarantined, settings_.quarantine},
                                      {"findings", ports::Leftover::finding, settings_.findings},
                                      {"remote-items", ports::Leftover::remote_item, settings_.remote_items},
                                      {"sent-elsewhere", ports::Leftover::sent_elsewhere, sent_elsewhere_kept}}};
  last_run_ = clock_.now();
  int total = 0;
  for (const auto& step : steps) {
    const auto removed = remove(step.kind, step.kept, stop);
    if (!removed) return failed(removed);
    if (*removed > 0) log_.info("history_removed", {{"what", step.name}, {"rows", *removed}});
    total += *removed;
  }
  return total;
}

}  // namespace kanal::flow
