#include "transports/dpe/canary.hpp"

#include "base/ids.hpp"
#include "domain/made_sbd.hpp"
#include "domain/partner.hpp"

namespace kanal::transports::dpe {
namespace {

using namespace std::chrono;

/// How long one may be under way while the queue is read: longer than a lock that was lost, twice.
constexpr minutes patience{15};
/// It is worth nothing after that.
constexpr hours life{1};

}  // namespace

Canary::Canary(const Settings& settings, std::string installation_id)
    : settings_(settings), installation_id_(std::move(installation_id)) {}

/// Nothing has to be remembered: the id follows from what stands in the document.
std::string Canary::id_at(const OffsetTime& creation) const {
  return derived_uuid("dpe.canary", installation_id_ + " " + format_iso(floor<seconds>(creation.utc)));
}

std::optional<domain::Sbd> Canary::next(Time now) {
  if (settings_.canary_interval.count() == 0 || (last_ && now - *last_ < settings_.canary_interval))
    return std::nullopt;
  last_ = now;
  const auto own = domain::iso6523(Orgnr(settings_.organisation));
  auto canary = domain::make_sbd({own, own, settings_.status_document_type, "status", MessageId("-"),
                                  ConversationId(new_uuid()), settings_.status_process},
                                 life, floor<seconds>(now));
  canary.document.instance_identifier = id_at(*canary.document.creation);
  canary.body = boost::json::object{{"status", "MOTTATT"}};
  return canary;
}

void Canary::sent(const domain::Sbd& canary, Time now) {
  under_way_.insert_or_assign(canary.document.instance_identifier, now);
}

bool Canary::is_own(const domain::Sbd& document) const {
  return document.document.type == "status" && document.sender_value() == document.receiver_value() &&
         document.document.creation && document.document.instance_identifier == id_at(*document.document.creation);
}

void Canary::returned(const domain::Sbd& canary) { under_way_.erase(canary.document.instance_identifier); }

std::vector<std::string> Canary::lost(Time now) {
  std::vector<std::string> ids;
  std::erase_if(under_way_, [&](const auto& entry) {
    if (now - entry.second < patience) return false;
    ids.push_back(entry.first);
    return true;
  });
  return ids;
}

}  // namespace kanal::transports::dpe
